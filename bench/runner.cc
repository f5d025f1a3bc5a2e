#include "runner.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "machine.h"

namespace tallystone::bench {
namespace {

constexpr uint64_t kWarmUpLines = 20'000;
constexpr uint64_t kSlowWarmUpLines = 200;

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double Percentile(const std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
}

Status Named(const Status& status, const std::string& peer) {
  return status.ok() ? status : Status(status.code(), peer + ": " + status.message());
}

// Hands the batches of a workload to a peer, from several threads.
class Feeder {
 public:
  Feeder(const Workload& workload, uint64_t lines, const RunOptions& options, Peer* peer)
      : workload_(workload),
        lines_(lines),
        batches_(workload.Batches(lines)),
        options_(options),
        peer_(peer),
        room_lines_(peer->RoomLines()) {}

  // The threads are made before, and wait for Run.
  void Prepare() {
    for (uint32_t thread = 0; thread < options_.threads; ++thread) {
      threads_.emplace_back([this] {
        started_.wait(false);
        Feed();
      });
    }
  }

  // Takes the time of the acknowledgements; *latencies: what each Write took, in microseconds.
  Status Run(Round* round, std::vector<double>* latencies) {
    start_ = Clock::now();
    started_.store(true);
    started_.notify_all();
    for (std::thread& thread : threads_) {
      thread.join();
    }
    round->acked_s = SecondsSince(start_);
    round->room_s = room_s_;
    round->room_lines = room_lines_reached_;
    *latencies = std::move(latencies_);
    return failure_;
  }

 private:
  void Feed() {
    WorkBatch batch;
    std::vector<double> latencies;
    for (uint64_t number = next_++; number < batches_ && !failed_; number = next_++) {
      workload_.GetBatch(number, lines_, &batch);
      const Clock::time_point start = Clock::now();
      Status status = peer_->Write(batch);
      latencies.push_back(SecondsSince(start) * 1e6);
      CountAcknowledged(batch.lines.size());
      if (status.ok() && options_.stop != nullptr && *options_.stop) {
        status = Status::Interrupted("interrupted");
      }
      if (!status.ok()) {
        const std::lock_guard lock(mutex_);
        failed_ = true;
        failure_ = std::move(status);
      }
    }
    const std::lock_guard lock(mutex_);
    latencies_.insert(latencies_.end(), latencies.begin(), latencies.end());
  }

  void CountAcknowledged(uint64_t lines) {
    const uint64_t before = acknowledged_.fetch_add(lines);
    if (before < room_lines_ && before + lines >= room_lines_) {
      room_s_ = SecondsSince(start_);
      room_lines_reached_ = before + lines;
    }
  }

