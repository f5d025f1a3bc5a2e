// A window that the store refuses goes key by key: exactly the poison key's lines become dead
// letters, and a crash at any step resumes at the next key (laws L2, L3, L5, L6; DESIGN 4.6).
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"
#include "tallystone/limits.h"

namespace tallystone::testing {
namespace {

constexpr uint32_t kPoisonItem = 17;
constexpr StockKey kPoison{1, kPoisonItem};

std::string Code(uint32_t item) {
  return "C" + std::to_string(item);
}

// Lines over `items` items in turn, so that item n of the tenant is the one with code n.
Batch MakeBatch(const std::string& id, uint64_t lines, uint32_t items) {
  Batch batch("acme", id);
  for (uint64_t line = 0; line < lines; ++line) {
    const std::string code = Code(static_cast<uint32_t>(line % items) + 1);
    batch.Add({.code = code,
               .quantity = Decimal::FromUnits(static_cast<int64_t>(line % 7 + 1) * 500'000),
               .unit_cost = Decimal::FromUnits(1'250'000)});
  }
  return batch;
}

Status IngestAll(Engine* engine, uint64_t lines, uint32_t items, BatchResult* result) {
  return engine->Ingest({}, MakeBatch("b1", lines, items), result);
}

void RefusePoison(FaultStore* store) {
  store->RefuseKey(kPoison);
}

TEST(KeyReplayTest, OnePoisonKeyInALargeWindowLosesOnlyItsOwnLines) {
  constexpr uint64_t kLines = 100'000;
  constexpr uint32_t kItems = 1000;
  EngineDirectory directory;
  directory.PrepareStores(RefusePoison);
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  BatchResult result;
  ASSERT_OK(IngestAll(engine.get(), kLines, kItems, &result));
  EXPECT_EQ(result.items_processed, kLines);
  ASSERT_OK(engine->Flush());
  EXPECT_EQ(engine->stats().keys_replayed, kItems);
  EXPECT_EQ(engine->stats().keys_rejected, 1u);

  std::set<uint64_t> dead;
  std::unique_ptr<Cursor<DeadLetter>> letters;
  ASSERT_OK(engine->NewDeadLetterCursor({}, &letters));
  for (letters->SeekToFirst(); letters->Valid(); letters->Next()) {
    EXPECT_EQ(letters->value().cause, Outcome::kStoreRejected);
    EXPECT_EQ(letters->value().code, Code(kPoisonItem));
    EXPECT_FALSE(letters->value().detail.empty());
    dead.insert(letters->value().key.line);
  }
  ASSERT_OK(letters->status());
  EXPECT_EQ(dead.size(), kLines / kItems);
  for (const uint64_t line : dead) {
    EXPECT_EQ((line - 1) % kItems + 1, kPoisonItem);
  }
  letters.reset();
  Balance balance;
  EXPECT_CODE(kNotFound, engine->GetBalance({"acme", Code(kPoisonItem)}, &balance));
  EXPECT_OK(engine->GetBalance({"acme", Code(kPoisonItem + 1)}, &balance));
  EXPECT_EQ(balance.lines, kLines / kItems);
  BatchInfo info;
  EXPECT_OK(engine->GetBatch("acme", "b1", &info));
  EXPECT_EQ(info.items_failed, kLines / kItems);
  EXPECT_EQ(info.items_processed + info.items_failed, kLines);
  std::vector<LineResult> lines;
  ASSERT_OK(engine->GetLineResults("acme", "b1", &lines));
  ASSERT_EQ(lines.size(), kLines);
  EXPECT_EQ(lines[kPoisonItem - 1].outcome, Outcome::kStoreRejected);
  EXPECT_EQ(lines[kPoisonItem].outcome, Outcome::kAccepted);
  ASSERT_OK(engine->Close());
  EXPECT_NE(directory.SoundDigest(), "");
}

TEST(KeyReplayTest, AnAnswerThatWaitsForTheStoreNamesTheRefusedLines) {
  EngineDirectory directory;
  directory.PrepareStores(RefusePoison);
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, MakeBatch("b1", 100, 50), &result));
  EXPECT_EQ(result.status, BatchStatus::kPartialSuccess);
  EXPECT_EQ(result.items_processed, 98u);
  EXPECT_EQ(result.items_failed, 2u);
  ASSERT_EQ(result.failed_items.size(), 2u);
  EXPECT_EQ(result.failed_items[0].line, kPoisonItem);
  EXPECT_EQ(result.failed_items[0].code, Code(kPoisonItem));
  EXPECT_EQ(result.failed_items[0].error, Outcome::kStoreRejected);
  EXPECT_EQ(result.lines[kPoisonItem - 1].outcome, Outcome::kStoreRejected);
}

TEST(KeyReplayTest, ARetryBooksARefusedLineOnceTheStoreTakesItsKey) {
  EngineDirectory directory;
  directory.PrepareStores(RefusePoison);
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, MakeBatch("b1", 50, 50), &result));
  const DeadLetterKey key{"acme", "b1", kPoisonItem};
  LineResult again;
  // The store still refuses it: the line is dead once more, with another attempt.
  ASSERT_OK(engine->RetryDeadLetter({.level = Durability::kApplied}, key, nullptr, &again));
  DeadLetter letter;
  ASSERT_OK(engine->GetDeadLetter(key, &letter));
  EXPECT_EQ(letter.attempts, 2u);
  faults->AllowAllKeys();
  ASSERT_OK(engine->RetryDeadLetter({.level = Durability::kApplied}, key, nullptr, &again));
  EXPECT_EQ(again.outcome, Outcome::kAccepted);
  EXPECT_CODE(kNotFound, engine->RetryDeadLetter({}, key, nullptr, &again));
  Balance balance;
  ASSERT_OK(engine->GetBalance({"acme", Code(kPoisonItem)}, &balance));
  EXPECT_EQ(balance.lines, 1u);
  ASSERT_OK(engine->Close());
  EXPECT_NE(directory.SoundDigest(), "");
}

