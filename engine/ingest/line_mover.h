// LineMover: the lines of one item that a person wants on another, as a batch of pairs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/chunk_maker.h"
#include "ingest/core.h"
#include "model/review_entry.h"

namespace tallystone {

// One move, from its first line, or from where an earlier one stopped. The tenant's catalogue has
// the entry with the move, in status kMoving, under the item `reviewed`. Not thread-safe; must not
// hold the tenant's mutex.
class LineMover {
 public:
  LineMover(Core* core, Tenant* tenant, ItemId reviewed, ReviewEntry entry);

  // Before anything of the move is in the log: whether Run would find room in the balances, as of
  // now. The target may be 0, an item that is not made yet. *lines: how many it would move.
  // kRejected: a balance would overflow.
  Status Check(uint64_t* lines);
  // kBusy: somebody moves them already. kRejected: a balance would overflow; nothing is moved.
  Status Run(uint64_t* lines_moved, Lsn* lsn);

 private:
  struct Place {
    Lsn lsn = 0;
    std::vector<uint32_t> indexes;  // among the accepted lines of the chunk
  };

  [[nodiscard]] Status NoItem() const;
  // When the store has all that was booked before the move.
  Status FindPlaces();
  Status CheckSums(uint64_t* lines);
  Status MoveAll();
  Status Flush(bool last);
  // visit(line) for each line to move, in the order of the log. Views are valid during the call.
  template <typename Visit>
  Status ForEachLine(const Visit& visit);
  bool Wanted(const ChunkHeader& header, const ChunkLine& line, std::string_view description);
  void AddPair(const ChunkLine& line, std::string_view description);
  void RepointVendorCodes(CatalogueChanges* changes);

  Core* const core_;
  Tenant* const tenant_;
  const ItemId reviewed_;
  ReviewEntry entry_;
  const ReviewMove move_;
  ChunkMaker maker_;

  std::unique_ptr<StoreView> view_;
  std::vector<Place> places_;
  StoredItem from_;
  StoredItem to_;
  std::string form_;  // working memory

  uint64_t lines_ = 0;  // of the batch, so far
  ContentDigest digest_;
  uint64_t to_skip_ = 0;          // lines of the item that were moved before
  std::vector<ChunkLine> pairs_;  // of the next chunk
  std::vector<std::unique_ptr<std::string>> texts_;
  Lsn lsn_ = 0;
};

}  // namespace tallystone
