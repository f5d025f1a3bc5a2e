// A database made of the blocks of another: the same, or none (L10, L11).
#include "tallystone/transfer.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

class TransferTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults_)); }

  void Book(const std::string& batch_id, int lines) {
    Batch batch("acme", batch_id);
    for (int line = 0; line < lines; ++line) {
      const std::string code = "C" + std::to_string(line % 7);
      batch.AddText({.code = code, .quantity = line % 5 == 0 ? "x" : "2", .unit_cost = "1.5"});
    }
    ASSERT_OK(engine_->Ingest({.level = Durability::kApplied}, batch, &result_));
  }
  std::vector<TransferBlock> Blocks(const std::string& database) {
    std::unique_ptr<Inspector> inspector;
    std::unique_ptr<Cursor<TransferBlock>> cursor;
    std::vector<TransferBlock> blocks;
    EXPECT_OK(Inspector::Open({}, database, &inspector));
    EXPECT_OK(inspector->NewBlockCursor(&cursor));
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      blocks.push_back(cursor->value());
    }
    EXPECT_OK(cursor->status());
    return blocks;
  }
  static Status Make(const std::vector<TransferBlock>& blocks, const std::string& path,
                     const std::string& digest = "") {
    std::unique_ptr<DatabaseBuilder> builder;
    VerifyReport report;
    Status s = DatabaseBuilder::Create({}, path, &builder);
    for (const TransferBlock& block : blocks) {
      s = s.ok() ? builder->Add(block) : s;
    }
    return s.ok() ? builder->Finish(digest, nullptr, &report) : s;
  }
  [[nodiscard]] std::string CopyPath() const { return directory_.database() + ".copy"; }
  static std::string Digest(const std::string& database) {
    std::unique_ptr<Inspector> inspector;
    DatabaseStatus status;
    EXPECT_OK(Inspector::Open({}, database, &inspector));
    EXPECT_OK(inspector->GetStatus(nullptr, &status));
    return status.state_digest;
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  FaultStore* faults_ = nullptr;
  BatchResult result_;
};

TEST_F(TransferTest, WhatTheStoreRefusedIsRefusedInTheCopyWithItsWords) {
  faults_->RefuseKey({1, 2});
  Book("a", 40);
  Book("b", 10);
  DeadLetter before;
  ASSERT_OK(engine_->GetDeadLetter({"acme", "a", 3}, &before));
  ASSERT_EQ(before.cause, Outcome::kStoreRejected);
  ASSERT_OK(engine_->Close());
  const std::string digest = directory_.SoundDigest();
  const std::vector<TransferBlock> blocks = Blocks(directory_.database());
  EXPECT_CODE(kCorruption, Make(blocks, CopyPath(), std::string(32, '0')));
  EXPECT_FALSE(std::filesystem::exists(CopyPath()));
  EXPECT_FALSE(std::filesystem::exists(CopyPath() + ".importing"));
  ASSERT_OK(Make(blocks, CopyPath(), digest));
  EXPECT_EQ(Digest(CopyPath()), digest);
  std::unique_ptr<Inspector> copy;
  DeadLetter after;
  ASSERT_OK(Inspector::Open({}, CopyPath(), &copy));
  ASSERT_OK(copy->GetDeadLetter({"acme", "a", 3}, &after));
  EXPECT_EQ(after.cause, Outcome::kStoreRejected);
  EXPECT_EQ(after.detail, before.detail);
  EXPECT_EQ(after.lsn, before.lsn);
  const std::vector<TransferBlock> again = Blocks(CopyPath());
  ASSERT_EQ(again.size(), blocks.size());
  for (size_t index = 0; index < blocks.size(); ++index) {
    EXPECT_EQ(again[index].payload, blocks[index].payload);
  }
}

// Two lines of one item in one block: each is the witness of what the store said of both.
TEST_F(TransferTest, TheStoresWordsOutliveTheLettersBesideThem) {
  faults_->RefuseKey({1, 2});
  Book("a", 40);
  const DeadLetterKey first{"acme", "a", 3}, second{"acme", "a", 10};
  DeadLetter before;
  ASSERT_OK(engine_->GetDeadLetter(first, &before));
  ASSERT_EQ(before.cause, Outcome::kStoreRejected);
  ASSERT_OK(engine_->GetDeadLetter(second, &before));
  ASSERT_NE(before.detail, "");
  const auto expect_kept = [&](const std::string& name) {
    ASSERT_OK(engine_->Close());
    const std::string copy = CopyPath() + name;
    ASSERT_OK(Make(Blocks(directory_.database()), copy));
    EXPECT_EQ(Digest(copy), directory_.SoundDigest());
    for (const DeadLetterKey& key : {first, second}) {
      std::unique_ptr<Inspector> left, right;
      DeadLetter expected, letter;
      ASSERT_OK(Inspector::Open({}, directory_.database(), &left));
      ASSERT_OK(Inspector::Open({}, copy, &right));
      if (left->GetDeadLetter(key, &expected).ok()) {
        ASSERT_OK(right->GetDeadLetter(key, &letter));
        EXPECT_EQ(letter.detail, expected.detail) << key.line;
        EXPECT_EQ(letter.lsn, expected.lsn) << key.line;
      }
    }
    ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults_));
  };
  // The first line is tried again as another item, which the store refuses in other words.
  ASSERT_OK(engine_->Close());
  ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults_));
  faults_->RefuseKey({1, 3});
  const TextLine corrected{.code = "C3", .quantity = "2", .unit_cost = "1.5"};
  LineResult again;
  ASSERT_OK(engine_->RetryDeadLetter({.level = Durability::kApplied}, first, &corrected, &again));
  ASSERT_EQ(again.outcome, Outcome::kStoreRejected);
  expect_kept(".retried");
  ASSERT_OK(engine_->DropDeadLetter(first));
  expect_kept(".dropped");
}

