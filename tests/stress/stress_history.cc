#include "stress/stress_history.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "engine_support/difference_from_model.h"

namespace tallystone::testing {
namespace {

using Keep = FaultFileSystem::Keep;

constexpr uint32_t kPoisonItem = 3;
constexpr uint64_t kRoomBytes = 40'000;

Options RandomOptions(test::RandomSource* random) {
  Options options;
  options.window_age_ms_max = random->OneIn(3) ? 1 : 0;
  options.window_lines_max = 500 + random->Below(1500);
  options.ingest_lines_min = random->OneIn(2) ? 0 : 1'000'000;
  options.log_segment_bytes = (64u << 10) << random->Below(3);
  options.store_retries_max = static_cast<uint32_t>(random->Below(3));
  options.store_retry_delay_ms = 1;
  options.items_max = 1'000'000;
  return options;
}

const char* NameOf(FileOperation operation) {
  switch (operation) {
    case FileOperation::kWrite:
      return "error of a write";
    case FileOperation::kSync:
      return "error of a sync";
    case FileOperation::kRename:
      return "error of a rename";
    case FileOperation::kSyncDirectory:
      return "error of a directory sync";
    case FileOperation::kRead:
      return "error of a read";
    default:
      return "error of another operation";
  }
}

}  // namespace

void StressCounts::Add(const StressCounts& other) {
  seeds += other.seeds;
  batches += other.batches;
  lines += other.lines;
  steps += other.steps;
  comparisons += other.comparisons;
  reads += other.reads;
  for (const auto& [fault, count] : other.faults) {
    faults[fault] += count;
  }
}

StressHistory::StressHistory(const StressOptions& options)
    : stress_(options),
      random_(options.seed),
      options_(RandomOptions(&random_)),
      poison_(options.faults && random_.OneIn(4)),
      database_(std::make_unique<FaultFileSystem>()) {
  // One writer: what happens depends on the seed alone, but for RocksDB's background threads.
  const int writers = random_.OneIn(2) ? 1 : 2 + static_cast<int>(random_.Below(2));
  for (int number = 0; number < writers; ++number) {
    writers_.push_back(std::make_unique<StressWriter>(random_.Bits(), number, poison_));
  }
  database_.PrepareStores([this](FaultStore* store) {
    store_ = store;
    for (uint32_t tenant = 1; poison_ && tenant < 10; ++tenant) {
      store->RefuseKey({tenant, kPoisonItem});
    }
  });
}

std::string StressHistory::Open() {
  const Status status = database_.Open(options_, &engine_);
  return status.ok() ? "" : "cannot be opened: " + status.ToString();
}

std::string StressHistory::Compare() {
  ++counts_.comparisons;
  Status status = poison_ ? engine_->Flush() : engine_->Sync();
  if (!status.ok()) {
    return "before a comparison: " + status.ToString();
  }
  LedgerModel all(options_.items_max);
  for (const auto& writer : writers_) {
    if (!writer->wrong().empty()) {
      return writer->wrong();
    }
    for (auto& [name, tenant] : writer->model().tenants) {
      if (poison_) {
        writer->model().RejectByStore(name, kPoisonItem);
      }
      all.tenants[name] = tenant;
    }
  }
  return DifferenceFromModel(engine_.get(), all);
}

// What is going to happen in this life.
void StressHistory::PlanFault() {
  FaultFileSystem* disk = database_.disk();
  const uint64_t when = random_.Below(random_.OneIn(3) ? 60 : 900);
  switch (random_.Below(7)) {
    case 0:
    case 1:
      disk->CrashAt(when);
      return;
    case 2: {
      // By kind, for writes are most.
      const auto kind = static_cast<FileOperation>(
          random_.Below(static_cast<uint64_t>(FileOperation::kRead) + 1));
      auto left = std::make_shared<std::atomic<int64_t>>(static_cast<int64_t>(when / 20));
      disk->SetHook([kind, left](FileOperation operation, const std::string& path) {
        if (operation == kind && (*left)-- == 0) {
          return Status::IoError(path + ": the test made this fail");
        }
        return Status::Ok();
      });
      Count(NameOf(kind));
      return;
    }
    case 3: {
      uint64_t used = 0;
      for (const std::string& path : disk->Paths()) {
        used += disk->Contents(path)->size();
      }
      disk->SetSpace(used + random_.Below(kRoomBytes));
      Count("disk full");
      return;
    }
    case 4:
      store_->FailWrites(1 + random_.Below(4), random_.OneIn(2)
                                                   ? Status::IoError("the test's store failed")
                                                   : Status::TryAgain("the test's store is busy"));
      Count("store fails for a while");
      return;
    case 5:
      store_->FailWritesAfterApplying(1, Status::IoError("the answer of the store was lost"));
      Count("answer of the store lost");
      return;
    default:
      return;  // a good life
  }
}

std::string StressHistory::ReadBeside(const std::atomic<bool>* done) {
  test::RandomSource random(stress_.seed ^ counts_.steps);
  uint64_t logged = 0;
  while (!*done) {
    ++counts_.reads;
    const uint64_t now = engine_->stats().logged_lsn;
    if (now < logged) {
      return "the durable LSN went back from " + std::to_string(logged) + " to " +
             std::to_string(now);
    }
    logged = now;
    AcknowledgedBatch batch;
    if (!writers_[random.Below(writers_.size())]->PickAcknowledged(random.Bits(), &batch)) {
      std::this_thread::yield();
      continue;
    }
    BatchInfo info;
    const Status status = engine_->GetBatch(batch.tenant, batch.batch, &info);
    if (status.IsNotFound() || (status.ok() && info.lines < batch.lines)) {
      return "a reader sees " + std::to_string(info.lines) + " lines of batch '" + batch.batch +
             "' of " + batch.tenant + ", " + std::to_string(batch.lines) + " were acknowledged";
    }
    std::this_thread::yield();
  }
  return "";
}

std::string StressHistory::Live(uint64_t batches) {
  std::atomic<bool> done = false;
  std::atomic<bool> ended = false;
  std::string read_wrong;
  std::thread reader([&] { read_wrong = ReadBeside(&done); });
  std::vector<std::thread> threads;
  std::atomic<uint64_t> steps = 0;
  for (const auto& writer : writers_) {
    threads.emplace_back([&, writer = writer.get()] {
      const uint64_t goal = writer->batches() + batches / writers_.size();
      while (!ended && writer->batches() < goal && writer->wrong().empty()) {
        ++steps;
        if (!writer->Step(engine_.get())) {
          ended = true;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  done = true;
  reader.join();
  counts_.steps += steps;
  for (const auto& writer : writers_) {
    if (!writer->wrong().empty()) {
      return writer->wrong();
    }
  }
  return read_wrong;
}

// The engine goes, with the machine, the process, or in order.
void StressHistory::End() {
  FaultFileSystem* disk = database_.disk();
  const uint64_t how = stress_.faults ? random_.Below(6) : 5;
  if (how < 4) {
    disk->CrashAt(0);  // without the last writes of the destructor
  }
  if (how == 5) {
    engine_->Close().PermitUnchecked();
  }
  engine_.reset();
  disk->SetHook(nullptr);
  switch (how) {
    case 0:
      disk->Crash(Keep::kNothing);
      Count("power loss, nothing unsynced is left");
      return;
    case 1:
      disk->Crash(Keep::kEverything);
      Count("power loss, all is left");
      return;
    case 2:
      disk->Crash(Keep::kSome, random_.Bits());
      Count("power loss, a part is left");
      return;
    default:
      disk->Kill();
      Count(how == 5 ? "closed in order" : "process killed");
  }
}

std::string StressHistory::Run() {
  const uint64_t lives = 3 + random_.Below(4);
  std::string wrong = Open();
  for (uint64_t life = 0; life < lives && wrong.empty(); ++life) {
    if (stress_.faults) {
      PlanFault();
    }
    wrong = Live(stress_.batches / lives + 1);
    if (!wrong.empty()) {
      break;
    }
    End();
    wrong = Open();
    for (const auto& writer : writers_) {
      if (wrong.empty()) {
        writer->Settle(engine_.get());
      }
    }
    if (wrong.empty()) {
      wrong = Compare();
    }
  }
  for (const auto& writer : writers_) {
    if (wrong.empty()) {
      writer->SendAllAgain(engine_.get());
      counts_.batches += writer->batches();
      counts_.lines += writer->lines();
    }
  }
  if (wrong.empty()) {
    wrong = Compare();
  }
  if (wrong.empty()) {
    const Status status = engine_->Close();
    engine_.reset();
    const std::string digest = status.ok() ? database_.SoundDigest() : status.ToString();
    wrong = status.ok() && digest.rfind("unsound", 0) != 0 ? "" : "at the end: " + digest;
  }
  engine_.reset();
  counts_.seeds = 1;
  return wrong;
}

}  // namespace tallystone::testing
