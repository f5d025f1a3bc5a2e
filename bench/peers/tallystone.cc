#include "peers/tallystone.h"

namespace tallystone::bench {
namespace {

class TallystonePeer : public Peer {
 public:
  explicit TallystonePeer(const Options& options) : options_(options) {}

  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    return Engine::Open(options_, directory + "/db", &engine_);
  }

  Status Write(const WorkBatch& lines) override {
    Batch batch("default", lines.id);
    for (const WorkLine& line : lines.lines) {
      batch.Add({.code = line.code, .quantity = line.quantity, .unit_cost = line.unit_cost});
    }
    IngestOptions options;
    options.line_results = false;
    BatchResult result;
    Status status = engine_->Ingest(options, batch, &result);
    if (status.ok() && result.items_failed > 0) {
      return Status::Rejected("batch " + lines.id + " has " + std::to_string(result.items_failed) +
                              " failed lines");
    }
    return status;
  }

  Status Finish() override { return engine_->Flush(); }

  // One window fills while the one before it is drained.
  [[nodiscard]] uint64_t RoomLines() const override { return 2 * options_.window_lines_max; }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    digest->emplace();
    std::unique_ptr<Cursor<Balance>> cursor;
    Status status = engine_->NewBalanceCursor({}, &cursor);
    if (!status.ok()) {
      return status;
    }
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      const Balance& balance = cursor->value();
      (*digest)->Add(balance.item.code, balance.on_hand.units, balance.value.units, balance.lines);
    }
    return cursor->status();
  }

  Status Close() override { return engine_->Close(); }

 private:
  const Options options_;
  std::unique_ptr<Engine> engine_;
};

const PeerRegistration kRegistration({"tallystone", "the engine, with its default options"},
                                     [] { return MakeTallystonePeer({}); });

}  // namespace

std::unique_ptr<Peer> MakeTallystonePeer(const Options& options) {
  return std::make_unique<TallystonePeer>(options);
}

}  // namespace tallystone::bench
