// What goes to people and to other programs.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "output/escape.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/records.h"
#include "output/sink.h"
#include "output/table.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

// A sink that can be looked into.
class Captured {
 public:
  Captured() {
    char path[] = "/tmp/tallystone-test-XXXXXX";
    fd_ = mkostemp(path, O_CLOEXEC);
    EXPECT_GE(fd_, 0);
    unlink(path);
    sink_ = std::make_unique<Sink>(fd_, "temporary file");
  }
  ~Captured() { close(fd_); }

  Sink* sink() { return sink_.get(); }
  std::string Text() {
    EXPECT_TRUE(sink_->Flush().ok());
    lseek(fd_, 0, SEEK_SET);
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(fd_, buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<size_t>(got));
    }
    return text;
  }

 private:
  int fd_ = -1;
  std::unique_ptr<Sink> sink_;
};

TEST(PlainText, LetsNoControlCharacterThrough) {
  const std::string hostile(
      "a\x1b[31m\x07\x00z\x7f\xC2\x9B"
      "1m\r\n\tb",
      17);
  const std::string plain = PlainText(hostile);
  for (const char byte : plain) {
    EXPECT_GE(static_cast<unsigned char>(byte), 0x20);
    EXPECT_NE(byte, 0x7F);
  }
  EXPECT_EQ(plain.find("\xC2\x9B"), std::string::npos) << "CSI in C1";
  EXPECT_EQ(PlainText("\xE2\x80\xAE"
                      "txt"),
            "\xEF\xBF\xBD"
            "txt")
      << "right-to-left override";
  for (const char* hidden : {"\xD8\x9C", "\xC2\xAD", "\xEF\xBF\xB9", "\xF3\xA0\x81\x81"}) {
    EXPECT_EQ(PlainText(hidden), "\xEF\xBF\xBD");  // Arabic letter mark, soft hyphen, tags
  }
}

