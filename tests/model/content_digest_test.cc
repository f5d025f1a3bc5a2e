// What counts as the same content (law L7).
#include "model/content_digest.h"

#include <set>

#include <gtest/gtest.h>

#include "model/make_line.h"
#include "tallystone/batch.h"

namespace tallystone {
namespace {

using namespace literals;
using test::TextOf;

ContentDigest DigestText(const TextLine& text, uint64_t number = 1) {
  BatchLines lines;
  lines.AddText(text);
  std::string scratch;
  return DigestLine(number, CheckLine(lines.lines()[0]), &scratch);
}

TEST(ContentDigestTest, BlanksAndTheSpellingOfNumbersDoNotMatter) {
  const ContentDigest digest = DigestText(TextOf("A", "", "6.5", "1"));
  EXPECT_TRUE(DigestText(TextOf(" A\t", "", "+6.500 ", "1.")) == digest);
  BatchLines typed;
  typed.Add(test::TypedOf("A", "6.5"_dec, "1"_dec));
  std::string scratch;
  EXPECT_TRUE(DigestLine(1, CheckLine(typed.lines()[0]), &scratch) == digest);
}

TEST(ContentDigestTest, AnyOtherDifferenceMatters) {
  const TextLine base = TextOf("A", "b", "1", "2");
  std::set<std::pair<uint64_t, uint64_t>> seen;
  const auto add = [&seen](ContentDigest digest) {
    return seen.insert({static_cast<uint64_t>(digest.sum >> 64), static_cast<uint64_t>(digest.sum)})
        .second;
  };
  EXPECT_TRUE(add(DigestText(base)));
  EXPECT_TRUE(add(DigestText(base, 2))) << "line number";
  for (const auto field : {&TextLine::code, &TextLine::description, &TextLine::vendor,
                           &TextLine::gtin, &TextLine::unit, &TextLine::document, &TextLine::time,
                           &TextLine::line_id, &TextLine::quantity, &TextLine::unit_cost}) {
    TextLine other = base;
    other.*field = "7";
    EXPECT_TRUE(add(DigestText(other)));
    other.*field = "x";
    EXPECT_TRUE(add(DigestText(other)));
    other.*field = "x7";
    EXPECT_TRUE(add(DigestText(other)));
  }
  TextLine moved = base;
  moved.code = "";
  moved.description = "Ab";
  EXPECT_TRUE(add(DigestText(moved))) << "a text that moved to another field";
  BatchLines unreadable;
  unreadable.AddUnreadable(Outcome::kBadColumns, "A");
  std::string scratch;
  EXPECT_TRUE(add(DigestLine(1, CheckLine(unreadable.lines()[0]), &scratch)));
}

TEST(ContentDigestTest, UnreadableNumbersCountAsTheirTexts) {
  EXPECT_TRUE(DigestText(TextOf("A", "", "0.00000010", "1")) ==
              DigestText(TextOf("A", "", " 0.00000010", "1")));
  EXPECT_FALSE(DigestText(TextOf("A", "", "0.00000010", "1")) ==
               DigestText(TextOf("A", "", "0.0000001", "1")));
}

TEST(ContentDigestTest, DoesNotDependOnHowLinesFellIntoChunks) {
  ContentDigest forward;
  ContentDigest backward;
  for (uint64_t line = 1; line <= 10; ++line) {
    Add(DigestText(TextOf("A", "", "1", "1"), line), &forward);
    Add(DigestText(TextOf("A", "", "1", "1"), 11 - line), &backward);
  }
  EXPECT_TRUE(forward == backward);
}

TEST(ContentDigestTest, StoredDigestsStayValid) {
  const ContentDigest digest = DigestText(TextOf("85123A", "HEART", "6", "2.55"), 3);
  EXPECT_EQ(static_cast<uint64_t>(digest.sum >> 64), 0x17eaccd7d51fcf6cu);
  EXPECT_EQ(static_cast<uint64_t>(digest.sum), 0x8d6dc57e7cac851cu);
}

}  // namespace
}  // namespace tallystone
