#include "troubles_command.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "api/engine_impl.h"
#include "ingest/database_directory.h"
#include "measure.h"
#include "model/ids.h"
#include "peers/tallystone.h"
#include "store/rocks/rocks_store.h"
#include "store_support/fault_store.h"

namespace tallystone::bench {
namespace {

enum class Refuse : uint8_t { kNothing, kOneKey, kEveryWindow };

struct Trouble {
  const char* name;
  const char* text;
  uint32_t bad_percent = 0;
  uint32_t tenants = 1;
  bool resent = false;  // every batch is sent twice
  Refuse refuse = Refuse::kNothing;
};

constexpr Trouble kTroubles[] = {
    {"none", "the workload as it is"},
    {"bad1", "1 % of the lines cannot be booked", 1},
    {"bad5", "5 % of the lines cannot be booked", 5},
    {"resent", "every batch is sent twice", 0, 1, true},
    {"tenants1000", "batches of 1,000 tenants in turn", 0, 1000},
    {"poison", "the store refuses the same item in every window", 0, 1, false, Refuse::kOneKey},
    {"replay", "the store refuses every window: all of it key by key", 0, 1, false,
     Refuse::kEveryWindow},
};

// The engine on lines that are in trouble.
class TroublePeer : public Peer {
 public:
  explicit TroublePeer(const Trouble& trouble) : trouble_(trouble) {}

  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    const std::string path = directory + "/db";
    Parts parts;
    if (trouble_.refuse != Refuse::kNothing) {
      RocksStoreOptions options;
      options.path = StorePath(path);
      options.create = true;
      std::unique_ptr<Store> store;
      Status status = FileSystem::Posix()->CreateDirectory(path);
      if (status.ok()) {
        status = RocksStore::Open(options, &store);
      }
      if (!status.ok()) {
        return status;
      }
      auto faults = std::make_unique<testing::FaultStore>(std::move(store));
      if (trouble_.refuse == Refuse::kOneKey) {
        faults->RefuseKey({1, 1});  // the item of the first line
      } else {
        // Apply of a window, then ApplyRest of the same one, in turn.
        faults->AimFaultsAt(testing::FaultStore::Target::kWindows);
        faults->OnBeforeWindow([store = faults.get(), writes = uint64_t{0}]() mutable {
          if (writes++ % 2 == 0) {
            store->FailWrites(1, Status::Rejected("refused by the benchmark"));
          }
        });
      }
      parts.store = std::move(faults);
    }
    return EngineImpl::OpenWith({}, path, std::move(parts), &engine_);
  }

  Status Write(const WorkBatch& lines) override {
    const std::string tenant = trouble_.tenants == 1
                                   ? "default"
                                   : fmt::format("tenant{}", lines.number % trouble_.tenants);
    Batch batch(tenant, lines.id);
    uint64_t number = lines.number * lines.lines.size();
    for (const WorkLine& line : lines.lines) {
      if (number++ % 100 < trouble_.bad_percent) {
        batch.AddText({.code = line.code, .quantity = "12 pieces", .unit_cost = "1.50"});
      } else {
        batch.Add({.code = line.code, .quantity = line.quantity, .unit_cost = line.unit_cost});
      }
    }
    IngestOptions options;
    options.line_results = false;
    BatchResult result;
    Status status = engine_->Ingest(options, batch, &result);
    if (status.ok() && trouble_.resent) {
      status = engine_->Ingest(options, batch, &result);
    }
    return status;
  }

  Status Finish() override { return engine_->Flush(); }
  // Not all lines are booked.
  Status Digest(std::optional<BalanceDigest>* /*digest*/) override { return Status::Ok(); }
  Status Close() override { return engine_->Close(); }

 private:
  const Trouble& trouble_;
  std::unique_ptr<Engine> engine_;
};

PeerEntry EntryOf(const Trouble& trouble) {
  return {{trouble.name, trouble.text},
          [&trouble] { return std::make_unique<TroublePeer>(trouble); }};
}

}  // namespace

int RunTroublesCommand(int argc, char** argv) {
  CLI::App app(
      "Runs the engine on a workload as it is and with everyday trouble in it: bad lines, batches "
      "that are sent again, many tenants, a key that the store refuses (key replay).",
      "tallystone-bench troubles");
  MeasureOptions options;
  std::vector<std::string> names;
  options.run.lines = 500'000;
  AddMeasureOptions(&app, &options);
  std::string known;
  for (const Trouble& trouble : kTroubles) {
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", trouble.name, trouble.text);
  }
  app.add_option("--only", names, "which, separated by commas: " + known)->delimiter(',');
  int code = 0;
  if (!Parse(&app, argc, argv, &code)) {
    return code;
  }
  std::vector<PeerEntry> entries;
  for (const Trouble& trouble : kTroubles) {
    if (names.empty() || std::find(names.begin(), names.end(), trouble.name) != names.end()) {
      entries.push_back(EntryOf(trouble));
    }
  }
  std::vector<const PeerEntry*> peers;
  for (const PeerEntry& entry : entries) {
    peers.push_back(&entry);
  }
  if (peers.empty() || (!names.empty() && peers.size() != names.size())) {
    fmt::print(stderr, "tallystone-bench: --only has a name that is none of: {}\n", known);
    return kUsage;
  }
  // What a key replay is to be compared with.
  if (const PeerEntry* line_by_line = FindPeer("rocksdb-line"); names.empty()) {
    peers.push_back(line_by_line);
  }
  return Measure(options, peers);
}

}  // namespace tallystone::bench
