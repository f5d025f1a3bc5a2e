// Random lines through the catalogue, a slow model of it, a copy that learns from its changes
// (recovery), and a twin that never saw what was undone. All must answer alike, always.
#include <deque>

#include <gtest/gtest.h>

#include "catalog/slow_catalogue.h"
#include "catalog/tenant_catalogue.h"
#include "model/random_source.h"

namespace tallystone {
namespace {

using test::RandomSource;
using test::SlowCatalogue;

struct OwnedLine {
  std::string code, gtin, description, unit;
  [[nodiscard]] CheckedLine view() const {
    CheckedLine line;
    line.code = code;
    line.gtin = gtin;
    line.description = description;
    line.unit = unit;
    return line;
  }
};

OwnedLine RandomLine(RandomSource* random) {
  static const std::vector<std::string_view> kDescriptions = {
      "Widget",       "WIDGET",           " widget ",     "Caf\xC3\xA9",
      "CAFE\xCC\x81", "\xE2\x80\x83",     "\xE3\x80\x80", "10 mm bolt",
      "10  MM bolt",  "Stra\xC3\x9F\x65", "STRASSE",      "?"};
  OwnedLine line;
  if (!random->OneIn(3)) {
    line.code = "C" + std::to_string(random->Below(40));
  }
  if (random->OneIn(3)) {
    // Some with right check digits, some with wrong ones.
    static constexpr std::string_view kGtins[] = {"4006381333931", "5012345678900", "4006381333948",
                                                  "12345670",      "4006381333932", "7"};
    line.gtin = kGtins[random->Below(std::size(kGtins))];
  }
  if (!random->OneIn(4)) {
    line.description = random->OneIn(3) ? "text " + std::to_string(random->Below(200))
                                        : std::string(random->Pick(kDescriptions));
  }
  if (random->OneIn(3)) {  // three different words: often the same ones in another order
    std::vector<std::string_view> words = {"blue", "box",  "lid",   "with", "10 mm",
                                           "bolt", "cups", "steel", "3",    "rack"};
    line.description.clear();
    for (int count = 0; count < 3; ++count) {
      const auto word = words.begin() + static_cast<std::ptrdiff_t>(random->Below(words.size()));
      line.description.append(*word).append(" ");
      words.erase(word);
    }
  }
  line.unit = random->OneIn(4) ? "pc" : "";
  return line;
}

bool SameDecision(const Decision& left, const Decision& right) {
  return left.outcome == right.outcome && left.decided_by == right.decided_by &&
         left.item == right.item && left.description_kind == right.description_kind;
}

std::string Words(const Decision& decision) {
  return std::string(OutcomeName(decision.outcome)) + ' ' +
         std::string(DecidedByName(decision.decided_by)) + ' ' + std::to_string(decision.item) +
         " kind " + std::to_string(static_cast<int>(decision.description_kind));
}

std::string Words(const CatalogueChanges& changes) {
  std::string words;
  for (const NewItem& item : changes.items) {
    words += "item " + std::to_string(item.item);
    for (const std::string_view text : {item.code, item.gtin, item.description, item.unit}) {
      words.append("|").append(text);
    }
  }
  for (const ItemDescription& described : changes.descriptions) {
    words.append(" described ")
        .append(std::to_string(described.item))
        .append(described.description);
  }
  for (const NewAlias& alias : changes.aliases) {
    words.append(" alias ").append(std::to_string(alias.item)).append(alias.text);
  }
  return words;
}

void ExpectSameItems(const TenantCatalogue& catalogue, const std::vector<StoredItem>& items) {
  ASSERT_EQ(catalogue.size(), items.size());
  for (ItemId item = 1; item <= items.size(); ++item) {
    StoredItem stored;
    ASSERT_TRUE(catalogue.Find(item, &stored));
    ASSERT_TRUE(stored == items[item - 1]) << item;
    ASSERT_EQ(catalogue.FindByCode(stored.code), stored.code.empty() ? 0 : item);
  }
}

TEST(CatalogueModelTest, AgreesWithTheSlowModelAndWithACopyThatLearns) {
  RandomSource random(test::TestSeed());
  size_t sorted = 0;
  for (int round = 0; round < 60; ++round) {
    TenantCatalogue catalogue;
    SlowCatalogue model;
    TenantCatalogue copy;
    size_t outcomes[kOutcomeCount] = {};
    for (int step = 0; step < 400; ++step) {
      const OwnedLine line = RandomLine(&random);
      const auto policy = random.OneIn(5) ? UnknownItemPolicy::kReject : UnknownItemPolicy::kCreate;
      const uint64_t room = random.OneIn(10) ? 0 : 5;
      CatalogueChanges changes;
      const Decision decision = catalogue.Map(line.view(), policy, room, &changes);
      const Decision expected = model.Map(line.view(), policy, room);
      ASSERT_TRUE(SameDecision(decision, expected))
          << line.code << '|' << line.gtin << '|' << line.description << ": " << Words(decision)
          << ", expected " << Words(expected);
      ASSERT_TRUE(copy.Learn(changes).ok());
      if (random.OneIn(3)) {
        ASSERT_TRUE(copy.Learn(changes).ok()) << "the same changes again";
      }
      ++outcomes[static_cast<size_t>(decision.outcome)];
      sorted += decision.decided_by == DecidedBy::kSorted;
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSameItems(catalogue, model.items));
    ASSERT_NO_FATAL_FAILURE(ExpectSameItems(copy, model.items));
    EXPECT_GT(outcomes[static_cast<size_t>(Outcome::kAmbiguousItem)], 0u);
    EXPECT_GT(outcomes[static_cast<size_t>(Outcome::kUnknownItem)], 0u);
    for (int step = 0; step < 200; ++step) {
      const OwnedLine line = RandomLine(&random);
      CatalogueChanges changes;
      CatalogueChanges copied;
      const Decision decision = catalogue.Map(line.view(), UnknownItemPolicy::kCreate, 5, &changes);
      ASSERT_TRUE(
          SameDecision(decision, copy.Map(line.view(), UnknownItemPolicy::kCreate, 5, &copied)));
      ASSERT_EQ(Words(changes), Words(copied)) << "recovery must end where it was";
    }
  }
  EXPECT_GT(sorted, 60u);
}

TEST(CatalogueModelTest, CodesFoundTogetherAreThoseFoundOneByOne) {
  RandomSource random(test::TestSeed());
  TenantCatalogue catalogue;
  CatalogueChanges changes;
  for (int round = 0; round < 30; ++round) {
    std::vector<std::string> texts(random.Below(500));
    std::vector<std::string_view> codes;
    for (std::string& text : texts) {
      text = random.OneIn(20) ? "" : "C" + std::to_string(random.Below(3000));
      codes.emplace_back(text);
    }
    std::vector<ItemId> found(codes.size(), 77);
    catalogue.FindByCodes(codes, found);
    for (size_t index = 0; index < codes.size(); ++index) {
      ASSERT_EQ(found[index], catalogue.FindByCode(codes[index])) << codes[index];
    }
    for (size_t index = 0; index < codes.size(); ++index) {
      if (!codes[index].empty() && random.OneIn(2)) {
        CheckedLine line;
        line.code = codes[index];
        const ItemId before = catalogue.FindByCode(codes[index]);
        const Decision decision =
            catalogue.Map(line, UnknownItemPolicy::kCreate, 5, &changes, found[index]);
        ASSERT_EQ(decision.item, before != 0 ? before : catalogue.size());
      }
    }
    if (random.OneIn(2)) {  // what is taken back is found no more
      catalogue.Undo(changes);
    }
    changes.clear();
  }
}

// Items and aliases as a store returns them: items ascending, aliases in any order.
TEST(CatalogueModelTest, LoadedFromTheStoreItAnswersAsBefore) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 40; ++round) {
    TenantCatalogue catalogue;
    std::deque<std::pair<ItemId, std::string>> aliases;
    for (int step = 0; step < 300; ++step) {
      const OwnedLine line = RandomLine(&random);
      CatalogueChanges changes;
      catalogue.Map(line.view(), UnknownItemPolicy::kCreate, 5, &changes);
      for (const NewAlias& alias : changes.aliases) {
        if (random.OneIn(2)) {
          aliases.emplace_back(alias.item, alias.text);
        } else {
          aliases.emplace_front(alias.item, alias.text);
        }
      }
    }
    TenantCatalogue loaded;
    for (ItemId item = 1; item <= catalogue.size(); ++item) {
      StoredItem stored;
      ASSERT_TRUE(catalogue.Find(item, &stored));
      ASSERT_TRUE(loaded.LearnItem(item, stored).ok());
    }
    for (const auto& [item, text] : aliases) {
      ASSERT_TRUE(loaded.LearnAlias(item, text).ok());
    }
    for (int step = 0; step < 200; ++step) {
      const OwnedLine line = RandomLine(&random);
      CatalogueChanges changes;
      CatalogueChanges others;
      ASSERT_TRUE(SameDecision(catalogue.Map(line.view(), UnknownItemPolicy::kCreate, 5, &changes),
                               loaded.Map(line.view(), UnknownItemPolicy::kCreate, 5, &others)));
      ASSERT_EQ(Words(changes), Words(others));
    }
  }
}

