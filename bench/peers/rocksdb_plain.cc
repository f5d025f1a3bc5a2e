// What people write: one WriteBatch a chunk, a key for each line and each posting, one merge for
// each item of the chunk, synced.
#include "peers/mapped_peer.h"
#include "peers/rocks_inventory.h"

namespace tallystone::bench {
namespace {

constexpr size_t kBatchBytesPerLine = 120;

class RocksPlainPeer : public MappedPeer {
 public:
  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    return inventory_.Open(directory);
  }

  Status Book(const MappedBatch& mapped) override {
    const WorkBatch& lines = mapped.batch;
    const std::vector<uint32_t>& items = mapped.items;
    rocksdb::WriteBatch batch(lines.lines.size() * kBatchBytesPerLine);
    for (const ItemNumbers::Made& item : mapped.made) {
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
    return inventory_.Write(&batch);
  }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    return inventory_.Digest(&digest->emplace());
  }

  Status Close() override { return inventory_.Close(); }

 private:
  RocksInventory inventory_;
};

const PeerRegistration kRegistration(
    {"rocksdb-plain", "RocksDB, a synced WriteBatch a chunk, a key a line, a merge an item"},
    [] { return std::make_unique<RocksPlainPeer>(); });

}  // namespace
}  // namespace tallystone::bench
