// The limit: appends as many bytes as the engine's batch log does, and syncs, over blocks that were
// written before. No balances, no mapping, no checksum; threads share syncs.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "batchlog/format.h"
#include "engine_chunks.h"
#include "peer.h"
#include "tallystone/limits.h"

namespace tallystone::bench {
namespace {

constexpr size_t kFillBytes = 1u << 20;

Status Failed(const std::string& what) {
  return Status::IoError(what + ": " + std::strerror(errno));
}

// The engine makes a chunk of every 500 lines, and syncs a batch once.
size_t LogBytes(const WorkBatch& batch, EngineChunks* chunks) {
  WorkBatch part;
  part.number = batch.number;
  part.id = batch.id;
  size_t bytes = 0;
  for (size_t begin = 0; begin < batch.lines.size(); begin += limits::kChunkLinesMax) {
    const size_t end = std::min(batch.lines.size(), begin + limits::kChunkLinesMax);
    part.lines.assign(batch.lines.begin() + static_cast<ptrdiff_t>(begin),
                      batch.lines.begin() + static_cast<ptrdiff_t>(end));
    bytes += batchlog::RecordBytes(chunks->Encode(part).size());
  }
  return bytes;
}

class LogLimitPeer : public Peer {
 public:
  ~LogLimitPeer() override { Close().PermitUnchecked(); }

  Status Open(const Workload& workload, uint64_t lines, const std::string& directory) override {
    EngineChunks chunks;
    WorkBatch batch;
    uint64_t total = 0;
    size_t largest = 0;
    for (uint64_t number = 0; number < workload.Batches(lines); ++number) {
      workload.GetBatch(number, lines, &batch);
      const size_t bytes = LogBytes(batch, &chunks);
      record_bytes_.push_back(bytes);
      total += bytes;
      largest = std::max(largest, bytes);
    }
    record_.assign(largest, 'x');
    return Prepare(directory + "/log", total);
  }

  Status Write(const WorkBatch& batch) override {
    const size_t bytes = record_bytes_[batch.number];
    std::unique_lock lock(mutex_);
    const uint64_t offset = end_;
    end_ += bytes;
    lock.unlock();
    Status status = WriteAt(offset, bytes);
    if (!status.ok()) {
      return status;
    }
    lock.lock();
    const uint64_t ticket = ++written_;
    while (synced_ < ticket && failure_.ok()) {
      if (syncing_) {
        changed_.wait(lock);
      } else {
        SyncGroup(&lock);
      }
    }
    return failure_;
  }

  Status Finish() override { return Status::Ok(); }
  Status Digest(std::optional<BalanceDigest>* digest) override {
    digest->reset();
    return Status::Ok();
  }
  Status Close() override {
    if (file_ >= 0) {
      ::close(file_);
      file_ = -1;
    }
    return Status::Ok();
  }

 private:
  // Writes every block of the file once, so that no sync has to write what the file system knows of
  // it.
  Status Prepare(const std::string& path, uint64_t bytes) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file_ < 0) {
      return Failed(path);
    }
    const std::string zeros(kFillBytes, '\0');
    for (uint64_t offset = 0; offset < bytes; offset += zeros.size()) {
      if (::pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(offset)) !=
          static_cast<ssize_t>(zeros.size())) {
        return Failed(path);
      }
    }
    return ::fsync(file_) == 0 ? Status::Ok() : Failed(path);
  }

  Status WriteAt(uint64_t offset, size_t bytes) {
    const ssize_t done = ::pwrite(file_, record_.data(), bytes, static_cast<off_t>(offset));
    return done == static_cast<ssize_t>(bytes) ? Status::Ok() : Failed("appending");
  }

  // Syncs for all whose bytes are written by now. `lock` is released meanwhile.
  void SyncGroup(std::unique_lock<std::mutex>* lock) {
    syncing_ = true;
    const uint64_t target = written_;
    lock->unlock();
    const bool done = ::fdatasync(file_) == 0;
    lock->lock();
    syncing_ = false;
    synced_ = target;
    if (!done) {
      failure_ = Failed("syncing");
    }
    changed_.notify_all();
  }

  int file_ = -1;
  std::vector<size_t> record_bytes_;  // of each batch
  std::string record_;                // as long as the longest

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t end_ = 0;
  uint64_t written_ = 0;  // batches
  uint64_t synced_ = 0;   // batches
  bool syncing_ = false;
  Status failure_;
};

const PeerRegistration kRegistration(
    {"log-limit", "the limit: append and sync of the engine's log bytes, nothing else"},
    [] { return std::make_unique<LogLimitPeer>(); });

}  // namespace
}  // namespace tallystone::bench
