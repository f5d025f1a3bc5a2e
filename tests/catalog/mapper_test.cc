// Which item a line means: scenarios as tables, to be read from top to bottom.
#include <sstream>

#include <gtest/gtest.h>

#include "catalog/tenant_catalogue.h"
#include "model/table.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

std::string_view KindName(DescriptionKind kind) {
  switch (kind) {
    case DescriptionKind::kNone:
      return "none";
    case DescriptionKind::kOfItem:
      return "item";
    case DescriptionKind::kOwn:
      return "own";
  }
  return "?";
}

CheckedLine LineOf(std::string_view code, std::string_view gtin, std::string_view description) {
  CheckedLine line;
  line.code = code;
  line.gtin = gtin;
  line.description = description;
  return line;
}

// Columns: code | gtin | description | policy (create, reject, full) | outcome | rule | item |
// text. A line's answer is compared as "outcome rule item text".
void RunScenario(std::string_view table) {
  TenantCatalogue catalogue;
  for (const auto& row : test::Table(table)) {
    ASSERT_EQ(row.size(), 8u);
    CatalogueChanges changes;
    const auto policy =
        row[3] == "reject" ? UnknownItemPolicy::kReject : UnknownItemPolicy::kCreate;
    const Decision decision =
        catalogue.Map(LineOf(row[0], row[1], row[2]), policy, row[3] == "full" ? 0 : 9, &changes);
    std::ostringstream answer;
    answer << OutcomeName(decision.outcome) << ' ' << DecidedByName(decision.decided_by) << ' '
           << decision.item << ' ' << KindName(decision.description_kind);
    EXPECT_EQ(answer.str(), row[4] + ' ' + row[5] + ' ' + row[6] + ' ' + row[7])
        << "line: " << row[0] << " | " << row[1] << " | " << row[2];
  }
}

// Databases have aliases of version 1 of the normal form: what it kept apart stays apart, and what
// it found is found.
TEST(MapperTest, AliasesOfAnOlderNormalFormStayWhoseTheyAre) {
  TenantCatalogue catalogue;
  const std::vector<std::pair<std::string, std::string>> old = {
      {"T-Shirt", "t-shirt"},
      {"T Shirt", "t shirt"},
      {"Bolt 10 mm", "bolt 10 mm"},
      {"Bolt 10mm", "bolt 10mm"},
      {"Pipe 5\xE2\x80\xB3", "pipe 5\xE2\x80\xB2\xE2\x80\xB2"}};
  for (ItemId item = 1; item <= old.size(); ++item) {
    ASSERT_TRUE(catalogue.LearnItem(item, {}).ok());
    ASSERT_TRUE(catalogue.LearnAlias(item, old[item - 1].second).ok());
  }
  CatalogueChanges changes;
  for (ItemId item = 1; item <= old.size(); ++item) {
    const Decision decision =
        catalogue.Map(LineOf("", "", old[item - 1].first), UnknownItemPolicy::kReject, 9, &changes);
    EXPECT_EQ(decision.item, item) << old[item - 1].first;
    EXPECT_EQ(decision.decided_by, DecidedBy::kAlias);
  }
  const Decision feet =
      catalogue.Map(LineOf("", "", "Pipe 5'"), UnknownItemPolicy::kReject, 9, &changes);
  EXPECT_EQ(feet.outcome, Outcome::kUnknownItem);
  ASSERT_TRUE(catalogue.LearnAlias(2, "t-shirt").ok());
  const Decision both =
      catalogue.Map(LineOf("", "", "T-Shirt"), UnknownItemPolicy::kReject, 9, &changes);
  EXPECT_EQ(both.outcome, Outcome::kAmbiguousItem);
}

