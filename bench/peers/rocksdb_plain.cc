// What people write: one WriteBatch a chunk, a key for each line and each posting, one merge for
// each item of the chunk, synced.
#include "peers/rocks_inventory.h"

namespace tallystone::bench {
namespace {

constexpr size_t kBatchBytesPerLine = 120;

class RocksPlainPeer : public Peer {
 public:
  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    return inventory_.Open(directory);
  }

  Status Write(const WorkBatch& lines) override {
    std::vector<uint32_t> items;
    std::vector<ItemNumbers::Made> made;
    items.reserve(lines.lines.size());
    numbers_.Map(lines.lines, &items, &made);

    rocksdb::WriteBatch batch(lines.lines.size() * kBatchBytesPerLine);
    for (const ItemNumbers::Made& item : made) {
      inventory_.PutItem(item, &batch);
    }
    for (size_t index = 0; index < items.size(); ++index) {
      const uint64_t number = LineNumber(lines.number, index);
      inventory_.PutLine(number, items[index], lines.lines[index], &batch);
      inventory_.PutPosting(items[index], number, {}, &batch);
    }
    for (const BalanceDelta& delta : SumByItem(lines.lines, items)) {  // dearer than an addition
      inventory_.MergeBalance(delta, &batch);
    }
    inventory_.PutBatch(lines, &batch);
    inventory_.PutPosition(LineNumber(lines.number, items.size()), &batch);
    Status status = inventory_.Write(&batch);
    if (status.ok()) {
      numbers_.Stored(made);
    }
    return status;
  }

  Status Finish() override { return Status::Ok(); }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    return inventory_.Digest(&digest->emplace());
  }

  Status Close() override { return inventory_.Close(); }

 private:
  ItemNumbers numbers_;
  RocksInventory inventory_;
};

const PeerRegistration kRegistration(
    {"rocksdb-plain", "RocksDB, a synced WriteBatch a chunk, a key a line, a merge an item"},
    [] { return std::make_unique<RocksPlainPeer>(); });

}  // namespace
}  // namespace tallystone::bench
