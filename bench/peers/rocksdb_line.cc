// Line by line, the hand-written sequential way: each line is a synced WriteBatch of its own.
// Balances are merged rather than read and put back, which is the cheaper form.
#include "peers/rocks_inventory.h"

namespace tallystone::bench {
namespace {

class RocksLinePeer : public Peer {
 public:
  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    return inventory_.Open(directory);
  }

  Status Write(const WorkBatch& lines) override {
    rocksdb::WriteBatch batch;
    for (size_t index = 0; index < lines.lines.size(); ++index) {
      batch.Clear();
      if (index + 1 == lines.lines.size()) {
        inventory_.PutBatch(lines, &batch);
      }
      Status status = WriteLine(lines.lines[index], LineNumber(lines.number, index), &batch);
      if (!status.ok()) {
        return status;
      }
    }
    return Status::Ok();
  }

  Status Finish() override { return Status::Ok(); }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    return inventory_.Digest(&digest->emplace());
  }

  Status Close() override { return inventory_.Close(); }

 private:
  Status WriteLine(const WorkLine& line, uint64_t number, rocksdb::WriteBatch* batch) {
    std::vector<uint32_t> items;
    std::vector<ItemNumbers::Made> made;
    numbers_.Map({&line, 1}, &items, &made);
    for (const ItemNumbers::Made& item : made) {
      inventory_.PutItem(item, batch);
    }
    const uint32_t item = items.front();
    inventory_.PutLine(number, item, line, batch);
    inventory_.PutPosting(item, number, {}, batch);
    const int64_t quantity = line.quantity.units();
    inventory_.MergeBalance({item, quantity, Int128{quantity} * line.unit_cost.units(), 1}, batch);
    inventory_.PutPosition(number, batch);
    Status status = inventory_.Write(batch);
    if (status.ok()) {
      numbers_.Stored(made);
    }
    return status;
  }

  ItemNumbers numbers_;
  RocksInventory inventory_;
};

const PeerRegistration kRegistration({"rocksdb-line", "RocksDB, a synced WriteBatch a line",
                                      PeerSpeed::kSlow},
                                     [] { return std::make_unique<RocksLinePeer>(); });

}  // namespace
}  // namespace tallystone::bench
