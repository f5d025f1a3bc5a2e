// Rows of CSV and JSON lines files: which column is which field, and what a row that does not fit
// becomes.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "import/csv_rows.h"
#include "import/jsonl_rows.h"

namespace tallystone::tool {
namespace {

CsvDialect Detect(std::string_view text, const ColumnNames& names = {}) {
  CsvDialect dialect;
  bool need_more = false;
  const Status s = DetectCsv(HeaderRules(names), text, true, 0, &dialect, &need_more);
  EXPECT_TRUE(s.ok()) << s.message();
  EXPECT_FALSE(need_more);
  return dialect;
}

std::string DetectError(std::string_view text, const ColumnNames& names = {}) {
  CsvDialect dialect;
  bool need_more = false;
  const Status s = DetectCsv(HeaderRules(names), text, true, 0, &dialect, &need_more);
  EXPECT_TRUE(s.Is(StatusCode::kInvalidArgument));
  return s.message();
}

// "number code|description|quantity|unit_cost tenant/batch", or "number outcome raw".
std::vector<std::string> Describe(RowReader* rows) {
  std::vector<std::string> texts;
  for (Row row; rows->Next(&row);) {
    std::string text = std::to_string(row.number) + " ";
    if (row.unreadable != Outcome::kAccepted) {
      text += std::string(OutcomeName(row.unreadable)) + " " + std::string(row.raw);
    } else {
      text += std::string(row.line.code) + "|" + std::string(row.line.description) + "|" +
              std::string(row.line.quantity) + "|" + std::string(row.line.unit_cost) + " " +
              std::string(row.tenant) + "/" + std::string(row.batch);
    }
    texts.push_back(text);
  }
  EXPECT_TRUE(rows->status().ok());
  return texts;
}

std::vector<std::string> CsvTexts(std::string_view text, const ColumnNames& names = {}) {
  MemorySource source(text);
  CsvRows rows(&source, Detect(text, names));
  return Describe(&rows);
}

std::vector<std::string> JsonTexts(std::string_view text, const ColumnNames& names = {}) {
  const HeaderRules rules(names);
  JsonDialect dialect;
  bool need_more = false;
  const Status s = DetectJson(rules, text, true, &dialect, &need_more);
  EXPECT_TRUE(s.ok()) << s.message();
  MemorySource source(text);
  JsonRows rows(&source, &rules, dialect, {});
  return Describe(&rows);
}

using Texts = std::vector<std::string>;

TEST(CsvHeader, IsRecognisedInAnySpelling) {
  for (const char* header :
       {"StockCode,Description,Quantity,UnitPrice", "stock_code,DESCRIPTION,qty,unit-price",
        " Stock Code , name ,Qty.,Unit Cost", "SKU,Name,QUANTITY,price"}) {
    EXPECT_EQ(CsvTexts(std::string(header) + "\nA1,Widget,2,3.5\n"), (Texts{"1 A1|Widget|2|3.5 /"}))
        << header;
  }
}

TEST(CsvHeader, DelimiterIsTheOneThatMakesSenseOfTheHeader) {
  EXPECT_EQ(Detect("Code;Qty\n").delimiter, ';');
  EXPECT_EQ(Detect("Code\tQty\n").delimiter, '\t');
  EXPECT_EQ(Detect("Code|Qty\n").delimiter, '|');
  EXPECT_EQ(Detect("Code,Qty\n").delimiter, ',');
  EXPECT_EQ(Detect("Code;Qty;a,b,c,d\n").delimiter, ';') << "more columns, fewer recognised";
}

TEST(CsvHeader, BetterNameForAFieldWins) {
  EXPECT_EQ(CsvTexts("Name,Item,SKU,Description,Qty,Price\nn,i,s,d,1,2\n"), (Texts{"1 s|d|1|2 /"}));
}

TEST(CsvHeader, ColumnOptionOverridesAndItsNamesakesAreLeftAlone) {
  const ColumnNames names = {{{Field::kCode, "Artikel"}, {Field::kQuantity, "menge"}}, "", ""};
  EXPECT_EQ(CsvTexts("Code,Artikel,Qty,Menge,Price\nc,a,1,2,3\n", names), (Texts{"1 a||2|3 /"}));
}

TEST(CsvHeader, OneColumnMayServeTwoPurposes) {
  const ColumnNames names = {{}, "Vendor", "InvoiceNo"};
  MemorySource source("Code,Qty,Vendor,InvoiceNo\nA,1, acme ,42\n");
  CsvRows rows(&source, Detect("Code,Qty,Vendor,InvoiceNo\n", names));
  Row row;
  ASSERT_TRUE(rows.Next(&row));
  EXPECT_EQ(row.tenant, "acme");
  EXPECT_EQ(row.batch, "42");
  EXPECT_EQ(row.line.vendor, " acme ");
  EXPECT_EQ(row.line.document, "42");
}

TEST(CsvHeader, UnusableHeadersAreNamedTogetherWithWhatIsExpected) {
  const std::string no_quantity = DetectError("Code,Price\nA,1\n");
  EXPECT_NE(no_quantity.find("no quantity column"), std::string::npos) << no_quantity;
  EXPECT_NE(no_quantity.find("\"Price\""), std::string::npos) << no_quantity;
  EXPECT_NE(no_quantity.find("--column"), std::string::npos) << no_quantity;
  EXPECT_NE(DetectError("Qty,Price\n").find("what the item is"), std::string::npos);
  EXPECT_NE(DetectError("").find("empty"), std::string::npos);
  EXPECT_NE(DetectError("\n\r\n").find("empty"), std::string::npos);
  EXPECT_NE(DetectError("\"Code,Qty\nA,1\n").find("unclosed quote"), std::string::npos);
  EXPECT_NE(DetectError("\xFF\xFE"
                        "C")
                .find("UTF-16"),
            std::string::npos);
  EXPECT_NE(DetectError("Code,code,Qty\n").find("two columns"), std::string::npos);
  EXPECT_NE(DetectError("Code,Qty\n", {{}, "Country", ""}).find("\"Country\""), std::string::npos);
}

TEST(CsvHeader, TerminalCodesInHeadersAreNotRepeated) {
  EXPECT_EQ(DetectError("\x1b[31mRed,Blue\n").find('\x1b'), std::string::npos);
}

TEST(CsvHeader, IsNotJudgedBeforeItIsComplete) {
  CsvDialect dialect;
  for (const char* beginning : {"", "\n\n", "Code,Qu", "\"Co\nde", "\"a\nb\",Qu"}) {
    bool need_more = false;
    EXPECT_TRUE(DetectCsv(HeaderRules({}), beginning, false, 0, &dialect, &need_more).ok());
    EXPECT_TRUE(need_more) << beginning;
  }
}

TEST(CsvRows, RaggedRowsAreBadColumnsAndKeptWhole) {
  EXPECT_EQ(CsvTexts("Code,Qty\nA,1\nB\n\nC,1,\n\"D,1\nE,2\n"),
            (Texts{"1 A||1|0 /", "2 bad_columns B", "3 bad_columns C,1,", "4 bad_columns \"D,1",
                   "5 E||2|0 /"}));
}

TEST(CsvRows, WithoutACostColumnTheCostIsZero) {
  EXPECT_EQ(CsvTexts("Code,Qty\nA,1\n"), (Texts{"1 A||1|0 /"}));
  EXPECT_EQ(CsvTexts("Code,Qty,Price\nA,1,\n"), (Texts{"1 A||1| /"}))
      << "an empty cost is bad_price";
}

TEST(JsonRows, NumbersAreTakenAsTheirText) {
  EXPECT_EQ(JsonTexts("{\"sku\":\"A\",\"qty\":0.1000000000000000055511,\"price\" : 1e2 }\n"
                      "{\"sku\":17,\"qty\":-99999999999999999999,\"price\":\"3.10\"}"),
            (Texts{"1 A||0.1000000000000000055511|1e2 /", "2 17||-99999999999999999999|3.10 /"}));
}

TEST(JsonRows, TextIsUnescapedAndNullIsEmpty) {
  EXPECT_EQ(JsonTexts(R"({"code":null,"name":"a\"\u00e9\n","qty":1,"price":2})"),
            (Texts{"1 |a\"é\n|1|2 /"}));
}

TEST(JsonRows, LinesThatAreNoObjectAreBadColumns) {
  const std::string good = R"({"code":"A","qty":1,"price":2})";
  for (const char* bad :
       {"[1]", "17", "{", "{\"code\":\"A\",\"qty\":1", "{\"code\":\"A\"} x", "{\"code\":\"A\"}{}",
        "{\"code\":{}}", "{\"code\":[1]}", "{\"code\":true}", "{\"other\":1}", "{}", "x",
        "{\"code\":\"A\",\"code\":\"B\"}", "{\"code\":\"\xff\"}", "{\"code\":\"\\ud800\"}",
        "{\"code\" \"A\"}", "{\"code\":}", "{\"code\":nul}"}) {
    EXPECT_EQ(JsonTexts(good + "\n" + bad + "\n\n" + good),
              (Texts{"1 A||1|2 /", std::string("2 bad_columns ") + bad, "3 A||1|2 /"}))
        << bad;
  }
}

TEST(JsonRows, UnknownKeysOfAnyKindAreIgnored) {
  EXPECT_EQ(
      JsonTexts(R"({"x":{"code":"no"},"code":"A","y":[1,{"z":2}],"qty":1,"price":2,"w":true})"),
      (Texts{"1 A||1|2 /"}));
}

// What a parser passes over it need not look at; here a text after a missing value would become a
// key.
TEST(JsonRows, ADamagedValueOfAnUnknownKeyIsBadColumnsWhereverTheLineStands) {
  const std::string good = R"({"code":"A","qty":1,"price":2})";
  // Without the number of the row.
  const auto rest = [](const std::string& text) { return text.substr(text.find(' ')); };
  const std::string accepted = rest(JsonTexts(good).front());
  for (const std::string value : {"", "e", "tru", "nulL", "1.2.3", "[1,]", "[1 2]", "{\"a\"}",
                                  "{\"a\":}", "\"\\x\"", "[[[1]", "\"a\" \"b\""}) {
    const std::string bad = R"({"code":"A","x":)" + value + R"(,"qty":1,"price":2})";
    const std::vector<std::string> texts = JsonTexts(good + "\n" + bad + "\n" + good + "\n" + bad);
    ASSERT_EQ(texts.size(), 4u);
    EXPECT_EQ(rest(texts[0]), accepted);
    EXPECT_EQ(rest(texts[2]), accepted);
    EXPECT_EQ(rest(texts[1]).rfind(" bad_columns", 0), 0u) << texts[1];
    EXPECT_EQ(rest(texts[3]), rest(texts[1])) << "the last line is read otherwise: " << bad;
  }
  std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string last =
      JsonTexts(good + "\n" + R"({"code":"A","x":)" + deep + R"(,"qty":1})").back();
  EXPECT_EQ(rest(last).rfind(" bad_columns", 0), 0u);
}

TEST(JsonRows, TheFirstObjectSaysWhetherThereAreCosts) {
  EXPECT_EQ(JsonTexts("{\"code\":\"A\",\"qty\":1}\n{\"code\":\"B\",\"qty\":2,\"price\":5}"),
            (Texts{"1 A||1|0 /", "2 B||2|5 /"}));
  EXPECT_EQ(JsonTexts("{\"code\":\"A\",\"qty\":1,\"price\":5}\n{\"code\":\"B\",\"qty\":2}"),
            (Texts{"1 A||1|5 /", "2 B||2| /"}));
}

TEST(JsonRows, ColumnsCanBeNamed) {
  const ColumnNames names = {{{Field::kCode, "Artikel"}}, "land", "beleg"};
  EXPECT_EQ(JsonTexts(R"({"artikel":"A","qty":1,"price":2,"Land":" DE","beleg":7})", names),
            (Texts{"1 A||1|2 DE/7"}));
}

TEST(JsonRows, FileWithoutAUsableObjectIsRefused) {
  JsonDialect dialect;
  bool need_more = false;
  for (const char* text : {"", "\n", "Code,Qty\nA,1\n", "{\"a\":1}\n", "{\"code\":\"A\"}\n"}) {
    EXPECT_TRUE(DetectJson(HeaderRules({}), text, true, &dialect, &need_more)
                    .Is(StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(JsonRows, LinesOfEveryLengthPassBuffersOfEverySize) {
  std::string text;
  for (size_t length = 0; length < 40; ++length) {
    text += "{\"code\":\"" + std::string(length, 'c') + "\",\"qty\":1,\"price\":2}\n";
  }
  const Texts expected = JsonTexts(text);
  ASSERT_EQ(expected.size(), 40u);
  const HeaderRules rules({});
  for (size_t size = 1; size < 200; ++size) {
    MemorySource source(text, size);
    JsonRows rows(&source, &rules, {}, {size, 1 << 20});
    EXPECT_EQ(Describe(&rows), expected) << size;
  }
}

TEST(JsonRows, TooLongLineIsBadColumnsAndReadingGoesOn) {
  const std::string good = "{\"code\":\"A\",\"qty\":1,\"price\":2}\n";
  const std::string text = good + "{\"code\":\"" + std::string(500, 'x') + "\"}\n" + good;
  const HeaderRules rules({});
  MemorySource source(text);
  JsonRows rows(&source, &rules, {}, {16, 100});
  const Texts texts = Describe(&rows);
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_TRUE(texts[1].starts_with("2 bad_columns {\"code\":\"xxx"));
  EXPECT_EQ(texts[2], "3 A||1|2 /");
}

}  // namespace
}  // namespace tallystone::tool