TEST(MapperTest, AnotherOrderOfWordsIsTheSameItemWhereOneItemFits) {
  RunScenario(R"(
    code | gtin | description         | policy | outcome  | rule    | item | text
         |      | Blue Widget 10 mm   | create | accepted | created | 1    | item
         |      | Widget blue 10 mm   | create | accepted | sorted  | 1    | own
         |      | widget BLUE, 10mm   | create | accepted | alias   | 1    | own
         |      | 10 mm widget blue   | reject | accepted | sorted  | 1    | own
    A    |      | widget 10mm blue    | create | accepted | created | 2    | item
         |      | 10mm blue widget    | create | accepted | created | 3    | item
    B    |      | Blue Widget 10 mm   | create | accepted | created | 4    | item
         |      | Blue Widget 10 mm   | create | ambiguous_item |  | 0    | none
         |      | Red box, blue lid   | create | accepted | created | 5    | item
         |      | Blue box, red lid   | create | accepted | created | 6    | item
  )");
}

TEST(MapperTest, CodeDecidesAlone) {
  RunScenario(R"(
    code | gtin | description  | policy | outcome  | rule    | item | text
    A    |      | Widget       | create | accepted | created | 1    | item
    A    |      | Widget       | create | accepted | code    | 1    | item
    A    |      | WIDGET       | create | accepted | code    | 1    | own
    A    |      |              | create | accepted | code    | 1    | none
    a    |      | Widget       | create | accepted | created | 2    | item
    B    | 111  | Widget       | create | accepted | created | 3    | item
    A    | 111  | Gadget       | create | accepted | code    | 1    | own
    A    |      | Gadget       | reject | accepted | code    | 1    | own
  )");
}

TEST(MapperTest, DescriptionFindsTheItemItWasSeenWith) {
  RunScenario(R"(
    code | gtin | description    | policy | outcome        | rule    | item | text
    A    |      | Widget 10 mm   | create | accepted       | created | 1    | item
         |      | widget  10 MM  | create | accepted       | alias   | 1    | own
         |      | Widget 10 mm   | create | accepted       | alias   | 1    | item
    A    |      | The widget     | create | accepted       | code    | 1    | own
         |      | THE WIDGET     | create | accepted       | alias   | 1    | own
         |      | Caf\xC3\xA9    | create | accepted       | created | 2    | item
         |      | CAFE\xCC\x81   | create | accepted       | alias   | 2    | own
    B    |      | The Widget     | create | accepted       | created | 3    | item
         |      | the widget     | create | ambiguous_item |         | 0    | none
         |      | the widget     | reject | ambiguous_item |         | 0    | none
         |      | widget 10 mm   | reject | accepted       | alias   | 1    | own
    B    |      | the widget     | reject | accepted       | code    | 3    | own
  )");
}

TEST(MapperTest, GtinComesBeforeTheDescription) {
  RunScenario(R"(
    code | gtin          | description | policy | outcome        | rule    | item | text
    A    | 4006381333931 | Widget      | create | accepted       | created | 1    | item
         | 4006381333931 | Gadget      | create | accepted       | gtin    | 1    | own
         |               | gadget      | create | accepted       | alias   | 1    | own
         | 5012345678900 |             | create | accepted       | created | 2    | none
         | 5012345678900 | Gizmo       | create | accepted       | gtin    | 2    | item
         |               | GIZMO       | create | accepted       | alias   | 2    | own
    B    | 4006381333931 | Thing       | create | accepted       | created | 3    | item
         | 4006381333931 | Thing       | create | ambiguous_item |         | 0    | none
         | 4006381333931 |             | reject | ambiguous_item |         | 0    | none
    A    | 4006381333948 |             | create | accepted       | code    | 1    | none
         | 4006381333948 |             | reject | unknown_item   |         | 0    | none
  )");
}

TEST(MapperTest, AnotherGtinIsAnotherItemWhateverTheNameSays) {
  RunScenario(R"(
    code | gtin          | description  | policy | outcome        | rule    | item | text
         | 4006381333931 | Blue widget  | create | accepted       | created | 1    | item
         | 5012345678900 | Blue widget  | create | accepted       | created | 2    | item
         | 4006381333948 | widget, blue | create | accepted       | created | 3    | item
         |               | Blue widget  | create | ambiguous_item |         | 0    | none
         | 5012345678900 | Blue widget  | create | accepted       | gtin    | 2    | item
         | 12345670      | Blue widget  | create | accepted       | created | 4    | item
  )");
}

