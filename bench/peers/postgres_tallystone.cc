// The engine before a PostgreSQL: its log is beside the program, its store in the server.
#include "peers/postgres_network.h"
#include "peers/tallystone.h"

namespace tallystone::bench {
namespace {

class ServerTallystonePeer : public Peer {
 public:
  ServerTallystonePeer(const PostgresNetwork& network, size_t window_lines)
      : network_(network), window_lines_(window_lines) {}

  Status Open(const Workload& workload, uint64_t lines, const std::string& directory) override {
    Status status = place_.Start(directory, network_);
    if (!status.ok()) {
      return status;
    }
    Options options;
    options.servers = {place_.connection()};
    if (window_lines_ != 0) {
      options.window_lines_max = window_lines_;
    }
    engine_ = MakeTallystonePeer(options);
    return engine_->Open(workload, lines, directory);
  }

  Status Write(const WorkBatch& lines) override { return engine_->Write(lines); }
  Status Finish() override { return engine_->Finish(); }
  [[nodiscard]] uint64_t RoomLines() const override { return engine_->RoomLines(); }
  Status Digest(std::optional<BalanceDigest>* digest) override { return engine_->Digest(digest); }

  Status Close() override {
    Status status = engine_->Close();
    const Status stopped = place_.Stop();
    return status.ok() ? stopped : status;
  }

 private:
  const PostgresNetwork network_;
  const size_t window_lines_;
  PostgresPlace place_;
  std::unique_ptr<Peer> engine_;
};

}  // namespace

PeerEntry TallystonePeerBehind(const std::string& name, const PostgresNetwork& network,
                               size_t window_lines) {
  return {{name, "the engine, its store in PostgreSQL"},
          [=] { return std::make_unique<ServerTallystonePeer>(network, window_lines); }};
}

}  // namespace tallystone::bench
