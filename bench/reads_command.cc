#include "reads_command.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "endless_lines.h"
#include "machine.h"
#include "measure.h"
#include "store/rocks/database.h"
#include "store/rocks/keys.h"
#include "tallystone/tallystone.h"

namespace tallystone::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct ReadsOptions {
  std::string workload = "zipf100k";
  uint64_t seed = 42;
  uint64_t lines = 2'000'000;
  uint64_t reads = 200'000;
  std::string directory = ".";
};

// Nanoseconds of each read.
class Latencies {
 public:
  template <typename Read>
  Status Time(uint64_t count, const Read& read) {
    nanos_.reserve(nanos_.size() + count);
    for (uint64_t number = 0; number < count; ++number) {
      const auto start = Clock::now();
      Status status = read(number);
      nanos_.push_back(
          static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count()));
      if (!status.ok()) {
        return status;
      }
    }
    return Status::Ok();
  }

  void Print(const char* what) {
    std::sort(nanos_.begin(), nanos_.end());
    const auto at = [&](double part) {
      return static_cast<double>(
                 nanos_[static_cast<size_t>(part * static_cast<double>(nanos_.size() - 1))]) /
             1000;
    };
    fmt::print("{:<52} {:>9.2f} {:>9.2f} {:>9.2f}\n", what, at(0.5), at(0.99), at(0.999));
  }

 private:
  std::vector<uint64_t> nanos_;
};

class Reads {
 public:
  Reads(const ReadsOptions& options, const WorkloadSpec& spec, std::string path)
      : options_(options), path_(std::move(path)), source_(spec, options.seed) {}

  Status Run() {
    std::unique_ptr<Engine> engine;
    Status status = Engine::Open({}, path_, &engine);
    double alone = 0;
    if (status.ok()) {
      status = Ingest(engine.get(), &alone);
    }
    if (status.ok()) {
      items_ = static_cast<uint32_t>(engine->stats().items);
      status = engine->Close();
    }
    engine.reset();
    fmt::print("{:<52} {:>9} {:>9} {:>9}\n", "microseconds", "p50", "p99", "p99.9");
    for (const auto& step : {&Reads::BareGets, &Reads::AtRest, &Reads::Recent, &Reads::Beside}) {
      status = status.ok() ? (this->*step)() : status;
    }
    return status;
  }

 private:
  Status Ingest(Engine* engine, double* seconds) {
    Status status = source_.Feed(options_.lines, seconds,
                                 [&](const Batch& batch) { return IngestAll(engine, batch); });
    return status.ok() ? engine->Flush() : status;
  }

  ItemKey Random() {
    ItemKey key;
    key.tenant = "default";
    key.item = 1 + static_cast<uint32_t>(random_() % items_);
    return key;
  }

  // RocksDB's own Get on the compacted family of balances.
  Status BareGets() {
    RocksStoreOptions options;
    options.path = path_ + "/store";
    std::shared_ptr<rocks::Database> database;
    Status status = rocks::Database::Open(options, &database);
    if (!status.ok()) {
      return status;
    }
    rocksdb::ColumnFamilyHandle* family = database->handle(rocks::Family::kBalances);
    database->db()->CompactRange({}, family, nullptr, nullptr).PermitUncheckedError();
    const auto get = [&](uint64_t) {
      std::string key;
      rocksdb::PinnableSlice value;
      rocks::EncodeBalanceKey(rocks::GroupOf({1, Random().item}), &key);
      return database->db()->Get({}, family, key, &value).ok() ? Status::Ok()
                                                               : Status::Corruption("no balance");
    };
    Latencies warm, bare;
    status = warm.Time(options_.reads, get);
    if (status.ok()) {
      status = bare.Time(options_.reads, get);
      bare.Print("bare Get, compacted family, random item");
    }
    const Status closed = database->Close();
    return status.ok() ? closed : status;
  }