TEST(MapperTest, GtinWithAWrongCheckDigitDecidesNothing) {
  RunScenario(R"(
    code | gtin           | description | policy | outcome      | rule    | item | text
         | 4006381333932  |             | create | unknown_item |         | 0    | none
         | 4006381333932  | Widget      | create | accepted     | created | 1    | item
         | 4006381333932  | Gadget      | create | accepted     | created | 2    | item
         | 4006381333932  | widget      | create | accepted     | alias   | 1    | own
         | none           | widget      | create | accepted     | alias   | 1    | own
         | 0000000000000  | Gizmo       | create | accepted     | created | 3    | item
         | 00000000       | Gizmo       | create | accepted     | alias   | 3    | item
         | 12345670       | Eight       | create | accepted     | created | 4    | item
         | 00000012345670 |             | create | accepted     | gtin    | 4    | none
         | 0123-4567 0    |             | create | accepted     | gtin    | 4    | none
  )");
}

TEST(MapperTest, PolicyAndLimitDecideWhereNothingMatches) {
  RunScenario(R"(
    code | gtin | description              | policy | outcome        | rule    | item | text
    A    |      | Widget                   | reject | unknown_item   |         | 0    | none
         | 12345670 |                      | reject | unknown_item   |         | 0    | none
         |      | Widget                   | reject | unknown_item   |         | 0    | none
    A    |      | Widget                   | full   | catalogue_full |         | 0    | none
         |      | Widget                   | full   | catalogue_full |         | 0    | none
         |      | Widget                   | create | accepted       | created | 1    | item
         |      | Widget                   | full   | accepted       | alias   | 1    | item
         |      | \xE3\x80\x80\xE2\x80\x83 | create | unknown_item   |         | 0    | none
    A    |      | \xE3\x80\x80\xE2\x80\x83 | create | accepted       | created | 2    | own
    A    |      | \xE3\x80\x80\xE2\x80\x83 | create | accepted       | code    | 2    | own
         |      | \xE3\x80\x80\xE2\x80\x83 | create | unknown_item   |         | 0    | none
    A    |      | Real words               | create | accepted       | code    | 2    | item
  )");
}

TEST(MapperTest, AnItemGetsTheFirstDescriptionThatSaysSomething) {
  TenantCatalogue catalogue;
  CatalogueChanges changes;
  catalogue.Map(LineOf("A", "", ""), UnknownItemPolicy::kCreate, 9, &changes);
  ASSERT_EQ(changes.items.size(), 1u);
  catalogue.Map(LineOf("A", "", "Widget"), UnknownItemPolicy::kCreate, 9, &changes);
  catalogue.Map(LineOf("A", "", "Gadget"), UnknownItemPolicy::kCreate, 9, &changes);
  ASSERT_EQ(changes.descriptions.size(), 1u);
  EXPECT_EQ(changes.descriptions[0].item, 1u);
  EXPECT_EQ(changes.descriptions[0].description, "Widget");
  ASSERT_EQ(changes.aliases.size(), 2u);
  EXPECT_EQ(changes.aliases[0].text, "widget");
  EXPECT_EQ(changes.aliases[1].text, "gadget");
  StoredItem item;
  ASSERT_TRUE(catalogue.Find(1, &item));
  EXPECT_TRUE((item == StoredItem{"A", "", "Widget", ""}));
  EXPECT_FALSE(catalogue.Find(0, &item));
  EXPECT_FALSE(catalogue.Find(2, &item));
  NewItem view;
  ASSERT_TRUE(catalogue.View(1, &view));
  EXPECT_EQ(view.description, "Widget");
  EXPECT_FALSE(catalogue.View(2, &view));
  EXPECT_EQ(catalogue.FindByCode("A"), 1u);
  EXPECT_EQ(catalogue.FindByCode("B"), 0u);
  EXPECT_EQ(catalogue.FindByCode(""), 0u);
}