// --- crashes inside a replay ---

constexpr uint32_t kReplayKeys = 200;
constexpr int kCrashed = 42;

// Ingests, and ends the process before or after step `step` of the replay. kReplayKeys: around
// ApplyRest.
[[noreturn]] void IngestAndCrash(EngineDirectory* directory, uint64_t step, bool before) {
  directory->PrepareStores([=](FaultStore* store) {
    RefusePoison(store);
    const auto crash_at = [=](uint64_t now, const StockKey*) {
      if (now == step) {
        _exit(kCrashed);
      }
    };
    if (step == kReplayKeys) {
      auto windows = std::make_shared<std::atomic<int>>(0);
      const auto crash_at_rest = [=] {
        if (++*windows == 2) {  // the first is the refused Apply
          _exit(kCrashed);
        }
      };
      before ? store->OnBeforeWindow(crash_at_rest) : store->OnAfterWindow(crash_at_rest);
    } else {
      before ? store->OnBeforeKey(crash_at) : store->OnAfterKey(crash_at);
    }
  });
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  BatchResult result;
  if (!directory->Open(QuietOptions(), &engine, &faults).ok() ||
      !IngestAll(engine.get(), 3 * kReplayKeys, kReplayKeys, &result).ok()) {
    _exit(1);
  }
  engine->Flush().PermitUnchecked();
  _exit(2);
}

// Opens after the crash: finishes the replay, with the same key refused.
void ResumeAndCompare(EngineDirectory* directory, uint64_t keys_left_max,
                      const std::string& expected) {
  directory->PrepareStores(RefusePoison);
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory->Open(QuietOptions(), &engine, &faults));
  BatchResult result;
  ASSERT_OK(IngestAll(engine.get(), 3 * kReplayKeys, kReplayKeys, &result));
  EXPECT_TRUE(result.resent);
  ASSERT_OK(engine->Flush());
  EXPECT_LE(engine->stats().keys_replayed, keys_left_max);
  ASSERT_OK(engine->Close());
  EXPECT_EQ(directory->SoundDigest(), expected);
}

class ReplayCrashTest : public ::testing::TestWithParam<bool> {};

