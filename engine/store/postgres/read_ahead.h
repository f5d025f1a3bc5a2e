// ReadAhead: what a writer's store has of the batches that are likely to be asked for next. Who
// sends batches again sends them in the order in which they were logged, so with one batch the
// stretch of the log from its first chunk on is read: blocks, and the sums of the batches they
// belong to. A far server is then asked once for hundreds of batches.
//
// It is only ever a copy of what is in the store now. Blocks never change; sums are forgotten when
// a window with their batch begins to be written, and not kept again until that is known to be
// done.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "model/stored.h"
#include "store/postgres/connection.h"

namespace tallystone::postgres {

// What one exchange with the server brought.
struct AheadRows {
  struct Block {
    BatchRef ref;
    StoredBlock block;
  };
  std::vector<Block> blocks;  // all of the store from the first to the last, ascending
  std::vector<std::pair<BatchRef, BatchSum>> batches;
};

// Thread-safe.
class ReadAhead {
 public:
  static constexpr size_t kBlocksMin = 8;  // read at once
  static constexpr size_t kBlocksMax = 512;
  static constexpr size_t kBytesMax = size_t{32} << 20;  // of blocks, kept
  static constexpr size_t kStretchesMax = 16;            // kept
  static constexpr size_t kBlocksGivenMax = 16;          // by one GetBlocks

  // False: it is not known here, which says nothing.
  bool GetBatch(const BatchRef& ref, BatchSum* sum);
  // The batch's next blocks, ascending, at least one. False: none is known here.
  bool GetBlocks(const BatchRef& ref, Lsn first, Lsn last, std::vector<StoredBlock>* blocks);

  // How many blocks to read now: more while what was read before is asked for.
  [[nodiscard]] size_t blocks_to_read();
  // To be taken before the server is asked, and given with what it answered.
  [[nodiscard]] uint64_t ticket() const;
  void Put(uint64_t ticket, AheadRows rows);

  // Around the write of a window. A write whose end is not known has not ended.
  void BeginWrite(const std::vector<std::pair<BatchRef, BatchSum>>& batches);
  void EndWrite();
  // Before and after any other change of batches.
  void Clear();

 private:
  struct Stretch {
    uint64_t ticket = 0;
    bool quiet = false;  // no write was under way while it was read
    size_t bytes = 0;
    AheadRows rows;  // of the batches, only the names
  };

  static uint64_t HashOf(const BatchRef& ref);
  // The stretch that has this LSN, if the blocks of a batch that go on behind `before` go on there.
  const Stretch* From(Lsn lsn, const Stretch* before) const TS_REQUIRES(mutex_);
  void Drop(std::map<Lsn, Stretch>::iterator stretch) TS_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<Lsn, Stretch> stretches_ TS_GUARDED_BY(mutex_);  // by first LSN
  std::deque<Lsn> age_ TS_GUARDED_BY(mutex_);               // their keys, the oldest first
  size_t bytes_ TS_GUARDED_BY(mutex_) = 0;
  std::map<BatchRef, BatchSum> batches_ TS_GUARDED_BY(mutex_);
  // Hashes of the batches of a write under way: another batch with the same is just not kept.
  std::unordered_set<uint64_t> changing_ TS_GUARDED_BY(mutex_);
  uint64_t changes_ TS_GUARDED_BY(mutex_) = 0;  // that began or ended
  size_t to_read_ TS_GUARDED_BY(mutex_) = kBlocksMin;
  size_t brought_ TS_GUARDED_BY(mutex_) = 0;  // blocks, the last time
  size_t used_ TS_GUARDED_BY(mutex_) = 0;     // answers given since
};

// Both are one round trip; what stands behind in the log, at most `ahead` blocks, goes to *rows.
// kNotFound: there is no such batch.
Status ReadBatchAhead(Connection* connection, const BatchRef& ref, size_t ahead, BatchSum* sum,
                      AheadRows* rows);
// The next blocks of the batch at first..last.
Status ReadBlocksAhead(Connection* connection, const BatchRef& ref, Lsn first, Lsn last,
                       size_t ahead, std::vector<StoredBlock>* blocks, AheadRows* rows);

}  // namespace tallystone::postgres
