// Importer and Block: which line goes to which batch, and that outcomes come in the order of the
// file.
#include "import/importer.h"

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace tallystone::tool {
namespace {

// Notes what it is given. Lines of batch "bad" are refused; items are numbered as they come.
class FakeBooker : public Booker {
 public:
  Status Book(OpenBatch* open, const Batch& lines, std::vector<LineResult>* results) override {
    if (open->batch == "bad") {
      return Status::Conflict("batch bad: line 1 differs");
    }
    sizes[open->tenant + "/" + open->batch].push_back(lines.size());
    order.push_back(open->tenant + "/" + open->batch);
    for (size_t index = 0; index < lines.size(); ++index) {
      LineResult result;
      result.line = ++given_[open->tenant + "/" + open->batch];
      result.outcome = fail_line == result.line ? Outcome::kBadPrice : Outcome::kAccepted;
      result.item = ++items_;
      result.decided_by = DecidedBy::kCode;
      results->push_back(result);
    }
    return Status::Ok();
  }
  Status EndBlock() override {
    ++blocks;
    return Status::Ok();
  }
  Status Finish(OpenBatch* open, BatchResult* result) override {
    finished.push_back(open->tenant + "/" + open->batch);
    result->resent = open->batch == "resent";
    return Status::Ok();
  }
  std::string CodeOf(std::string_view, uint32_t item) override {
    return "item" + std::to_string(item);
  }

  std::map<std::string, std::vector<size_t>> sizes;
  std::vector<std::string> order;
  std::vector<std::string> finished;
  int blocks = 0;
  uint64_t fail_line = 0;

 private:
  std::map<std::string, uint64_t> given_;
  uint32_t items_ = 0;
};

class ImporterTest : public testing::Test {
 protected:
  ImporterTest() {
    char path[] = "/tmp/tallystone-test-XXXXXX";
    directory_ = mkdtemp(path);
  }
  ~ImporterTest() override {
    unlink((directory_ + "/in.csv").c_str());
    unlink((directory_ + "/out.csv").c_str());
    rmdir(directory_.c_str());
  }

  // Imports `text`, with columns Tenant and Batch if the options say so; gives the outcomes file.
  std::string Import(const std::string& text, const ImporterOptions& options) {
    std::ofstream(directory_ + "/in.csv") << text;
    ColumnNames names;
    names.tenant = options.tenant_column ? "Tenant" : "";
    names.batch = options.batch_column ? "Batch" : "";
    const HeaderRules rules(names);
    std::unique_ptr<InputFile> file;
    const Status opened = InputFile::Open(directory_ + "/in.csv", {}, &rules, &file);
    EXPECT_TRUE(opened.ok()) << opened.message();
    std::unique_ptr<OutcomeWriter> outcomes;
    EXPECT_TRUE(OutcomeWriter::Open(directory_ + "/out.csv", false, &outcomes).ok());
    Importer importer(options, &booker_, outcomes.get(), &report_);
    const Status s = importer.Import(file.get());
    EXPECT_TRUE(s.ok()) << s.message();
    EXPECT_TRUE(outcomes->Flush().ok());
    std::ostringstream written;
    written << std::ifstream(directory_ + "/out.csv").rdbuf();
    return written.str();
  }

  std::string directory_;
  FakeBooker booker_;
  ImportReport report_;
};

using Names = std::vector<std::string>;

TEST_F(ImporterTest, OutcomesComeInTheOrderOfTheFileThoughBatchesAreBookedTogether) {
  const std::string outcomes = Import("Tenant,Code,Qty\nb,B1,1\na,A1,1\nb,B2,1\na,,1\n",
                                      {.tenant_column = true, .batch = "x"});
  EXPECT_EQ(booker_.order, (Names{"b/x", "a/x"})) << "in order of first appearance";
  EXPECT_EQ(outcomes,
            "line,outcome,item,code,decided_by,score,candidates\n"
            "1,accepted,1,B1,code,1,\n"
            "2,accepted,3,A1,code,1,\n"
            "3,accepted,2,B2,code,1,\n"
            "4,accepted,4,item4,code,1,\n");
  EXPECT_EQ(report_.tenants.size(), 2u);
  EXPECT_EQ(report_.batches, 2u);
}

TEST_F(ImporterTest, RowsWithoutAUsableTenantOrBatchAreKeptUnderTheDefaults) {
  const std::string controls(
      "a\x01"
      "b",
      3);
  Import("Tenant,Batch,Code,Qty\na,1,X,1\n,1,X,1\na,,X,1\n" + controls + ",1,X,1\na,1\n",
         {.tenant = "home", .tenant_column = true, .batch_column = true});
  const std::string content = booker_.order[1].substr(5);
  EXPECT_TRUE(content.starts_with("file:")) << content;
  EXPECT_EQ(content.size(), 5u + 32u);
  EXPECT_EQ(booker_.order, (Names{"a/1", "home/" + content, "a/" + content}));
  EXPECT_EQ(booker_.sizes["home/" + content], std::vector<size_t>{3});
}

TEST_F(ImporterTest, RefusedBatchDoesNotStopTheOthers) {
  const std::string outcomes =
      Import("Batch,Code,Qty\ngood,A,1\nbad,B,1\ngood,C,1\nbad,D,1\n", {.batch_column = true});
  EXPECT_EQ(outcomes,
            "line,outcome,item,code,decided_by,score,candidates\n"
            "1,accepted,1,A,code,1,\n"
            "2,batch_conflict,,B,,,\n"
            "3,accepted,2,C,code,1,\n"
            "4,batch_conflict,,D,,,\n");
  EXPECT_EQ(report_.lines_refused, 2u);
  EXPECT_EQ(report_.batches_refused, 1u);
  EXPECT_EQ(report_.items_processed, 2u);
  EXPECT_EQ(report_.exit_code(), kExitDeadLetters);
  EXPECT_EQ(booker_.finished, Names{"default/good"});
}

TEST_F(ImporterTest, NothingButRefusedBatchesIsInvalidInput) {
  Import("Batch,Code,Qty\nbad,A,1\n", {.batch_column = true});
  EXPECT_EQ(report_.exit_code(), kExitInput);
  EXPECT_EQ(report_.status(), BatchStatus::kFailed);
}

TEST_F(ImporterTest, FailedLinesAreListedByTheirRow) {
  booker_.fail_line = 2;
  Import("Code,Qty\nA,1\nB,1\nC,1\n", {.batch = "x"});
  ASSERT_EQ(report_.failed_items.size(), 1u);
  EXPECT_EQ(report_.failed_items[0].row, 2u);
  EXPECT_EQ(report_.failed_items[0].code, "B");
  EXPECT_EQ(report_.failed_items[0].error, "bad_price");
  EXPECT_EQ(report_.exit_code(), kExitDeadLetters);
  EXPECT_EQ(report_.status(), BatchStatus::kPartialSuccess);
}

TEST_F(ImporterTest, LineForABatchThatWasClosedIsRefusedNotLost) {
  // Batches are closed at the end of a block, so the second block brings the late line.
  std::string text = "Batch,Code,Qty\n";
  for (size_t row = 0; row < Block::kRowsMax; ++row) {
    text += (row == 0 ? "early" : "b" + std::to_string(row % 3)) + ",C,1\n";
  }
  text += "early,LATE,1\nearly,LATER,1\n";
  const std::string outcomes = Import(text, {.batch_column = true, .open_batches = 3});
  EXPECT_EQ(booker_.finished.front(), "default/early");
  EXPECT_NE(outcomes.find("\n8193,batch_conflict,,LATE,,,\n8194,batch_conflict,,LATER,,,\n"),
            std::string::npos);
  EXPECT_EQ(report_.batches_refused, 1u) << "one batch, told once";
  EXPECT_EQ(report_.lines_refused, 2u);
}

TEST_F(ImporterTest, BlocksAreTheSameForTheSameFile) {
  std::string text = "Code,Qty\n";
  for (size_t row = 0; row < 2 * Block::kRowsMax + 1; ++row) {
    text += "C,1\n";
  }
  Import(text, {.batch = "x"});
  EXPECT_EQ(booker_.sizes["default/x"], (std::vector<size_t>{Block::kRowsMax, Block::kRowsMax, 1}));
  EXPECT_EQ(booker_.blocks, 4) << "one more when the batches are finished";
}

TEST_F(ImporterTest, LongRowsEndABlockEarly) {
  std::string text = "Code,Qty\n";
  for (int row = 0; row < 3; ++row) {
    text += std::string(Block::kBytesMax / 2, 'x') + ",1\n";
  }
  Import(text, {.batch = "x"});
  EXPECT_EQ(booker_.sizes["default/x"], (std::vector<size_t>{2, 1}));
}

TEST_F(ImporterTest, SameContentHasTheSameBatchIdHoweverItIsPacked) {
  Import("Code,Qty\nA,1\n", {});
  const std::string first = report_.files[0].batch;
  Import("Code,Qty\nA,1\n", {});
  Import("Code,Qty\nA,2\n", {});
  EXPECT_EQ(report_.files[1].batch, first);
  EXPECT_NE(report_.files[2].batch, first);
}

TEST_F(ImporterTest, HeaderAloneIsAnImportOfNothing) {
  EXPECT_EQ(Import("Code,Qty\n", {}), "line,outcome,item,code,decided_by,score,candidates\n");
  EXPECT_EQ(report_.exit_code(), kExitOk);
}

TEST(OpenBatches, ClosesTheOneUsedLongestAgo) {
  OpenBatches batches(2);
  batches.Use("t", "a");
  batches.Use("t", "b");
  batches.Use("t", "a");
  EXPECT_EQ(batches.NextToClose(false), nullptr);
  batches.Use("t", "c");
  OpenBatch* oldest = batches.NextToClose(false);
  ASSERT_NE(oldest, nullptr);
  EXPECT_EQ(oldest->batch, "b");
  batches.Close();
  EXPECT_EQ(batches.NextToClose(false), nullptr);
  EXPECT_EQ(batches.Use("t", "b"), nullptr);
  EXPECT_NE(batches.Use("u", "b"), nullptr) << "of another tenant";
  EXPECT_TRUE(batches.FirstTimeMissed("t", "b"));
  EXPECT_FALSE(batches.FirstTimeMissed("t", "b"));
}

TEST(IsValidName, TakesWhatTheEngineTakes) {
  EXPECT_TRUE(IsValidName("Räder & Söhne", 128));
  EXPECT_FALSE(IsValidName("", 128));
  EXPECT_FALSE(IsValidName(std::string(129, 'x'), 128));
  EXPECT_TRUE(IsValidName(std::string(128, 'x'), 128));
  EXPECT_FALSE(IsValidName("a\nb", 128));
  EXPECT_FALSE(IsValidName("a\x7f", 128));
  EXPECT_FALSE(IsValidName("\xff", 128));
}

}  // namespace
}  // namespace tallystone::tool