TEST(PlainText, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(PlainText("a\xff"
                      "b\xC3"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(PlainText("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "surrogate";
  EXPECT_EQ(PlainText("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(PlainText("naïve €𝄞"), "naïve €𝄞");
}

TEST(Text, WidthsAndCuts) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1u);
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdef", 4), "abc…");
  EXPECT_EQ(CutToWidth("日本語", 4), "日…");
  EXPECT_EQ(CutToWidth("abc", 1), "…");
  EXPECT_EQ(CutToWidth("abc", 0), "");
}

TEST(Text, NumbersForPeople) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1000), "1,000");
  EXPECT_EQ(Thousands(541909), "541,909");
  EXPECT_EQ(Thousands(UINT64_MAX), "18,446,744,073,709,551,615");
  EXPECT_EQ(Bytes(999), "999 B");
  EXPECT_EQ(Bytes(48'039'726), "48.0 MB");
  EXPECT_EQ(UtcTime(0), "");
  EXPECT_EQ(UtcTime(1'291'191'960'000'000), "2010-12-01T08:26:00Z");
  EXPECT_EQ(Duration(0.0851), "85 ms");
  EXPECT_EQ(Duration(185), "3 min 05 s");
}

TEST(Text, ANumberHasItsWord) {
  EXPECT_EQ(Counted(0, "line"), "0 lines");
  EXPECT_EQ(Counted(1, "line"), "1 line");
  EXPECT_EQ(Counted(2000, "line"), "2,000 lines");
  EXPECT_EQ(Counted(1, "batch", "batches"), "1 batch");
  EXPECT_EQ(Counted(2, "batch", "batches"), "2 batches");
}

TEST(Text, StripTakesBlanksAndNoBreakSpaces) {
  EXPECT_EQ(Strip("\xC2\xA0 \ta b\r\n\xC2\xA0"), "a b");
  EXPECT_EQ(Strip(" \xC2\xA0"), "");
  EXPECT_EQ(Strip("\xA0x"), "\xA0x");
}

std::string Csv(std::string_view text) {
  std::string out;
  AppendCsvField(text, &out);
  return out;
}

TEST(CsvField, IsQuotedOnlyWhereNeededAndExact) {
  EXPECT_EQ(Csv("plain text"), "plain text");
  EXPECT_EQ(Csv("a,b"), "\"a,b\"");
  EXPECT_EQ(Csv("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(Csv("a\r\nb"), "\"a\r\nb\"");
  EXPECT_EQ(Csv("=1+1"), "=1+1") << "data stays exact";
  EXPECT_EQ(Csv("\x1b[0m\xff"), "\x1b[0m\xff");
}

TEST(SpreadsheetField, BeginsWithAnApostropheWhereItWouldBeAFormula) {
  const auto safe = [](std::string_view text) {
    std::string out;
    AppendSpreadsheetField(text, &out);
    return out;
  };
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "=", "-"}) {
    EXPECT_EQ(safe(formula), std::string("'") + formula);
  }
  EXPECT_EQ(safe("\r=x"), "\"'\r=x\"");
  EXPECT_EQ(safe("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
  for (const char* harmless : {"", "plain", "1-1", "a=b", "'=1", " =1"}) {
    EXPECT_EQ(safe(harmless), harmless);
  }
}

std::string Json(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

TEST(JsonString, IsValidJsonWhateverTheBytes) {
  EXPECT_EQ(Json("a\"\\\n\r\t"), R"("a\"\\\n\r\t")");
  EXPECT_EQ(Json(std::string_view("\0\x1b\x7f", 3)), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(Json("\xC2\x9B"), R"("\u009b")");
  EXPECT_EQ(Json("é€𝄞"), "\"é€𝄞\"");
  EXPECT_EQ(Json("a\xff\xC3z\xE2\x82"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Json("\xff\xC2\x9B\""), "\"\xEF\xBF\xBD\\u009b\\\"\"");
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Field("a", uint64_t{1});
  json.Key("b");
  json.BeginArray();
  json.BeginObject();
  json.EndObject();
  json.Text("x");
  json.Null();
  json.EndArray();
  json.Flag("c", true);
  json.EndObject();
  EXPECT_EQ(out, R"({"a":1,"b":[{},"x",null],"c":true})");
}

const std::vector<Column> kColumns = {{"code", Kind::kText},
                                      {"on_hand", Kind::kDecimal},
                                      {"lines", Kind::kCount},
                                      {"ok", Kind::kBool}};

std::string Render(Format format, const std::vector<std::vector<std::string>>& rows,
                   size_t width = 0, const std::vector<Column>& columns = kColumns) {
  Captured captured;
  const auto writer = NewRecordWriter(format, columns, {"inventory", 7}, width, captured.sink());
  for (const auto& row : rows) {
    writer->Write(row);
  }
  writer->End();
  return captured.Text();
}

TEST(Records, DecimalsAreStringsInJsonAndCountsAreNumbers) {
  EXPECT_EQ(Render(Format::kJson, {{"A", "1.5", "2", "true"}, {"B", "0", "", "false"}}),
            "{\"schema_version\":1,\"as_of_lsn\":7,\"inventory\":[\n"
            "{\"code\":\"A\",\"on_hand\":\"1.5\",\"lines\":2,\"ok\":true},\n"
            "{\"code\":\"B\",\"on_hand\":\"0\",\"lines\":null,\"ok\":false}\n]}\n");
  EXPECT_EQ(Render(Format::kJson, {}),
            "{\"schema_version\":1,\"as_of_lsn\":7,\"inventory\":[\n]}\n");
  EXPECT_EQ(Render(Format::kNdjson, {{"A", "1.5", "2", "true"}}),
            "{\"code\":\"A\",\"on_hand\":\"1.5\",\"lines\":2,\"ok\":true}\n");
  EXPECT_EQ(Render(Format::kCsv, {{"A,B", "1.5", "2", "true"}}),
            "code,on_hand,lines,ok\n\"A,B\",1.5,2,true\n");
}

TEST(Records, TextsForASpreadsheetAreHarmlessAndNumbersStayNumbers) {
  const std::vector<std::vector<std::string>> rows = {{"=A,B", "-1.5", "2", "true"},
                                                      {"-7", "3", "1", "false"}};
  EXPECT_EQ(Render(Format::kSpreadsheetCsv, rows),
            "code,on_hand,lines,ok\n\"'=A,B\",-1.5,2,true\n'-7,3,1,false\n");
  EXPECT_EQ(Render(Format::kCsv, rows),
            "code,on_hand,lines,ok\n\"=A,B\",-1.5,2,true\n-7,3,1,false\n");
}

TEST(Table, AlignsNumbersRightAndTextLeft) {
  EXPECT_EQ(Render(Format::kTable, {{"A", "1.5", "2", "true"}, {"LONG", "-10", "1000", "false"}}),
            "code  on_hand  lines  ok\n"
            "----  -------  -----  -----\n"
            "A         1.5      2  true\n"
            "LONG      -10   1000  false\n");
}

TEST(Table, FitsTheTerminalByCuttingTextAndNeverNumbers) {
  const std::vector<Column> columns = {{"description", Kind::kText}, {"value", Kind::kDecimal}};
  EXPECT_EQ(Render(Format::kTable, {{"a very long description", "12345678.123456"}}, 30, columns),
            "description              value\n"
            "-------------  ---------------\n"
            "a very long …  12345678.123456\n");
  const std::string narrow =
      Render(Format::kTable, {{"a very long description", "12345678.123456"}}, 5, columns);
  EXPECT_NE(narrow.find("12345678.123456"), std::string::npos);
}

TEST(Table, WhereARowWrapsAnyhowItsCellsAreWhole) {
  const std::vector<Column> columns = {{"description", Kind::kText}, {"value", Kind::kDecimal}};
  EXPECT_EQ(Render(Format::kTable, {{"a very long description", "12345678.123456"}}, 25, columns),
            "description                        value\n"
            "-----------------------  ---------------\n"
            "a very long description  12345678.123456\n");
}

TEST(Table, ACellOfManyBytesMakesNoOtherRowLonger) {
  const std::vector<Column> columns = {{"description", Kind::kText}, {"value", Kind::kDecimal}};
  const std::string huge(16'384, 'x');
  for (const size_t width : {size_t{0}, size_t{5}}) {
    const std::string text = Render(Format::kTable, {{"a", "1"}, {huge, "2"}}, width, columns);
    EXPECT_LE(text.find('\n'), Table::kPaddedMax + 20);
    EXPECT_NE(text.find("\na "), std::string::npos);
    EXPECT_NE(text.find(huge + "      2"), std::string::npos) << "and is whole itself";
    EXPECT_LT(text.size(), huge.size() + 500);
  }
}

TEST(Table, EscapeSequencesOfTheDataDoNotReachTheTerminal) {
  EXPECT_EQ(Render(Format::kTable, {{"\x1b]0;x\x07", "1", "1", "true"}}).find('\x1b'),
            std::string::npos);
}

TEST(Table, RowsAfterTheSampleKeepTheirText) {
  std::vector<std::vector<std::string>> rows(Table::kSampleRows, {"A", "1", "1", "true"});
  rows.push_back({"a code wider than any before", "1", "1", "true"});
  EXPECT_NE(Render(Format::kTable, rows).find("a code wider than any before"), std::string::npos);
}

TEST(Sink, ReaderThatWentAwayIsNotAnError) {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  Sink sink(ends[1], "pipe");
  sink.Write("text");
  EXPECT_TRUE(sink.Flush().ok());
  EXPECT_TRUE(sink.closed());
  close(ends[1]);
}

TEST(Sink, FullDeviceIsAnError) {
  const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  Sink sink(fd, "/dev/full");
  sink.Write("text");
  EXPECT_TRUE(sink.Flush().Is(StatusCode::kNoSpace));
  EXPECT_TRUE(sink.done());
  close(fd);
}

TEST(Progress, StepsAreShownAtOnceAndWiped) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Progress progress("compacting a.db", ends[1]);
  progress.Step("balances\x1b[31m");
  progress.Clear();
  char text[200];
  const ssize_t size = read(ends[0], text, sizeof(text));
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(text, static_cast<size_t>(size)),
            "\rcompacting a.db: balances\xEF\xBF\xBD[31m\x1b[K\r\x1b[K");
  close(ends[0]);
  close(ends[1]);
}

TEST(Progress, AMessageOfAnybodyWipesTheLineOnce) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  WipeProgress();
  {
    Progress progress("x", ends[1]);
    progress.Step("y");
    WipeProgress();
    WipeProgress();
  }
  WipeProgress();
  char text[200];
  const ssize_t size = read(ends[0], text, sizeof(text));
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(text, static_cast<size_t>(size)), "\rx: y\x1b[K\r\x1b[K\r\x1b[K")
      << "wiped by the message, and by its own end";
  close(ends[0]);
  close(ends[1]);
}

TEST(Progress, SaysRateShareAndTimeLeft) {
  EXPECT_EQ(ProgressText("importing a.csv", 120'000, 2, 25, 100),
            "importing a.csv: 120,000 lines, 60,000 lines/s, 25 %, ETA 6.00 s");
  EXPECT_EQ(ProgressText("x", 5, 1, 0, 0), "x: 5 lines, 5 lines/s");
  EXPECT_EQ(ProgressText("x", 0, 0, 0, 0), "x: 0 lines");
}

}  // namespace
}  // namespace tallystone::tool
