#include "inspect/rebooking.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"
#include "store/live_view.h"
#include "tallystone/limits.h"
#include "window/reject_keys.h"

namespace tallystone {
namespace {

constexpr uint64_t kWindowLines = 262'144;

// visit(line, place in block.rejected) for each line of the block that was rejected.
Status ForEachRejected(const StoredBlock& block, Chunk* chunk,
                       const std::function<void(const ChunkLine& line, size_t place)>& visit) {
  TS_RETURN_IF_ERROR(DecodeChunk(block.payload, chunk));
  uint32_t index = 0;
  size_t place = 0;
  for (const ChunkLine& line : chunk->lines) {
    if (line.outcome != Outcome::kAccepted) {
      continue;
    }
    if (place < block.rejected.size() && block.rejected[place] == index) {
      visit(line, place++);
    }
    ++index;
  }
  return place == block.rejected.size()
             ? Status::Ok()
             : Status::Corruption("block " + std::to_string(block.lsn) +
                                  " says that lines were rejected which it does not have");
}

}  // namespace

Rebooking::Rebooking(Store* store, Marker marker) : store_(store), marker_(std::move(marker)) {
  marker_.applied = 0;
  marker_.replay.reset();
}

Status Rebooking::Add(const StoredBlock& block, std::span<const std::string> causes) {
  // What a store rejected belongs to its block alone here: so that block is a window of its own.
  if (!block.rejected.empty()) {
    TS_RETURN_IF_ERROR(Finish());
  }
  stretch_.Append({block.lsn, std::make_shared<const std::string>(block.payload)});
  ChunkHeader header;
  TS_RETURN_IF_ERROR(DecodeChunkHeader(*stretch_.chunks.back().payload, &header));
  window_lines_ += header.lines;
  window_bytes_ += block.payload.size();
  ++blocks_;
  lines_ += header.lines;
  if (!block.rejected.empty()) {
    TS_RETURN_IF_ERROR(CollectRejections(block, causes));
    return Finish();
  }
  return window_lines_ >= kWindowLines || window_bytes_ >= limits::kWindowBytesMax ? Finish()
                                                                                   : Status::Ok();
}

Status Rebooking::Finish() {
  if (stretch_.empty()) {
    return Status::Ok();
  }
  std::unique_ptr<StoreView> view;
  if (store_ != nullptr) {
    TS_RETURN_IF_ERROR(store_->NewView(&view));
  }
  const ItemLookup lookup = [&](StockKey key, StoredItem* item) {
    *item = {};
    return view != nullptr ? FindStoredItem(view.get(), key, item) : Status::Ok();
  };
  SortedWindow window;
  TS_RETURN_IF_ERROR(SortWindow(stretch_, lookup, &window));
  TS_RETURN_IF_ERROR(RejectKeys(rejections_, lookup, &window));
  view.reset();
  marker_.applied = window.last;
  stretch_ = {};
  rejections_.clear();
  window_lines_ = 0;
  window_bytes_ = 0;
  return store_ != nullptr ? store_->Apply(window, marker_, nullptr) : Status::Ok();
}

// The keys whose lines of this block the store rejected, with the words that it said then.
Status Rebooking::CollectRejections(const StoredBlock& block, std::span<const std::string> causes) {
  Chunk chunk;
  return ForEachRejected(block, &chunk, [&](const ChunkLine& line, size_t place) {
    const StockKey key{chunk.header.tenant, line.item};
    const std::string cause = place < causes.size() ? causes[place] : std::string();
    const auto known = std::find_if(rejections_.begin(), rejections_.end(),
                                    [&](const KeyRejection& one) { return one.key == key; });
    if (known == rejections_.end()) {
      rejections_.push_back({key, cause});
    } else if (known->cause.empty()) {
      known->cause = cause;  // it was said of the key: any line of it that still knows will do
    }
  });
}

namespace {

Status Find(StoreView* letters, const StoredBlock& block, bool may_be_damaged,
            std::vector<std::string>* causes) {
  causes->assign(block.rejected.size(), {});
  if (letters == nullptr || block.rejected.empty()) {
    return Status::Ok();
  }
  Chunk chunk;
  Status first;
  TS_RETURN_IF_ERROR(ForEachRejected(block, &chunk, [&](const ChunkLine& line, size_t place) {
    StoredDeadLetter letter;
    const LineRef ref{chunk.header.tenant, std::string(chunk.header.batch), line.number};
    const Status read = letters->GetDeadLetter(ref, &letter);
    // A line that was tried again and refused again has the words of that block.
    if (read.ok() && letter.cause == Outcome::kStoreRejected && letter.lsn == block.lsn) {
      (*causes)[place] = letter.detail.substr(0, limits::kDeadLetterDetailBytesMax);
    }
    if (!read.ok() && !read.IsNotFound() && !may_be_damaged && first.ok()) {
      first = read;
    }
  }));
  return first;
}

}  // namespace

Status FindCauses(StoreView* letters, const StoredBlock& block, std::vector<std::string>* causes) {
  return Find(letters, block, false, causes);
}

Status FindReadableCauses(StoreView* letters, const StoredBlock& block,
                          std::vector<std::string>* causes) {
  return Find(letters, block, true, causes);
}

}  // namespace tallystone
