// Many threads, windows that drain all the time (laws L2, L3, L7; DESIGN 4.4).
#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

Options TinyWindows() {
  Options options;
  options.window_lines_max = 500;
  options.ingest_lines_min = 200;
  options.window_age_ms_max = 1;
  options.log_segment_bytes = 64u << 10;
  return options;
}

std::string TenantOf(uint64_t number) {
  return "tenant" + std::to_string(number);
}

// `lines` lines on the codes S0..S9; the line id is the number of the line.
Batch MakeBatch(const std::string& tenant, const std::string& id, uint64_t lines) {
  Batch batch(tenant, id);
  for (uint64_t line = 0; line < lines; ++line) {
    const std::string code = "S" + std::to_string(line % 10);
    const std::string number = std::to_string(line + 1);
    batch.Add({.code = code,
               .quantity = Decimal::FromUnits(1'000'000),
               .unit_cost = Decimal::FromUnits(3'000'000),
               .line_id = number});
  }
  return batch;
}

class ConcurrencyTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(Engine::Open(TinyWindows(), directory_.database(), &engine_)); }
  void Run(uint64_t threads, const std::function<void(uint64_t)>& work) {
    std::vector<std::thread> running;
    for (uint64_t thread = 0; thread < threads; ++thread) {
      running.emplace_back(work, thread);
    }
    for (std::thread& thread : running) {
      thread.join();
    }
  }
  void CloseSound() {
    ASSERT_OK(engine_->Close());
    EXPECT_NE(directory_.SoundDigest(), "");
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
};

// Deltas are folded only while somebody reads.
TEST_F(ConcurrencyTest, BalancesAreExactHoweverSeldomTheyAreRead) {
  BatchResult result;
  uint64_t lines = 0;
  for (uint64_t number = 0; number < 150; ++number) {
    const uint64_t size = 10 * (1 + number * number % 37);
    ASSERT_OK(engine_->Ingest({}, MakeBatch("acme", "b" + std::to_string(number), size), &result));
    lines += size;
    if (number % 40 == 39 || (number > 60 && number < 90)) {
      Balance balance;
      ASSERT_OK(engine_->GetBalance({"acme", "S3"}, &balance));
      ASSERT_EQ(balance.lines, lines / 10);
      ASSERT_EQ(balance.on_hand.units, Int128{1'000'000} * (lines / 10));
    }
  }
  CloseSound();
}

TEST_F(ConcurrencyTest, EachThreadReadsItsOwnWritesWhileWindowsDrain) {
  constexpr uint64_t kBatches = 60;
  Run(8, [&](uint64_t thread) {
    const std::string tenant = TenantOf(thread);
    for (uint64_t number = 1; number <= kBatches; ++number) {
      BatchResult result;
      ASSERT_OK(engine_->Ingest({}, MakeBatch(tenant, "b" + std::to_string(number), 100), &result));
      ASSERT_EQ(result.items_processed, 100u);
      Balance balance;
      ASSERT_OK(engine_->GetBalance({tenant, "S" + std::to_string(number % 10)}, &balance));
      ASSERT_EQ(balance.lines, number * 10);
      ASSERT_EQ(balance.on_hand.ToString(), std::to_string(number * 10));
      ASSERT_EQ(balance.last_lsn, result.lsn);
      if (number % 10 == 0) {
        BatchInfo info;
        ASSERT_OK(engine_->GetBatch(tenant, "b" + std::to_string(number), &info));
        ASSERT_TRUE(info.finished);
        ASSERT_EQ(info.items_processed, 100u);
      }
    }
  });
  EXPECT_GT(engine_->stats().windows_drained, 10u);
  EXPECT_EQ(engine_->stats().lines_logged, 8u * kBatches * 100);
  CloseSound();
}

TEST_F(ConcurrencyTest, ThreadsOfOneTenantKeepTheLinesOfEachBatchInOrder) {
  Run(6, [&](uint64_t thread) {
    for (uint64_t number = 0; number < 15; ++number) {
      const std::string id = std::to_string(thread) + "/" + std::to_string(number);
      BatchResult result;
      ASSERT_OK(engine_->Ingest({}, MakeBatch("acme", id, 1 + number * 50), &result));
    }
  });
  std::map<std::string, uint64_t> last;
  std::unique_ptr<Cursor<Transaction>> cursor;
  ASSERT_OK(engine_->NewTransactionCursor({}, &cursor));
  uint64_t lsn = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const Transaction& line = cursor->value();
    ASSERT_EQ(line.line, ++last[line.batch]) << line.batch;
    ASSERT_EQ(line.line_id, std::to_string(line.line));
    ASSERT_GE(line.lsn, lsn);
    lsn = line.lsn;
  }
  ASSERT_OK(cursor->status());
  cursor.reset();
  for (const auto& [id, lines] : last) {
    EXPECT_EQ(lines, 1 + std::stoull(id.substr(2)) * 50) << id;
  }
  EXPECT_EQ(last.size(), 6u * 15);
  CloseSound();
}

TEST_F(ConcurrencyTest, TheSameBatchSentByFourThreadsAtOnceIsBookedOnce) {
  constexpr uint64_t kBatches = 40;
  std::atomic<uint64_t> first_sends = 0;
  Run(4, [&](uint64_t) {
    for (uint64_t number = 0; number < kBatches; ++number) {
      const uint64_t lines = 20 + number * 30;
      BatchResult result;
      ASSERT_OK(
          engine_->Ingest({}, MakeBatch("acme", "b" + std::to_string(number), lines), &result));
      ASSERT_EQ(result.items_processed, lines);
      ASSERT_EQ(result.lines.size(), lines);
      first_sends += result.resent ? 0 : 1;
    }
  });
  EXPECT_EQ(first_sends, kBatches);
  uint64_t booked = 0;
  std::unique_ptr<Cursor<Balance>> cursor;
  ASSERT_OK(engine_->NewBalanceCursor({}, &cursor));
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    booked += cursor->value().lines;
  }
  cursor.reset();
  EXPECT_EQ(booked, kBatches * 20 + 30 * (kBatches - 1) * kBatches / 2);
  CloseSound();
}

