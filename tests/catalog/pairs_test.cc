// Pairs of names, collected by hand in many languages: those that mean two products must never be
// booked on one item, those that are one name in two spellings must be.
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "catalog/tenant_catalogue.h"
#include "model/line_check.h"

namespace tallystone {
namespace {

struct Pair {
  std::string kind, language, catalogue, line;
};

// RFC 4180, four columns, without the header.
std::vector<Pair> ReadPairs(const std::string& name) {
  std::ifstream file(std::string(TALLYSTONE_PAIRS) + "/" + name);
  std::stringstream all;
  all << file.rdbuf();
  std::vector<Pair> pairs;
  std::vector<std::string> row(1);
  bool quoted = false;
  const std::string text = all.str();
  for (size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (quoted) {
      if (byte != '"') {
        row.back() += byte;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        row.back() += text[++at];
      } else {
        quoted = false;
      }
    } else if (byte == '"') {
      quoted = true;
    } else if (byte == ',') {
      row.emplace_back();
    } else if (byte == '\n') {
      EXPECT_EQ(row.size(), 4u) << row.front();
      row.resize(4);
      pairs.push_back({row[0], row[1], row[2], row[3]});
      row.assign(1, "");
    } else if (byte != '\r') {
      row.back() += byte;
    }
  }
  EXPECT_EQ(row.front(), "") << "the last row has no line end";
  EXPECT_FALSE(pairs.empty()) << name;
  pairs.erase(pairs.begin());
  return pairs;
}

// By what rule, in mode auto, a line is booked when its tenant has one item, made from the name in
// the catalogue.
DecidedBy BookSecond(const Pair& pair) {
  TenantCatalogue catalogue;
  CatalogueChanges changes;
  Decision decision;
  for (const std::string& name : {pair.catalogue, pair.line}) {
    RawLine raw;
    raw.description = name;
    raw.quantity_text = "1";
    raw.unit_cost_text = "1";
    const CheckedLine line = CheckLine(raw);
    EXPECT_EQ(line.outcome, Outcome::kAccepted) << name;
    decision = catalogue.Map(line, {UnknownItemPolicy::kCreate, MappingMode::kAuto}, 10, &changes);
    EXPECT_EQ(decision.outcome, Outcome::kAccepted) << name;
  }
  return decision.decided_by;
}

TEST(PairsTest, NamesOfTwoProductsAreNeverBookedOnOneItem) {
  const std::vector<Pair> pairs = ReadPairs("must_not_merge.csv");
  EXPECT_GT(pairs.size(), 800u);
  for (const Pair& pair : pairs) {
    const DecidedBy rule = BookSecond(pair);
    EXPECT_TRUE(rule == DecidedBy::kCreated || rule == DecidedBy::kReview)
        << DecidedByName(rule) << ": " << pair.kind << ": " << pair.catalogue << " / " << pair.line;
  }
}

TEST(PairsTest, SpellingsOfOneNameAreBookedOnItsItem) {
  const std::vector<Pair> pairs = ReadPairs("must_merge.csv");
  EXPECT_GT(pairs.size(), 180u);
  std::map<std::string, int> merged;
  for (const Pair& pair : pairs) {
    const DecidedBy rule = BookSecond(pair);
    EXPECT_EQ(DecidedByName(rule), pair.kind == "word_order" ? "sorted" : "alias")
        << pair.kind << ": " << pair.catalogue << " / " << pair.line << ": "
        << NormaliseDescription(pair.catalogue) << " / " << NormaliseDescription(pair.line);
    merged[pair.kind] += rule == DecidedBy::kAlias || rule == DecidedBy::kSorted;
  }
  EXPECT_GE(merged.size(), 13u);
}

}  // namespace
}  // namespace tallystone
