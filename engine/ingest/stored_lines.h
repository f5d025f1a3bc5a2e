// StoredLines: the lines of one batch as they were logged, with what became of them, in order.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/chunk.h"
#include "model/stored.h"
#include "store/store.h"
#include "tallystone/batch.h"
#include "window/sorted_window.h"

namespace tallystone {

// Not thread-safe. Sees the chunks of the moment it was made.
class StoredLines {
 public:
  // `sum` says where in the log the batch is. `chunks`: those that may not be in the store yet,
  // taken before `view` (WindowSet::Pending, LiveView::overlay). `view` must outlive the reader;
  // null: all of the batch is in `chunks`.
  StoredLines(BatchRef ref, const BatchSum& sum, std::vector<LoggedChunk> chunks, StoreView* view);
  // Of a batch that `store`, which must outlive the reader, has whole: needs no view, which costs
  // round trips to a server. What is in the store of a batch does not change, but for retries.
  StoredLines(BatchRef ref, const BatchSum& sum, Store* store);

  // Goes to the next line. kNotFound after the last.
  Status Next();
  // The line as it was logged; of a line that was retried, as it was first. Valid until the next
  // Next.
  [[nodiscard]] const ChunkLine& line() const { return chunk_.lines[index_]; }
  // Of the chunk that it came in.
  [[nodiscard]] Lsn lsn() const { return lsn_; }
  // Lines of the batch before that chunk.
  [[nodiscard]] uint64_t lines_before() const { return chunk_.header.first_line - 1; }
  // What became of it, retries and refusals of the store included.
  [[nodiscard]] const LineResult& result() const { return result_; }
  // Where it was logged when it was tried again last.
  struct Retry {
    Lsn lsn = 0;         // 0 = never
    uint32_t index = 0;  // among the lines of that chunk
  };
  [[nodiscard]] Retry retry() const { return retry_; }

 private:
  struct Place {
    Lsn lsn = 0;
    const std::string* payload = nullptr;
    const std::vector<uint32_t>* rejected = nullptr;
  };

  Status Start();
  [[nodiscard]] bool AtBlock() const;
  Status CollectRetries();
  void SeekToFirst();
  Status Current(Place* place);  // kNotFound at the end
  void Advance();
  Status NextChunk();
  void TakeResult();

  const BatchRef ref_;
  const BatchSum sum_;
  const std::vector<LoggedChunk> chunks_;
  StoreView* const view_;
  Store* const store_;

  bool started_ = false;
  Lsn applied_ = 0;
  std::unique_ptr<Cursor<StoredBlock>> blocks_;
  size_t next_chunk_ = 0;
  bool passed_ = false;  // what Current gives was looked at
  struct Retried {
    LineResult result;
    Retry place;
  };
  std::map<uint64_t, Retried> retried_;

  Lsn lsn_ = 0;
  std::string payload_;
  std::vector<uint32_t> rejected_;
  Chunk chunk_;
  size_t index_ = 0;
  uint32_t accepted_ = 0;  // accepted lines of the chunk before index_
  LineResult result_;
  Retry retry_;
};

}  // namespace tallystone
