// Crashes at every operation: what Sync answered OK for is there, in order; nothing unknown ever
// appears.
#include <gmock/gmock.h>

#include "batchlog/log_fixture.h"

namespace tallystone {
namespace {

using Keep = FaultFileSystem::Keep;

struct LastWords {
  const char* name;
  Keep keep;
  uint64_t seed;
  bool killed;  // the process died, the machine did not
};

constexpr LastWords kLastWords[] = {
    {"nothing unsynced survives", Keep::kNothing, 0, false},
    {"everything survives", Keep::kEverything, 0, false},
    {"killed", Keep::kEverything, 0, true},
    {"some survives, 1", Keep::kSome, 1, false},
    {"some survives, 2", Keep::kSome, 2, false},
    {"some survives, 3", Keep::kSome, 3, false},
    {"some survives, 4", Keep::kSome, 4, false},
    {"some survives, 5", Keep::kSome, 5, false},
};

// The log and what is known about it outside of it.
class Ledger {
 public:
  Ledger() {
    options_.file_system = &disk;
    options_.segment_bytes = 8192;
    options_.free_segments_max = 2;
  }

  // Opens the log and compares it. A refusal without a fault under way is a failure.
  bool Open() {
    ++life_;
    std::vector<Entry> replayed;
    const Status opened = BatchLog::Open(
        options_, kLogDirectory, kDatabaseId, applied_,
        [&](const LoggedChunk& chunk) {
          replayed.emplace_back(chunk.lsn, *chunk.payload);
          return Status::Ok();
        },
        nullptr, &log_);
    if (!opened.ok()) {
      EXPECT_TRUE(opened.Is(StatusCode::kIoError) || opened.Is(StatusCode::kNoSpace))
          << opened.ToString();
      return false;
    }
    Compare(replayed);
    return true;
  }

  bool Append(size_t payload_bytes) {
    std::string payload =
        "life " + std::to_string(life_) + " record " + std::to_string(appended_.size() + 1) + " ";
    payload.resize(payload_bytes, '.');
    Lsn lsn = 0;
    const Status status = log_->Append(std::make_shared<const std::string>(payload), &lsn);
    if (status.ok()) {
      EXPECT_EQ(lsn, appended_.size() + 1);
      appended_.push_back(payload);
    }
    return status.ok();
  }

  bool Sync() {
    if (!log_->Sync(appended_.size()).ok()) {
      return false;
    }
    acknowledged_ = appended_.size();
    return true;
  }

  // As if the store had everything acknowledged so far, less `lag` records.
  bool Apply(Lsn lag) {
    applied_ = std::max(applied_, acknowledged_ - std::min(acknowledged_, lag));
    return log_->Release(applied_).ok();
  }

  void End(const LastWords& words) {
    // Without the destructor's last sync counting for anything: the machine is already gone.
    disk.CrashAt(0);
    log_.reset();
    if (words.killed) {
      disk.Kill();
    } else {
      disk.Crash(words.keep, words.seed);
    }
  }
  void Close() { log_.reset(); }

  FaultFileSystem disk;

 private:
  // Everything acknowledged is there, and nothing that was never appended.
  void Compare(const std::vector<Entry>& replayed) {
    Lsn lsn = applied_;
    for (const Entry& entry : replayed) {
      ASSERT_EQ(entry.first, ++lsn);
      ASSERT_LE(lsn, appended_.size()) << "a record that was never appended: " << entry.second;
      ASSERT_EQ(entry.second, appended_[lsn - 1]);
    }
    ASSERT_GE(lsn, acknowledged_) << "an acknowledged record is lost";
    appended_.resize(lsn);
    acknowledged_ = lsn;  // from here on the log vouches for what it showed
  }