TEST_F(ConcurrencyTest, OneDeadLetterRetriedByFourThreadsAtOnceIsBookedOnce) {
  constexpr uint64_t kLetters = 30;
  Batch bad("acme", "bad");
  for (uint64_t line = 0; line < kLetters; ++line) {
    bad.AddText({.code = "A", .quantity = "?", .unit_cost = "1"});
  }
  BatchResult result;
  ASSERT_OK(engine_->Ingest({}, bad, &result));
  std::atomic<uint64_t> booked = 0;
  Run(4, [&](uint64_t) {
    const TextLine mended{.code = "A", .quantity = "1", .unit_cost = "1"};
    for (uint64_t line = 1; line <= kLetters; ++line) {
      LineResult again;
      const Status status = engine_->RetryDeadLetter({}, {"acme", "bad", line}, &mended, &again);
      ASSERT_TRUE(status.ok() || status.IsNotFound()) << status.ToString();
      booked += status.ok();
    }
  });
  EXPECT_EQ(booked, kLetters);
  Balance balance;
  ASSERT_OK(engine_->GetBalance({"acme", "A"}, &balance));
  EXPECT_EQ(balance.lines, kLetters);
  CloseSound();
}

// A point read and a scan never see less than was seen before, and never more than was sent.
TEST_F(ConcurrencyTest, ABalanceNeverGoesBackwardsWhileItsWindowMovesToTheStore) {
  constexpr uint64_t kBatches = 150;
  std::atomic<uint64_t> sent = 0;
  std::atomic<uint64_t> acknowledged = 0;
  std::atomic<bool> writing = true;
  Run(4, [&](uint64_t thread) {
    if (thread == 0) {
      for (uint64_t number = 0; number < kBatches; ++number) {
        sent += 40;
        BatchResult result;
        EXPECT_OK(
            engine_->Ingest({}, MakeBatch("acme", "b" + std::to_string(number), 400), &result));
        acknowledged += 40;
      }
      writing = false;
      return;
    }
    uint64_t seen = 0;
    while (writing) {
      const uint64_t least = acknowledged;
      Balance balance;
      if (thread == 1) {
        std::unique_ptr<Cursor<Balance>> cursor;
        Filter filter;
        filter.tenant = "acme";
        filter.code = "S3";
        Status status = engine_->NewBalanceCursor(filter, &cursor);
        if (status.IsNotFound() && least == 0) {
          continue;
        }
        ASSERT_OK(status);
        cursor->SeekToFirst();
        ASSERT_OK(cursor->status());
        if (cursor->Valid()) {
          balance = cursor->value();
        }
      } else {
        const Status status = engine_->GetBalance({"acme", "S3"}, &balance);
        ASSERT_TRUE(status.ok() || (status.IsNotFound() && least == 0)) << status.ToString();
      }
      ASSERT_GE(balance.lines, seen);
      ASSERT_GE(balance.lines, least);
      ASSERT_LE(balance.lines, sent);
      seen = balance.lines;
    }
  });
  EXPECT_GT(engine_->stats().windows_drained, 20u);
  CloseSound();
}

TEST_F(ConcurrencyTest, ASecondWriterOfABatchIsBusyUntilTheFirstLetsGo) {
  std::unique_ptr<BatchWriter> first;
  ASSERT_OK(engine_->NewBatchWriter({}, "acme", "b", &first));
  ASSERT_OK(first->Add(MakeBatch("", "", 700), nullptr));
  std::unique_ptr<BatchWriter> second;
  EXPECT_CODE(kBusy, engine_->NewBatchWriter({}, "acme", "b", &second));
  BatchResult result;
  EXPECT_CODE(kBusy, engine_->Ingest({}, MakeBatch("acme", "b", 700), &result));
  ASSERT_OK(engine_->Flush());
  EXPECT_CODE(kBusy, engine_->NewBatchWriter({}, "acme", "b", &second));
  first.reset();
  ASSERT_OK(engine_->Ingest({}, MakeBatch("acme", "b", 700), &result));
  EXPECT_TRUE(result.continued);
  EXPECT_EQ(result.items_processed, 700u);
  CloseSound();
}

TEST_F(ConcurrencyTest, ClosingUnderCallersRefusesThemAndKeepsWhatWasAcknowledged) {
  std::atomic<uint64_t> acknowledged = 0;
  std::thread closer([&] {
    while (acknowledged < 20) {
      std::this_thread::yield();
    }
    EXPECT_OK(engine_->Close());
  });
  Run(4, [&](uint64_t thread) {
    for (uint64_t number = 0;; ++number) {
      BatchResult result;
      const std::string id = std::to_string(thread) + "/" + std::to_string(number);
      const Status status = engine_->Ingest({}, MakeBatch("acme", id, 50), &result);
      if (!status.ok()) {
        EXPECT_CODE(kUnavailable, status);
        Balance balance;
        EXPECT_CODE(kUnavailable, engine_->GetBalance({"acme", "S1"}, &balance));
        return;
      }
      ++acknowledged;
    }
  });
  closer.join();
  engine_.reset();
  ASSERT_OK(Engine::Open(TinyWindows(), directory_.database(), &engine_));
  Balance balance;
  ASSERT_OK(engine_->GetBalance({"acme", "S1"}, &balance));
  EXPECT_GE(balance.lines, acknowledged * 5);
  CloseSound();
}

}  // namespace
}  // namespace tallystone::testing