TEST_F(TransferTest, ACopyIsWrittenOnLikeAnyDatabase) {
  Book("a", 40);
  ASSERT_OK(engine_->Close());
  ASSERT_OK(Make(Blocks(directory_.database()), CopyPath()));
  ASSERT_OK(Engine::Open(QuietOptions(), CopyPath(), &engine_));
  Book("a", 40);
  EXPECT_TRUE(result_.resent);
  Book("b", 9);
  EXPECT_FALSE(result_.resent);
  ASSERT_OK(engine_->Close());
  ASSERT_OK(Engine::Open(QuietOptions(), CopyPath(), &engine_));
  Balance balance;
  ASSERT_OK(engine_->GetBalance({"acme", "C1"}, &balance));
  EXPECT_EQ(balance.on_hand.ToString(), "14");
}

TEST_F(TransferTest, BlocksThatAreNotThoseOfADatabaseMakeNone) {
  Book("a", 40);
  Book("b", 600);
  ASSERT_OK(engine_->Close());
  const std::vector<TransferBlock> blocks = Blocks(directory_.database());
  ASSERT_GE(blocks.size(), 3u);
  const auto refused = [&](const std::vector<TransferBlock>& wrong) {
    const Status s = Make(wrong, CopyPath());
    EXPECT_TRUE(s.Is(StatusCode::kCorruption)) << s.ToString();
    EXPECT_FALSE(std::filesystem::exists(CopyPath()));
    EXPECT_FALSE(std::filesystem::exists(CopyPath() + ".importing"));
  };
  refused({blocks.begin() + 1, blocks.end()});
  refused({blocks[0], blocks[0]});
  std::vector<TransferBlock> wrong = blocks;
  wrong[0].rejections = {{40, "beyond"}};
  refused(wrong);
  wrong[0].rejections = {{1, ""}, {1, ""}};
  refused(wrong);
  // Any payload at all: refused, or proved to be sound.
  for (size_t at = 0; at < blocks[0].payload.size(); at += 41) {
    wrong = blocks;
    wrong[0].payload[at] = static_cast<char>(wrong[0].payload[at] ^ 0x15);
    if (Make(wrong, CopyPath()).ok()) {
      std::unique_ptr<Inspector> inspector;
      VerifyReport report;
      ASSERT_OK(Inspector::Open({}, CopyPath(), &inspector));
      ASSERT_OK(inspector->Verify(nullptr, &report));
      EXPECT_TRUE(report.sound) << at;
      inspector.reset();
      std::filesystem::remove_all(CopyPath());
    }
    EXPECT_FALSE(std::filesystem::exists(CopyPath() + ".importing")) << at;
  }
}

TEST_F(TransferTest, NothingThatIsThereIsTouched) {
  Book("a", 4);
  ASSERT_OK(engine_->Close());
  std::unique_ptr<DatabaseBuilder> builder;
  EXPECT_CODE(kConflict, DatabaseBuilder::Create({}, directory_.database(), &builder));
  std::unique_ptr<DatabaseBuilder> first;
  ASSERT_OK(DatabaseBuilder::Create({}, CopyPath() + "/", &first));
  EXPECT_CODE(kBusy, DatabaseBuilder::Create({}, CopyPath(), &builder));
  for (const TransferBlock& block : Blocks(directory_.database())) {
    ASSERT_OK(first->Add(block));
  }
  std::ofstream(CopyPath()) << "meanwhile";
  VerifyReport report;
  EXPECT_CODE(kConflict, first->Finish("", nullptr, &report));
  first.reset();
  EXPECT_TRUE(std::filesystem::is_regular_file(CopyPath()));
  EXPECT_FALSE(std::filesystem::exists(CopyPath() + ".importing"));
}

}  // namespace
}  // namespace tallystone::testing
