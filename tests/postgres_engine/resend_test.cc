// Batches that are sent again are answered as they are in store and log, and a far server is asked
// a few times for all of them (laws L5, L7).
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postgres_engine/servers_fixture.h"

namespace tallystone::testing {
namespace {

constexpr uint64_t kBatches = 500;
constexpr uint64_t kLines = 20;
// Each round trip is of three statements; the first ones bring few batches.
constexpr uint64_t kStatementsMax = 60;

std::string TenantOf(uint64_t number) {
  return "tenant " + std::to_string(number % 3);
}

std::string NameOf(uint64_t number) {
  return "batch " + std::to_string(number);
}

// Lines first..last of a batch. The second line of each cannot be booked.
Batch LinesOf(uint64_t number, uint64_t first, uint64_t last) {
  Batch batch(TenantOf(number), NameOf(number));
  for (uint64_t line = first; line <= last; ++line) {
    const std::string code = "C" + std::to_string((number * 7 + line) % 90);
    const std::string quantity = line == 2 ? "two" : std::to_string(number % 50 + line);
    batch.AddText({.code = code, .quantity = quantity, .unit_cost = "1.5"});
  }
  return batch;
}

std::vector<std::pair<Outcome, uint32_t>> Answers(const std::vector<LineResult>& results) {
  std::vector<std::pair<Outcome, uint32_t>> answers;
  for (const LineResult& result : results) {
    answers.emplace_back(result.outcome, result.item);
  }
  return answers;
}

class ResendTest : public PostgresEngineTest {
 protected:
  void SetUp() override { START_SERVERS(1); }

  void Open() {
    engine_.reset();
    ASSERT_OK(OpenEngine(QuietOptions(), directory_.database(), databases_, &engine_));
  }
  std::vector<LineResult> Send(uint64_t number, bool again) {
    BatchResult result;
    EXPECT_OK(engine_->Ingest({.line_results = true}, LinesOf(number, 1, kLines), &result));
    EXPECT_EQ(again, result.resent);
    EXPECT_EQ(kLines, result.lines.size());
    return std::move(result.lines);
  }
  // As an import does it: a part of each batch at a time.
  std::vector<std::vector<LineResult>> SendInParts(uint64_t parts, bool again) {
    std::vector<std::unique_ptr<BatchWriter>> writers(kBatches);
    std::vector<std::vector<LineResult>> results(kBatches);
    for (uint64_t part = 0; part < parts; ++part) {
      for (uint64_t number = 0; number < kBatches; ++number) {
        if (part == 0) {
          EXPECT_OK(
              engine_->NewBatchWriter({}, TenantOf(number), NameOf(number), &writers[number]));
        }
        const uint64_t lines = kLines / parts;
        EXPECT_OK(writers[number]->Add(LinesOf(number, part * lines + 1, (part + 1) * lines),
                                       &results[number]));
      }
      EXPECT_OK(engine_->Sync());
    }
    for (const auto& writer : writers) {
      BatchResult result;
      EXPECT_OK(writer->FinishNoWait(&result));
      EXPECT_EQ(again, result.resent);
    }
    EXPECT_OK(engine_->Sync());
    return results;
  }
  uint64_t StatementsOf(const std::function<void()>& work) {
    const uint64_t before = databases_.front()->proxy()->counts().statements;
    work();
    return databases_.front()->proxy()->counts().statements - before;
  }

  std::unique_ptr<Engine> engine_;
};

TEST_F(ResendTest, OfAllBatchesTakesAFewStatements) {
  Open();
  std::vector<std::vector<std::pair<Outcome, uint32_t>>> first;
  for (uint64_t number = 0; number < kBatches; ++number) {
    first.push_back(Answers(Send(number, false)));
  }
  ASSERT_OK(engine_->Flush());
  Open();
  EXPECT_GE(kStatementsMax, StatementsOf([&] {
              for (uint64_t number = 0; number < kBatches && !HasFailure(); ++number) {
                EXPECT_EQ(first[number], Answers(Send(number, true))) << NameOf(number);
              }
            }));
  EXPECT_NE("", SoundDigest(databases_));
}

TEST_F(ResendTest, OfBatchesWhoseLinesDoNotStandTogetherTakesAFewStatements) {
  Open();
  const auto first = SendInParts(4, false);
  ASSERT_OK(engine_->Flush());
  // As they were sent; and whole, which is not the order of the log: two round trips a batch.
  for (const auto& [parts, statements] :
       {std::pair(uint64_t{4}, kStatementsMax), std::pair(uint64_t{1}, kBatches * 6)}) {
    Open();
    std::vector<std::vector<LineResult>> again;
    const uint64_t asked = StatementsOf([&, pieces = parts] { again = SendInParts(pieces, true); });
    EXPECT_GE(statements, asked) << parts << " parts";
    for (uint64_t number = 0; number < kBatches && !HasFailure(); ++number) {
      EXPECT_EQ(Answers(first[number]), Answers(again[number])) << NameOf(number);
    }
  }
}

TEST_F(ResendTest, OfOtherContentIsRefusedWhereItDiffers) {
  Open();
  SendInParts(4, false);
  ASSERT_OK(engine_->Flush());
  Open();
  for (uint64_t number = 0; number < kBatches; number += 25) {
    Batch other = LinesOf(number, 1, 13);
    other.AddText({.code = "OTHER", .quantity = "1"});
    BatchResult result;
    const Status status = engine_->Ingest({.line_results = true}, other, &result);
    EXPECT_CODE(kConflict, status);
    EXPECT_NE(std::string::npos, status.message().find("line 14")) << status.message();
  }
}

// Nothing of it is in the store: the server has nothing to say.
TEST_F(ResendTest, BeforeTheWindowIsAppliedAsksNoServer) {
  Open();
  std::vector<std::vector<std::pair<Outcome, uint32_t>>> first;
  for (uint64_t number = 0; number < 30; ++number) {
    first.push_back(Answers(Send(number, false)));
  }
  EXPECT_EQ(0u, StatementsOf([&] {
              for (uint64_t number = 0; number < 30; ++number) {
                EXPECT_EQ(first[number], Answers(Send(number, true))) << NameOf(number);
              }
            }));
}

// What was read ahead of a batch is not the answer when the batch has changed since.
TEST_F(ResendTest, AfterARetryGivesWhatBecameOfIt) {
  Open();
  for (uint64_t number = 0; number < kBatches; ++number) {
    Send(number, false);
  }
  ASSERT_OK(engine_->Flush());
  Open();
  for (uint64_t number = 0; number < kBatches; ++number) {
    // Read ahead by now; changed in the window, then in the store.
    for (const uint64_t other : {number + 3, number + 7}) {
      if (number % 40 != 0 || other >= kBatches) {
        continue;
      }
      const TextLine corrected{.code = "MENDED", .quantity = "2", .unit_cost = "0.5"};
      LineResult result;
      ASSERT_OK(
          engine_->RetryDeadLetter({}, {TenantOf(other), NameOf(other), 2}, &corrected, &result));
      EXPECT_EQ(Outcome::kAccepted, result.outcome);
      if (other == number + 3) {
        ASSERT_OK(engine_->Flush());
      }
    }
    const bool mended = number % 40 == 3 || number % 40 == 7;
    EXPECT_EQ(mended ? Outcome::kAccepted : Outcome::kBadQuantity, Send(number, true)[1].outcome)
        << NameOf(number);
  }
  ASSERT_OK(engine_->Flush());
  EXPECT_NE("", SoundDigest(databases_));
}

}  // namespace
}  // namespace tallystone::testing
