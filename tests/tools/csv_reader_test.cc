// CsvReader: what a CSV file can suffer, and that the pieces it arrives in change nothing.
#include "import/csv_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tallystone::tool {
namespace {

struct Record {
  std::vector<std::string> fields;
  std::string raw;
  bool broken = false;
  friend bool operator==(const Record&, const Record&) = default;
};

struct Reading {
  char delimiter = ',';
  size_t buffer_bytes = 256 * 1024;
  size_t record_bytes_max = 1024 * 1024;
  size_t piece = SIZE_MAX;
};

std::vector<Record> ReadAll(std::string_view text, const Reading& reading = {}) {
  MemorySource source(text, reading.piece);
  CsvReader reader(&source, {reading.delimiter, reading.buffer_bytes, reading.record_bytes_max});
  std::vector<Record> records;
  while (reader.Next()) {
    records.push_back({{reader.fields().begin(), reader.fields().end()},
                       std::string(reader.raw()),
                       reader.broken()});
  }
  EXPECT_TRUE(reader.status().ok());
  return records;
}

using Fields = std::vector<std::vector<std::string>>;

Fields FieldsOf(std::string_view text, const Reading& reading = {}) {
  Fields fields;
  for (Record& record : ReadAll(text, reading)) {
    EXPECT_FALSE(record.broken) << record.raw;
    fields.push_back(std::move(record.fields));
  }
  return fields;
}

TEST(CsvReader, EmptyFileHasNoRecords) {
  EXPECT_TRUE(ReadAll("").empty());
  EXPECT_TRUE(ReadAll("\xEF\xBB\xBF").empty());
  EXPECT_TRUE(ReadAll("\n\r\n\n").empty());
}

TEST(CsvReader, LastLineEndMayBeMissing) {
  EXPECT_EQ(FieldsOf("a,b\nc,d"), (Fields{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(FieldsOf("a,b\nc,d\n"), (Fields{{"a", "b"}, {"c", "d"}}));
}

TEST(CsvReader, CrlfAndLfMayBeMixed) {
  EXPECT_EQ(FieldsOf("a,b\r\nc,d\ne,f\r\n"), (Fields{{"a", "b"}, {"c", "d"}, {"e", "f"}}));
}

TEST(CsvReader, ByteOrderMarkIsNotPartOfTheFirstField) {
  EXPECT_EQ(FieldsOf("\xEF\xBB\xBF\"a\",b\n"), (Fields{{"a", "b"}}));
}

TEST(CsvReader, EmptyLinesAreSkippedAndEmptyFieldsAreNot) {
  EXPECT_EQ(FieldsOf("a\n\n\r\n,\n\"\"\n"), (Fields{{"a"}, {"", ""}, {""}}));
}

TEST(CsvReader, QuotedFieldsHoldDelimitersQuotesAndLineEnds) {
  EXPECT_EQ(FieldsOf("\"a,\"\"b\"\"\r\nc\",d\n\"\",\"\"\"\"\n"),
            (Fields{{"a,\"b\"\r\nc", "d"}, {"", "\""}}));
}

TEST(CsvReader, QuoteInsideAnUnquotedFieldIsAnOrdinaryCharacter) {
  EXPECT_EQ(FieldsOf("5\" pipe,a\"b\"\nx,y\n"), (Fields{{"5\" pipe", "a\"b\""}, {"x", "y"}}));
}

TEST(CsvReader, TextAfterAClosingQuoteIsKept) {
  EXPECT_EQ(FieldsOf("\"a\"b,\"c\"\"d\"e\"f\n"), (Fields{{"ab", "c\"de\"f"}}));
}

TEST(CsvReader, LoneCrAndNulAreOrdinaryCharacters) {
  const std::string text("a\rb,c\0d\n", 8);
  EXPECT_EQ(FieldsOf(text), (Fields{{"a\rb", std::string("c\0d", 3)}}));
}

TEST(CsvReader, OtherDelimitersLeaveCommasAlone) {
  EXPECT_EQ(FieldsOf("a,b;c\n\"d;e\";f\n", {.delimiter = ';'}),
            (Fields{{"a,b", "c"}, {"d;e", "f"}}));
}

TEST(CsvReader, RawIsTheRecordAsItStands) {
  const std::vector<Record> records = ReadAll("\"a\n\"\"b\",c\r\nd,e\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].raw, "\"a\n\"\"b\",c");
  EXPECT_EQ(records[1].raw, "d,e");
}

TEST(CsvReader, UnclosedQuoteCostsOneLine) {
  const std::vector<Record> records = ReadAll("a,b\n\"c,d\ne,f\ng,h\n");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[1], (Record{{}, "\"c,d", true}));
  EXPECT_EQ(records[2].fields, (std::vector<std::string>{"e", "f"}));
  EXPECT_EQ(records[3].fields, (std::vector<std::string>{"g", "h"}));
}

TEST(CsvReader, UnclosedQuoteInTheLastLineIsBroken) {
  const std::vector<Record> records = ReadAll("a,b\nc,\"d\r");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1], (Record{{}, "c,\"d", true}));
}

TEST(CsvReader, AfterAnUnclosedQuoteQuotesEndWithTheirLine) {
  const std::vector<Record> records = ReadAll("\"a\ne,\"\",x\nk\"l,\"m\ng\"\",h\ni,j");
  ASSERT_EQ(records.size(), 5u);
  EXPECT_TRUE(records[0].broken);
  EXPECT_EQ(records[1].fields, (std::vector<std::string>{"e", "", "x"}));
  EXPECT_TRUE(records[2].broken);
  EXPECT_EQ(records[3].fields, (std::vector<std::string>{"g\"\"", "h"}));
  EXPECT_EQ(records[4].fields, (std::vector<std::string>{"i", "j"}));
}

TEST(CsvReader, RecordLongerThanTheLimitIsBrokenAndReadingGoesOn) {
  const std::string text =
      "a,b\n\"" + std::string(100, 'x') + "\n" + std::string(50, 'y') + "\nc,d\n\"e\nf\",g\n";
  const std::vector<Record> records = ReadAll(text, {.buffer_bytes = 16, .record_bytes_max = 128});
  ASSERT_EQ(records.size(), 5u);
  EXPECT_TRUE(records[1].broken);
  EXPECT_EQ(records[1].raw, "\"" + std::string(100, 'x'));
  EXPECT_EQ(records[2].raw, std::string(50, 'y'));
  EXPECT_EQ(records[3].fields, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(records[4].fields, (std::vector<std::string>{"e\nf", "g"})) << "quotes work again";
}

TEST(CsvReader, LineLongerThanTheLimitIsBrokenAndItsBeginningIsKept) {
  const std::string line(1000, 'x');
  for (const char* after : {"\nc,d\n", ""}) {
    const std::vector<Record> records =
        ReadAll("a,b\n" + line + after, {.buffer_bytes = 16, .record_bytes_max = 128});
    ASSERT_EQ(records.size(), *after == '\0' ? 2u : 3u);
    EXPECT_TRUE(records[1].broken);
    EXPECT_EQ(records[1].raw, line.substr(0, 128));
  }
}

TEST(CsvReader, FieldOfTheLimitIsReadWhole) {
  const std::string field(127, 'x');
  EXPECT_EQ(FieldsOf(field + "\nb\n", {.buffer_bytes = 1, .record_bytes_max = 128}),
            (Fields{{field}, {"b"}}));
  EXPECT_TRUE(ReadAll(field + "x\nb\n", {.buffer_bytes = 1, .record_bytes_max = 128})[0].broken);
}

// A file in which every line begins with a quote that the rest of the file never closes. Reading
// each line to the end of the file would take hours.
TEST(CsvReader, StrayQuotesInEveryLineDoNotTakeQuadraticTime) {
  std::string text;
  for (int line = 0; line < 400'000; ++line) {
    text += "a\"b,\"c\n";
  }
  const std::vector<Record> records = ReadAll(text);
  EXPECT_EQ(records.size(), 400'000u);
  EXPECT_TRUE(records.front().broken);
  EXPECT_TRUE(records.back().broken);
}

TEST(CsvReader, PiecesAndBuffersOfEverySizeGiveTheSameRecords) {
  const std::string text =
      "\xEF\xBB\xBF"
      "code,\"na\"\"me\",q\r\n\r\nA,\"x\ny, \"\"z\"\"\",1\n,,\n\"\"\n\"q\"r\"s,\"t\"\r\n"
      "long," +
      std::string(70, 'z') + "\n\"open,1\n\"a\nb\",2\nc\"d,\"e";
  const std::vector<Record> expected = ReadAll(text);
  ASSERT_EQ(expected.size(), 9u);
  for (size_t size = 1; size <= text.size() + 1; ++size) {
    EXPECT_EQ(ReadAll(text, {.buffer_bytes = size}), expected) << "buffer of " << size;
    EXPECT_EQ(ReadAll(text, {.piece = size}), expected) << "pieces of " << size;
    EXPECT_EQ(ReadAll(text, {.buffer_bytes = 1, .piece = size}), expected) << "both, " << size;
  }
}

class FailingSource : public ByteSource {
 public:
  Status Read(char* buffer, size_t, size_t* got) override {
    constexpr std::string_view kText = "a,b\nc,";
    if (given_) {
      return Status::IoError("the disk is gone");
    }
    given_ = true;
    kText.copy(buffer, kText.size());
    *got = kText.size();
    return Status::Ok();
  }

 private:
  bool given_ = false;
};

TEST(CsvReader, ReadErrorEndsReadingWithoutHalfARecord) {
  FailingSource source;
  CsvReader reader(&source, {});
  EXPECT_TRUE(reader.Next());
  EXPECT_FALSE(reader.Next());
  EXPECT_TRUE(reader.status().Is(StatusCode::kIoError));
  EXPECT_FALSE(reader.Next());
}

}  // namespace
}  // namespace tallystone::tool
