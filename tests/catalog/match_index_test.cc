// Names with typing errors, and what they may mean.
#include "catalog/match_index.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "catalog/normal_form.h"
#include "catalog/sorted_names.h"
#include "catalog/trigrams.h"
#include "model/random_source.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

class Names {
 public:
  explicit Names(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      Add(text);
    }
  }
  void Add(const std::string& text) {
    forms_.push_back(std::make_unique<std::string>());
    NormaliseDescription(text, forms_.back().get());
    sorted_.Add(static_cast<ItemId>(forms_.size()), *forms_.back());
    index_.Add(static_cast<ItemId>(forms_.size()), *forms_.back());
  }
  void RemoveLast() {
    sorted_.Remove(static_cast<ItemId>(forms_.size()), *forms_.back());
    index_.RemoveLast();
    forms_.pop_back();
  }
  ItemId Misspelled(const std::string& text) {
    std::string form;
    NormaliseDescription(text, &form);
    return index_.FindMisspelled(form, sorted_).item;
  }
  std::vector<Candidate> Candidates(const std::string& text) {
    std::string form;
    NormaliseDescription(text, &form);
    std::vector<Candidate> candidates;
    index_.FindCandidates(form, limits::kCandidatesMax, &candidates);
    return candidates;
  }
  MatchIndex* index() { return &index_; }

 private:
  std::vector<std::unique_ptr<std::string>> forms_;
  SortedNames sorted_;
  MatchIndex index_;
};

TEST(MatchIndexTest, ANameWithATypingErrorIsItsItem) {
  Names names({"Wooden picture frame oak 20 cm", "Glass candle holder with chain",
               "Small christmas decoration star"});
  EXPECT_EQ(names.Misspelled("Wooden pitcure frame oak 20 cm"), 1u);
  EXPECT_EQ(names.Misspelled("Glass cadnle hodler with chain"), 2u) << "two words";
  EXPECT_EQ(names.Misspelled("Chrismtas decoration star small"), 3u) << "in another order";
}

TEST(MatchIndexTest, NothingIsBookedInDoubt) {
  Names names({"Wooden picture frame oak 20 cm", "Glass candle holder", "Red box blue lid large",
               "Glass candle holder for walls", "Glass handle holder for walls",
               "Basket of leaves dried", "Basket of leaf dried"});
  EXPECT_EQ(names.Misspelled("Wooden pitcure frame oak 30 cm"), 0u) << "another size";
  EXPECT_EQ(names.Misspelled("Wooden pitcure frame 20 cm"), 0u) << "a word less";
  EXPECT_EQ(names.Misspelled("Wooden pitcure frame oak 20 cm set"), 0u) << "a word more";
  EXPECT_EQ(names.Misspelled("Woden pitcure farme oak 20 cm"), 0u) << "three words";
  EXPECT_EQ(names.Misspelled("Glass cadnle holder"), 0u) << "a short name";
  EXPECT_EQ(names.Misspelled("Glass andle holder for walls"), 0u) << "two items fit";
  EXPECT_EQ(names.Misspelled("Basket of leav dried"), 0u) << "short for leaves, or leaf";
  EXPECT_EQ(names.Misspelled("Wooden picture frame oak 20 cm"), 0u) << "nothing is misspelled";
  EXPECT_EQ(names.Misspelled(""), 0u);
}

TEST(MatchIndexTest, AWordOfTheCatalogueIsNeverChanged) {
  Names names({"Wooden picture frame oak 20 cm"});
  EXPECT_EQ(names.Misspelled("Wooden pikture frame oak 20 cm"), 1u);
  names.Add("Pikture");  // a maker
  EXPECT_EQ(names.Misspelled("Wooden pikture frame oak 20 cm"), 0u);
  names.RemoveLast();
  EXPECT_EQ(names.Misspelled("Wooden pikture frame oak 20 cm"), 1u);
}

TEST(MatchIndexTest, ProtectedWordsOfATenantAreLeftAlone) {
  Names names({"Wooden picture frame oak 20 cm"});
  names.index()->Protect("picture");
  EXPECT_EQ(names.Misspelled("Wooden pitcure frame oak 20 cm"), 0u);
  names.index()->Protect("pitcure");
  EXPECT_EQ(names.Misspelled("Wooden pitcure frame oak 20 cm"), 0u);
  names.index()->Protect("");
  EXPECT_EQ(names.Misspelled("Wooden pitcure frame oak 20 cm"), 1u);
}