  Status AtRest() {
    std::unique_ptr<Engine> engine;
    Status status = Engine::Open({}, path_, &engine);
    const auto read = [&](uint64_t) {
      Balance balance;
      return engine->GetBalance(Random(), &balance);
    };
    Latencies warm, latencies;
    if (status.ok()) {
      status = warm.Time(options_.reads, read);
    }
    if (status.ok()) {
      status = latencies.Time(options_.reads, read);
    }
    if (!status.ok()) {
      return status;
    }
    latencies.Print("GetBalance, same database, random item");
    const auto start = Clock::now();
    uint64_t balances = 0;
    std::unique_ptr<Cursor<Balance>> cursor;
    status = engine->NewBalanceCursor({}, &cursor);
    for (status.ok() ? cursor->SeekToFirst() : void(); status.ok() && cursor->Valid();
         cursor->Next()) {
      ++balances;
    }
    if (status.ok()) {
      status = cursor->status();
    }
    cursor.reset();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    fmt::print("scan of all balances: {} in {:.3f} s, {:.0f} a second\n", balances, seconds,
               static_cast<double>(balances) / seconds);
    const Status closed = engine->Close();
    return status.ok() ? closed : status;
  }

  // Items whose lines are in the window still, by their codes, in random order: the first read of
  // each asks the store too, later ones find what it said.
  Status Recent() {
    Options options;
    options.window_age_ms_max = 0;
    std::unique_ptr<Engine> engine;
    Status status = Engine::Open(options, path_, &engine);
    double ignored = 0;
    std::vector<std::string> codes;
    if (status.ok()) {
      status = source_.Feed(5'000, &ignored, [&](const Batch& batch) {
        for (const RawLine& line : batch.lines().lines()) {
          codes.emplace_back(line.code);
        }
        return IngestAll(engine.get(), batch);
      });
    }
    std::sort(codes.begin(), codes.end());
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    std::shuffle(codes.begin(), codes.end(), random_);
    const auto read = [&](const std::string& code) {
      Balance balance;
      return engine->GetBalance({"default", code, 0}, &balance);
    };
    Latencies first, latencies;
    if (status.ok()) {
      status = first.Time(codes.size(), [&](uint64_t index) { return read(codes[index]); });
    }
    if (status.ok()) {
      status = latencies.Time(options_.reads,
                              [&](uint64_t) { return read(codes[random_() % codes.size()]); });
    }
    if (!status.ok()) {
      return status;
    }
    first.Print("GetBalance, item touched a moment ago, first read");
    latencies.Print("GetBalance, item touched a moment ago, read again");
    return engine->Close();
  }

  // One reader, a thousand reads a second, beside a writer as fast as it can; and the writer alone.
  Status Beside() {
    std::unique_ptr<Engine> engine;
    Status status = Engine::Open({}, path_, &engine);
    double alone = 0, beside = 0;
    if (status.ok()) {
      status = Ingest(engine.get(), &alone);
    }
    std::atomic<bool> done = false;
    Latencies latencies;
    Status read;
    std::thread reader([&] {
      while (!done && read.ok() && status.ok()) {
        read = latencies.Time(100, [&](uint64_t) {
          Balance balance;
          return engine->GetBalance(Random(), &balance);
        });
        // A thousand reads a second, not a core of its own: what is asked is who waits for whom.
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    });
    const Status written = status.ok() ? Ingest(engine.get(), &beside) : status;
    done = true;
    reader.join();
    if (!written.ok() || !read.ok()) {
      return written.ok() ? read : written;
    }
    latencies.Print("GetBalance beside a full ingest, 1,000 reads/s");
    fmt::print("writer: {:.0f} lines/s alone, {:.0f} beside the reader ({:+.1f} %)\n",
               static_cast<double>(options_.lines) / alone,
               static_cast<double>(options_.lines) / beside, (alone / beside - 1) * 100);
    return engine->Close();
  }

  const ReadsOptions& options_;
  const std::string path_;
  EndlessLines source_;
  std::mt19937_64 random_{7};
  uint32_t items_ = 1;
};

}  // namespace

int RunReadsCommand(int argc, char** argv) {
  CLI::App app(
      "Times balances read at rest, from the window and beside a writer, and RocksDB's own "
      "Get beside them.",
      "tallystone-bench reads");
  ReadsOptions options;
  app.add_option("--workload", options.workload, "which lines; see peers --list")
      ->capture_default_str();
  app.add_option("--lines", options.lines, "lines of the database")
      ->check(CLI::Range(uint64_t{1000}, uint64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--reads", options.reads, "reads of each kind")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the lines")->capture_default_str();
  app.add_option("--dir", options.directory, "where the database is made, and removed afterwards")
      ->capture_default_str();
  int code = 0;
  if (!Parse(&app, argc, argv, &code)) {
    return code;
  }
  return WithDatabase(options.workload, options.directory,
                      [&](const WorkloadSpec& spec, const std::string& path) {
                        return Reads(options, spec, path).Run();
                      });
}

}  // namespace tallystone::bench
