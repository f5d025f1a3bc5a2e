// What an expert writes by hand: one synced WriteBatch a chunk, as few keys as possible. All lines
// of a chunk are one packed value, an item's lines in it are one posting, balances one merge an
// item; keys go in sorted.
#include <algorithm>
#include <numeric>

#include "base/coding.h"
#include "peers/mapped_peer.h"
#include "peers/rocks_inventory.h"

namespace tallystone::bench {
namespace {

constexpr size_t kBatchBytesPerLine = 120;
constexpr size_t kPackedBytesPerLine = 15;

class RocksSmartPeer : public MappedPeer {
 public:
  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    return inventory_.Open(directory);
  }

  Status Book(const MappedBatch& mapped) override {
    const WorkBatch& lines = mapped.batch;
    const std::vector<uint32_t>& items = mapped.items;
    rocksdb::WriteBatch batch(lines.lines.size() * kBatchBytesPerLine);
    inventory_.PutBatch(lines, &batch);
    inventory_.PutPosition(LineNumber(lines.number, items.size()), &batch);
    for (const BalanceDelta& delta : SumByItem(lines.lines, items)) {
      inventory_.MergeBalance(delta, &batch);
    }
    inventory_.PutBlock(LineNumber(lines.number, 0), Pack(lines.lines, items), &batch);
    PutPostings(lines.number, items, &batch);
    for (const ItemNumbers::Made& item : mapped.made) {
      inventory_.PutItem(item, &batch);
    }
    return inventory_.Write(&batch);
  }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    return inventory_.Digest(&digest->emplace());
  }

  Status Close() override { return inventory_.Close(); }

 private:
  static std::string Pack(std::span<const WorkLine> lines, std::span<const uint32_t> items) {
    std::string packed;
    packed.reserve(lines.size() * kPackedBytesPerLine);
    for (size_t index = 0; index < lines.size(); ++index) {
      PutVarint64(&packed, items[index]);
      PutVarint64(&packed, ZigZag64(lines[index].quantity.units()));
      PutVarint64(&packed, ZigZag64(lines[index].unit_cost.units()));
    }
    return packed;
  }

  void PutPostings(uint64_t number, std::span<const uint32_t> items,
                   rocksdb::WriteBatch* batch) const {
    std::vector<uint32_t> order(items.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t left, uint32_t right) { return items[left] < items[right]; });
    std::string where;
    for (size_t at = 0; at < order.size();) {
      const uint32_t item = items[order[at]];
      where.clear();
      for (; at < order.size() && items[order[at]] == item; ++at) {
        PutVarint64(&where, order[at]);
      }
      inventory_.PutPosting(item, LineNumber(number, 0), where, batch);
    }
  }

  RocksInventory inventory_;
};

const PeerRegistration kRegistration(
    {"rocksdb-smart", "RocksDB, a synced WriteBatch a chunk, its lines packed into one value"},
    [] { return std::make_unique<RocksSmartPeer>(); });

}  // namespace
}  // namespace tallystone::bench