TEST(MatchIndexTest, CandidatesAreTheLikestFirst) {
  Names names({"Panasonic KX-TS108W corded phone", "Panasonic answering machine",
               "Sony corded phone", "Garden hose 10 m"});
  const std::vector<Candidate> found = names.Candidates("Panasonic telephone KXTS108W");
  ASSERT_GE(found.size(), 2u);
  EXPECT_EQ(found[0].item, 1u) << "the joined code";
  EXPECT_GT(found[0].score, found[1].score);
  EXPECT_TRUE(names.Candidates("Quux").empty());
  EXPECT_EQ(names.Candidates("Sony corded phone").front(), (Candidate{3, kScoreMax}));
}

TEST(MatchIndexTest, CandidatesAreBoundedAndEachItemStandsOnce) {
  Names names({});
  for (int count = 0; count < 500; ++count) {
    names.Add("Blue widget number " + std::to_string(count));
  }
  const std::vector<Candidate> found = names.Candidates("Blue widget number 77");
  EXPECT_EQ(found.size(), limits::kCandidatesMax);
  EXPECT_EQ(found.front().item, 78u);
  for (size_t one = 0; one < found.size(); ++one) {
    for (size_t other = one + 1; other < found.size(); ++other) {
      EXPECT_NE(found[one].item, found[other].item);
    }
  }
}

// What is undone leaves no trace: the answers are those of an index that never had it.
TEST(MatchIndexTest, ANameThatSaysAWordTwiceCanBeTakenBack) {
  Names names({"Wooden picture frame oak"});
  names.Add("candle glass holder candle for candle glass");
  names.RemoveLast();
  EXPECT_FALSE(names.index()->Knows("candle"));
  EXPECT_FALSE(names.index()->Knows("holder"));
  EXPECT_TRUE(names.index()->Knows("frame"));
}

TEST(MatchIndexTest, NamesThatAreTakenBackLeaveNoTrace) {
  test::RandomSource random(test::TestSeed());
  static const std::vector<std::string> kWords = {"candle", "holder",  "glass", "wooden", "frame",
                                                  "blue",   "picture", "10 mm", "ab12c",  "garden",
                                                  "table",  "zxqwy",   "lamp",  "star"};
  const auto make = [&random] {
    std::string text;
    for (uint64_t count = 1 + random.Below(6); count > 0; --count) {
      text += kWords[random.Below(kWords.size())] + " ";
      if (random.OneIn(4)) {
        text += std::to_string(random.Below(50)) + " ";
      }
    }
    return text;
  };
  std::vector<std::string> texts;
  for (int count = 0; count < 40; ++count) {
    texts.push_back(make());
  }
  Names plain(texts), changed(texts);
  for (int count = 0; count < 30; ++count) {
    changed.Add(make());
  }
  for (int count = 0; count < 30; ++count) {
    changed.RemoveLast();
  }
  for (int count = 0; count < 200; ++count) {
    const std::string asked = make();
    EXPECT_EQ(plain.Candidates(asked), changed.Candidates(asked)) << asked;
    EXPECT_EQ(plain.Misspelled(asked), changed.Misspelled(asked)) << asked;
  }
}

TEST(TrigramsTest, ScoresAreOfTheNamesAlone) {
  Trigrams trigrams;
  trigrams.Add("blue widget 10mm");
  trigrams.Add("red widget 20mm");
  const Trigrams::Query query(trigrams, "blue widget 10mm");
  EXPECT_EQ(query.Score("blue widget 10mm"), kScoreMax);
  EXPECT_EQ(query.Score("10mm widget blue"), kScoreMax) << "of words, whatever their order";
  EXPECT_EQ(query.Score("zzz"), 0u);
  EXPECT_LT(query.Score("red widget 20mm"), kScoreMax);
  trigrams.Add("green thing");
  trigrams.Remove("green thing");
  EXPECT_EQ(Trigrams::Query(trigrams, "blue widget 10mm").Score("red widget 20mm"),
            query.Score("red widget 20mm"));
}

TEST(TrigramsTest, VeryLongNamesAreComparedByTheirBeginning) {
  Trigrams trigrams;
  std::string text;
  for (int count = 0; count < 3000; ++count) {
    text += "w" + std::to_string(count) + " ";
  }
  trigrams.Add(text);
  EXPECT_EQ(Trigrams::Query(trigrams, text).Score(text), kScoreMax);
}

}  // namespace
}  // namespace tallystone