TEST_P(ReplayCrashTest, AtEveryKeyResumesAtTheNextKeyAndEndsTheSame) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer cannot follow the threads of a child that was forked";
#endif
  EngineDirectory uninterrupted;
  ASSERT_NO_FATAL_FAILURE([&] {
    uninterrupted.PrepareStores(RefusePoison);
    std::unique_ptr<Engine> engine;
    FaultStore* faults = nullptr;
    ASSERT_OK(uninterrupted.Open(QuietOptions(), &engine, &faults));
    BatchResult result;
    ASSERT_OK(IngestAll(engine.get(), 3 * kReplayKeys, kReplayKeys, &result));
    ASSERT_OK(engine->Close());
  }());
  const std::string expected = uninterrupted.SoundDigest();
  // On disk, a crash before a write is one after the write before it: a sample of those is enough.
  const uint64_t stride = GetParam() ? 20 : 1;
  for (uint64_t step = 0; step <= kReplayKeys; step += stride) {
    SCOPED_TRACE("step " + std::to_string(step));
    EngineDirectory directory;
    const pid_t child = fork();
    if (child == 0) {
      IngestAndCrash(&directory, step, GetParam());
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), kCrashed);
    // The step that crashed may have to be done again; those before it never are. Rejecting takes
    // two calls of ApplyKey, so one step may be one key further back than its number.
    ASSERT_NO_FATAL_FAILURE(ResumeAndCompare(&directory, kReplayKeys - step + 1, expected));
  }
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, ReplayCrashTest, ::testing::Bool(),
                         [](const auto& parameter) {
                           return parameter.param ? "BeforeTheWrite" : "AfterTheWrite";
                         });

// --- causes that are not the data's ---

TEST(StoreFaultTest, ATransientRefusalIsRepeatedAndNothingIsDoubled) {
  EngineDirectory directory;
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  BatchResult result;
  ASSERT_OK(IngestAll(engine.get(), 1000, 100, &result));
  faults->FailWrites(2, Status::TryAgain("busy"));
  ASSERT_OK(engine->Flush());
  ASSERT_OK(engine->Ingest({}, MakeBatch("b2", 1000, 100), &result));
  faults->FailWritesAfterApplying(1, Status::TryAgain("the answer was lost"));
  ASSERT_OK(engine->Flush());
  EXPECT_EQ(engine->stats().keys_replayed, 0u);
  Balance balance;
  ASSERT_OK(engine->GetBalance({"acme", Code(1)}, &balance));
  EXPECT_EQ(balance.lines, 20u);
  ASSERT_OK(engine->Close());
  EXPECT_NE(directory.SoundDigest(), "");
}

TEST(StoreFaultTest, AnAmbiguousKeyStepIsSettledByTheMarker) {
  EngineDirectory directory;
  directory.PrepareStores(RefusePoison);
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  BatchResult result;
  ASSERT_OK(IngestAll(engine.get(), 500, 50, &result));
  faults->AimFaultsAt(FaultStore::Target::kKeys);
  faults->FailWritesAfterApplying(5, Status::TryAgain("the answer was lost"));
  ASSERT_OK(engine->Flush());
  Balance balance;
  for (uint32_t item = 1; item <= 50; ++item) {
    if (item != kPoisonItem) {
      ASSERT_OK(engine->GetBalance({"acme", Code(item)}, &balance));
      EXPECT_EQ(balance.lines, 10u) << item;
    }
  }
  ASSERT_OK(engine->Close());
  EXPECT_NE(directory.SoundDigest(), "");
}