  BatchLogOptions options_;
  std::unique_ptr<BatchLog> log_;
  std::vector<std::string> appended_;
  Lsn acknowledged_ = 0;
  Lsn applied_ = 0;
  int life_ = 0;
};

// Appends, groups over the edge of a segment, a record larger than a segment, rolls, recycling,
// removal of free segments, reopening. False = a fault ended it.
bool FirstLife(Ledger* ledger) {
  return ledger->Open() && ledger->Append(100) && ledger->Sync() && ledger->Append(900) &&
         ledger->Append(900) && ledger->Sync() && ledger->Append(1500) && ledger->Append(1500) &&
         ledger->Append(1500) && ledger->Sync() && ledger->Apply(2) && ledger->Append(9000) &&
         ledger->Append(10) && ledger->Sync() && ledger->Append(3000) && ledger->Sync() &&
         ledger->Append(3000) && ledger->Sync() && ledger->Apply(1) && ledger->Append(2500) &&
         ledger->Sync() && ledger->Append(2500) && ledger->Sync() && ledger->Apply(0);
}
bool SecondLife(Ledger* ledger) {
  return ledger->Open() && ledger->Append(300) && ledger->Append(300) && ledger->Sync() &&
         ledger->Append(3900) && ledger->Sync() && ledger->Apply(1) && ledger->Append(50) &&
         ledger->Sync();
}

TEST(LogCrashTest, AtEveryOperation) {
  uint64_t points = 0;
  for (const LastWords& words : kLastWords) {
    bool finished = false;
    for (uint64_t n = 0; !finished; ++n, ++points) {
      SCOPED_TRACE(std::string(words.name) + ", operation " + std::to_string(n));
      Ledger ledger;
      ledger.disk.CrashAt(n);
      finished = FirstLife(&ledger) && (ledger.Close(), SecondLife(&ledger));
      ledger.End(words);
      ASSERT_TRUE(SecondLife(&ledger)) << "the log does not work after the crash";
      ledger.Close();
      ASSERT_TRUE(ledger.Open());
      if (HasFailure()) {
        return;
      }
    }
  }
  EXPECT_GT(points, std::size(kLastWords) * 60);
}

TEST(LogCrashTest, AtEveryOperationAndAgainAtEveryOperationOfRecovery) {
  for (const LastWords& words : kLastWords) {
    bool finished = false;
    for (uint64_t n = 0; !finished; ++n) {
      bool recovered = false;
      for (uint64_t m = 0; !recovered; ++m) {
        SCOPED_TRACE(std::string(words.name) + ", operation " + std::to_string(n) + ", then " +
                     std::to_string(m));
        Ledger ledger;
        ledger.disk.CrashAt(n);
        finished = FirstLife(&ledger);
        ledger.End(words);
        ledger.disk.CrashAt(m);
        recovered = ledger.Open();
        ledger.End(kLastWords[(n + m) % std::size(kLastWords)]);
        ASSERT_TRUE(ledger.Open());
        if (HasFailure()) {
          return;
        }
      }
    }
  }
}

// One operation fails and the program goes on as programs do: it reopens the log, and then the
// power goes. What a failed sync left in the page cache is read back, and must be made durable
// then.
TEST(LogCrashTest, FailedOperationThenReopenThenPowerLoss) {
  for (const bool works_on : {false, true}) {
    for (const LastWords& words : kLastWords) {
      bool finished = false;
      for (uint64_t n = 0; !finished; ++n) {
        SCOPED_TRACE(std::string(words.name) + ", operation " + std::to_string(n));
        Ledger ledger;
        ledger.disk.FailAt(n, Status::IoError("this one operation fails"));
        finished = FirstLife(&ledger);
        ledger.Close();
        ledger.disk.Kill();
        ASSERT_TRUE(works_on ? SecondLife(&ledger) : ledger.Open());
        ledger.End(words);
        ASSERT_TRUE(ledger.Open());
        if (HasFailure()) {
          return;
        }
      }
    }
  }
}

TEST(LogCrashTest, FullDiskAtEveryByteCountLosesNothingAcknowledged) {
  for (uint64_t space = 0; space < 60'000; space += 499) {
    SCOPED_TRACE(space);
    Ledger ledger;
    ledger.disk.SetSpace(space);
    FirstLife(&ledger);
    ledger.Close();
    ledger.disk.Kill();  // and there is space again
    ASSERT_TRUE(SecondLife(&ledger));
  }
}

}  // namespace
}  // namespace tallystone