TEST(MapperTest, AnItemLearnsOnlySoManyAliases) {
  TenantCatalogue catalogue;
  size_t learned = 0;
  for (size_t text = 0; text < limits::kAliasesPerItemMax + 10; ++text) {
    const std::string description = "text " + std::to_string(text);
    CatalogueChanges changes;
    catalogue.Map(LineOf("A", "", description), UnknownItemPolicy::kCreate, 9, &changes);
    learned += changes.aliases.size();
    EXPECT_EQ(changes.aliases.size(), text < limits::kAliasesPerItemMax ? 1u : 0u) << text;
  }
  EXPECT_EQ(learned, limits::kAliasesPerItemMax);
}

TEST(MapperTest, ManyItemsMayShareOneText) {
  TenantCatalogue catalogue;
  for (int item = 0; item < 50'000; ++item) {
    const std::string code = "C" + std::to_string(item);
    CatalogueChanges changes;
    catalogue.Map(LineOf(code, "111", "?"), UnknownItemPolicy::kCreate, 9, &changes);
    ASSERT_EQ(changes.aliases.size(), 1u);
  }
  CatalogueChanges changes;
  const Decision decision =
      catalogue.Map(LineOf("", "", "?"), UnknownItemPolicy::kCreate, 9, &changes);
  EXPECT_EQ(decision.outcome, Outcome::kAmbiguousItem);
  EXPECT_TRUE(changes.empty());
}

TEST(CatalogueLearnTest, ContradictionsAreCorruption) {
  TenantCatalogue catalogue;
  EXPECT_TRUE(catalogue.LearnItem(2, {"B", "", "", ""}).Is(StatusCode::kCorruption)) << "a gap";
  EXPECT_TRUE(catalogue.LearnItem(0, {"B", "", "", ""}).Is(StatusCode::kCorruption));
  ASSERT_TRUE(catalogue.LearnItem(1, {"A", "111", "", "pc"}).ok());
  ASSERT_TRUE(catalogue.LearnItem(1, {"A", "111", "", "pc"}).ok()) << "again";
  EXPECT_FALSE(catalogue.LearnItem(1, {"B", "111", "", "pc"}).ok());
  EXPECT_FALSE(catalogue.LearnItem(1, {"A", "222", "", "pc"}).ok());
  EXPECT_FALSE(catalogue.LearnItem(1, {"A", "111", "", "kg"}).ok());
  EXPECT_FALSE(catalogue.LearnItem(2, {"A", "", "", ""}).ok()) << "one code, two items";
  ASSERT_TRUE(catalogue.LearnItem(1, {"A", "111", "Widget", "pc"}).ok()) << "described since";
  ASSERT_TRUE(catalogue.LearnItem(1, {"A", "111", "", "pc"}).ok()) << "as it was at first";
  EXPECT_FALSE(catalogue.LearnItem(1, {"A", "111", "Gadget", "pc"}).ok());
  EXPECT_FALSE(catalogue.LearnAlias(2, "widget").ok());
  EXPECT_FALSE(catalogue.LearnAlias(1, "").ok());
  EXPECT_TRUE(catalogue.LearnAlias(1, "widget").ok());
  EXPECT_TRUE(catalogue.LearnAlias(1, "widget").ok());
  EXPECT_EQ(catalogue.size(), 1u);
  CatalogueChanges changes;
  changes.descriptions.push_back({1, "Gadget"});
  EXPECT_FALSE(catalogue.Learn(changes).ok());
  changes.descriptions = {{2, "Widget"}};
  EXPECT_FALSE(catalogue.Learn(changes).ok());
  changes.descriptions = {{1, "Widget"}};
  EXPECT_TRUE(catalogue.Learn(changes).ok());
  EXPECT_TRUE(
      catalogue.LearnItem(2, {std::string(70'000, 'x'), "", "", ""}).Is(StatusCode::kCorruption));
}

}  // namespace
}  // namespace tallystone