TEST(CatalogueModelTest, UndoLeavesNothingBehind) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 100; ++round) {
    TenantCatalogue catalogue;
    TenantCatalogue twin;  // never sees what is undone
    for (int batch = 0; batch < 20; ++batch) {
      std::vector<OwnedLine> lines(random.Below(30));
      for (OwnedLine& line : lines) {
        line = RandomLine(&random);
      }
      const bool refused = random.OneIn(2);
      std::string first_words;
      for (int times = refused ? 2 : 0; times > 0; --times) {
        CatalogueChanges changes;
        std::string words;
        for (const OwnedLine& line : lines) {
          words += Words(catalogue.Map(line.view(), UnknownItemPolicy::kCreate, 5, &changes));
        }
        words += Words(changes);
        catalogue.Undo(changes);
        ASSERT_TRUE(first_words.empty() || words == first_words)
            << "the same lines, another answer";
        first_words = words;
        ASSERT_EQ(catalogue.size(), twin.size());
      }
      CatalogueChanges changes;
      CatalogueChanges twins;
      for (const OwnedLine& line : lines) {
        const Decision decision =
            catalogue.Map(line.view(), UnknownItemPolicy::kCreate, 5, &changes);
        const Decision expected = twin.Map(line.view(), UnknownItemPolicy::kCreate, 5, &twins);
        ASSERT_TRUE(SameDecision(decision, expected)) << Words(decision) << ", " << Words(expected);
      }
      ASSERT_EQ(Words(changes), Words(twins));
    }
  }
}

}  // namespace
}  // namespace tallystone
