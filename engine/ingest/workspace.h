// Workspaces: the working memory of calls that take lines. A call borrows one, so that their number
// is that of the calls at a time, not that of the batches that are open, and a small batch
// allocates nothing.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ingest/chunk_maker.h"

namespace tallystone {

struct Workspace {
  explicit Workspace(Core* core) : maker(core) {}

  std::vector<PreparedLine> prepared;
  ChunkMaker maker;
  std::vector<LineResult> results;  // of one chunk
};

// Thread-safe.
class Workspaces {
 public:
  explicit Workspaces(Core* core) : core_(core) {}

  // Gives a workspace back when it goes.
  class Loan {
   public:
    explicit Loan(Workspaces* from) : from_(from), lent_(from->Take()) {}
    ~Loan() { from_->GiveBack(std::move(lent_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    Workspace* operator->() const { return lent_.get(); }
    [[nodiscard]] Workspace* get() const { return lent_.get(); }

   private:
    Workspaces* const from_;
    std::unique_ptr<Workspace> lent_;
  };

 private:
  std::unique_ptr<Workspace> Take() {
    const MutexLock lock(&mutex_);
    if (free_.empty()) {
      return std::make_unique<Workspace>(core_);
    }
    std::unique_ptr<Workspace> taken = std::move(free_.back());
    free_.pop_back();
    return taken;
  }
  void GiveBack(std::unique_ptr<Workspace> workspace) {
    workspace->prepared.clear();
    if (workspace->prepared.capacity() > kPreparedKept) {
      return;
    }
    const MutexLock lock(&mutex_);
    if (free_.size() < kFreeMax) {
      free_.push_back(std::move(workspace));
    }
  }

  // What a larger batch needed, and what more callers at a time than this did, is not kept (law
  // L9).
  static constexpr size_t kPreparedKept = 2 * limits::kChunkLinesMax;
  static constexpr size_t kFreeMax = 16;

  Core* const core_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_ TS_GUARDED_BY(mutex_);
};

}  // namespace tallystone