// The disk of the store is full for a while: the log goes on, then callers get the cause, and
// nobody's line becomes a dead letter.
TEST(StoreFaultTest, AFullDiskStopsCallersWithTheCauseAndLosesNothing) {
  EngineDirectory directory;
  Options options = QuietOptions();
  options.window_lines_max = 1000;
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(options, &engine, &faults));
  faults->FailWrites(1'000'000, Status::NoSpace("no space left on device"));
  faults->FailRecover(1'000'000, Status::NoSpace("no space left on device"));
  Status status;
  std::vector<std::string> acknowledged;
  for (int number = 0; number < 1000 && status.ok(); ++number) {
    const std::string id = "b" + std::to_string(number);
    BatchResult result;
    status = engine->Ingest({}, MakeBatch(id, 100, 50), &result);
    if (status.ok()) {
      acknowledged.push_back(id);
    } else {
      // Two windows, while the store stands still.
      EXPECT_GE(acknowledged.size(), 10u);
      EXPECT_LE(acknowledged.size(), 40u);
    }
  }
  EXPECT_CODE(kUnavailable, status);
  EXPECT_NE(status.message().find("no space left on device"), std::string::npos);
  EXPECT_CODE(kNoSpace, engine->Flush());
  Balance balance;
  ASSERT_OK(engine->GetBalance({"acme", Code(1)}, &balance));  // reads go on
  EXPECT_EQ(balance.lines, acknowledged.size() * 2);

  faults->StopFailing();
  for (int wait = 0; wait < 600 && !engine->Flush().ok(); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, MakeBatch("after", 100, 50), &result));
  ASSERT_OK(engine->Flush());
  EXPECT_EQ(engine->stats().keys_replayed, 0u);
  ASSERT_OK(engine->GetBalance({"acme", Code(1)}, &balance));
  EXPECT_EQ(balance.lines, acknowledged.size() * 2 + 2);
  std::unique_ptr<Cursor<DeadLetter>> letters;
  ASSERT_OK(engine->NewDeadLetterCursor({}, &letters));
  letters->SeekToFirst();
  EXPECT_FALSE(letters->Valid());
  letters.reset();
  ASSERT_OK(engine->Close());
  EXPECT_NE(directory.SoundDigest(), "");
}

// Few lines, but long ones that failed and are kept whole: a window is bounded in bytes, too (law
// L9).
TEST(StoreFaultTest, AFullWindowOfLongFailedLinesStopsCallers) {
  EngineDirectory directory;
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  faults->FailWrites(1'000'000, Status::NoSpace("no space left on device"));
  faults->FailRecover(1'000'000, Status::NoSpace("no space left on device"));
  const std::string longest(limits::kFailedFieldBytesMax, 'x');
  constexpr uint64_t kLines = 64;
  const uint64_t bytes = kLines * 8 * longest.size();
  uint64_t accepted = 0;
  Status status;
  for (; status.ok() && accepted * bytes < 4 * limits::kWindowBytesMax; ++accepted) {
    Batch batch("acme", "b" + std::to_string(accepted));
    for (uint64_t line = 0; line < kLines; ++line) {
      batch.AddText({.code = longest,
                     .description = longest,
                     .quantity = longest,
                     .unit_cost = "1",
                     .vendor = longest,
                     .gtin = longest,
                     .unit = longest,
                     .document = longest,
                     .line_id = longest});
    }
    BatchResult result;
    status = engine->Ingest({}, batch, &result);
  }
  EXPECT_CODE(kUnavailable, status);
  EXPECT_LE(engine->stats().window_lines * 8 * longest.size(),
            2 * (limits::kWindowBytesMax + bytes));
  faults->StopFailing();
  for (int wait = 0; wait < 600 && !engine->Flush().ok(); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(engine->stats().window_lines, 0u);
  ASSERT_OK(engine->Close());
}

TEST(StoreFaultTest, WhatWasAcknowledgedWhileTheStoreFailedIsThereAfterAReopen) {
  EngineDirectory directory;
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  faults->FailWrites(1'000'000, Status::IoError("broken"));
  BatchResult result;
  ASSERT_OK(IngestAll(engine.get(), 5000, 100, &result));
  EXPECT_CODE(kIoError, engine->Flush());
  EXPECT_CODE(kIoError, engine->Close());  // says so; it is in the log
  engine.reset();
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  EXPECT_EQ(engine->stats().replayed_lines, 5000u);
  Balance balance;
  ASSERT_OK(engine->GetBalance({"acme", Code(100)}, &balance));
  EXPECT_EQ(balance.lines, 50u);
  ASSERT_OK(engine->Close());
  EXPECT_NE(directory.SoundDigest(), "");
}

}  // namespace
}  // namespace tallystone::testing