  const Workload& workload_;
  const uint64_t lines_;
  const uint64_t batches_;
  const RunOptions& options_;
  Peer* const peer_;
  const uint64_t room_lines_;
  Clock::time_point start_;
  std::atomic<uint64_t> acknowledged_ = 0;  // lines
  double room_s_ = 0;                       // written by one thread, read after it was joined
  uint64_t room_lines_reached_ = 0;
  std::vector<std::thread> threads_;
  std::atomic<bool> started_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<uint64_t> next_ = 0;
  std::mutex mutex_;
  Status failure_;
  std::vector<double> latencies_;
};

Status Check(Peer* peer, const BalanceDigest& expected, bool* has_balances) {
  std::optional<BalanceDigest> digest;
  Status status = peer->Digest(&digest);
  *has_balances = digest.has_value();
  if (!status.ok() || !digest.has_value() || *digest == expected) {
    return status;
  }
  return Status::Corruption(
      fmt::format("its balances are not those of the workload ({} items, expected {})",
                  digest->items(), expected.items()));
}

// One peer, one round. `expected` null: no check.
Status RunRound(const Workload& workload, const PeerEntry& entry, uint64_t lines,
                const RunOptions& options, const BalanceDigest* expected, Round* round,
                bool* has_balances) {
  ScratchDirectory directory;
  Status status = directory.Create(options.directory);
  if (!status.ok()) {
    return status;
  }
  std::unique_ptr<Peer> peer = entry.make();
  status = peer->Open(workload, lines, directory.path());
  if (!status.ok()) {
    return status;
  }
  Feeder feeder(workload, lines, options, peer.get());
  SyncFileSystem(directory.path());
  feeder.Prepare();
  ResetPeakResidentBytes();
  const uint64_t resident = ResidentBytes();
  const double cpu = CpuSeconds();
  const Clock::time_point start = Clock::now();
  std::vector<double> latencies;
  const DeviceActivity before = DeviceActivityBelow(directory.path());
  status = feeder.Run(round, &latencies);
  if (status.ok()) {
    status = peer->Finish();
  }
  round->applied_s = SecondsSince(start);
  round->cpu_s = CpuSeconds() - cpu;
  round->rss_growth_bytes = std::max(PeakResidentBytes(), resident) - resident;
  if (status.ok() && expected != nullptr) {
    status = Check(peer.get(), *expected, has_balances);
  }
  const Status closed = peer->Close();
  round->disk_bytes = DiskBytes(directory.path());
  SyncFileSystem(directory.path());
  const DeviceActivity after = DeviceActivityBelow(directory.path());
  round->written_bytes = after.written_bytes - before.written_bytes;
  round->flushes = after.flushes - before.flushes;
  std::sort(latencies.begin(), latencies.end());
  round->ack_p50_us = Percentile(latencies, 0.50);
  round->ack_p99_us = Percentile(latencies, 0.99);
  return status.ok() ? closed : status;
}

}  // namespace

Spread SpreadOf(std::vector<double> figures) {
  if (figures.empty()) {
    return {};
  }
  std::sort(figures.begin(), figures.end());
  const size_t half = figures.size() / 2;
  const double median =
      figures.size() % 2 == 1 ? figures[half] : (figures[half - 1] + figures[half]) / 2;
  return {median, figures.front(), figures.back()};
}

Status RunPeers(const Workload& workload, const std::vector<const PeerEntry*>& peers,
                const RunOptions& options, std::vector<PeerResult>* results) {
  results->clear();
  std::map<uint64_t, BalanceDigest> expected;  // by lines
  for (const PeerEntry* peer : peers) {
    const bool slow = peer->info.speed == PeerSpeed::kSlow;
    const uint64_t lines = std::min(
        peer->info.lines_max, slow ? std::min(options.lines, options.slow_lines) : options.lines);
    results->push_back({peer, lines, "", {}, false});
    if (options.check && !expected.contains(lines)) {
      expected[lines] = ExpectedDigest(workload, lines);
    }
    Round warm_up;
    bool ignored = false;
    const uint64_t warm_up_lines = std::min(lines, slow ? kSlowWarmUpLines : kWarmUpLines);
    Status status = RunRound(workload, *peer, warm_up_lines, options, nullptr, &warm_up, &ignored);
    if (status.Is(StatusCode::kUnavailable)) {
      results->back().absent = status.message();
    } else if (!status.ok()) {
      return Named(status, peer->info.name);
    }
  }
  for (uint32_t number = 0; number < options.rounds; ++number) {
    for (size_t turn = 0; turn < results->size(); ++turn) {
      PeerResult& result = (*results)[(turn + number) % results->size()];
      if (!result.absent.empty()) {
        continue;
      }
      Round round;
      Status status =
          RunRound(workload, *result.peer, result.lines, options,
                   options.check ? &expected[result.lines] : nullptr, &round, &result.has_balances);
      if (!status.ok()) {
        return Named(status, result.peer->info.name);
      }
      fmt::print(stderr, "round {}/{} {:<14} {:>10.0f} lines/s acknowledged {:>10.0f} applied\n",
                 number + 1, options.rounds, result.peer->info.name,
                 static_cast<double>(result.lines) / round.acked_s,
                 static_cast<double>(result.lines) / round.applied_s);
      result.rounds.push_back(round);
    }
  }
  return Status::Ok();
}

}  // namespace tallystone::bench
