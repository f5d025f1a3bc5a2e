#include "batchlog/batch_log.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "batchlog/format.h"
#include "batchlog/log_scan.h"
#include "batchlog/segment_directory.h"
#include "batchlog/segment_writer.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using batchlog::LogContents;

// Records that wait for a leader are bounded (law L9): an Append that finds more leads or waits
// itself.
constexpr uint64_t kWaitingBytesMax = 1u << 20;
constexpr size_t kCopyBytes = 1u << 20;
constexpr std::chrono::milliseconds kFollowerWaitMax(50);

Status CheckOptions(const BatchLogOptions& options, const std::string& database_id) {
  if (options.segment_bytes < 2 * batchlog::kSegmentHeaderBytes ||
      options.segment_bytes > limits::kSegmentBytesMax ||
      options.segment_bytes % batchlog::kSegmentHeaderBytes != 0) {
    return Status::InvalidArgument("segment_bytes must be a multiple of 4096 from 8192 to 1 GiB");
  }
  if (database_id.size() != batchlog::kDatabaseIdBytes) {
    return Status::InvalidArgument("the identity of a database has 16 bytes");
  }
  return Status::Ok();
}

void Say(Logger* logger, LogLevel level, const std::string& message) {
  if (logger != nullptr) {
    logger->Log(level, message);
  }
}

// Makes the records of the newest segment durable before another segment says that they are. Those
// of the last group may be in the page cache only, marked clean by a sync that failed before we
// came: they are written again, the same bytes to the same place, so that this sync cannot pass
// them over.
Status SecureTail(FileSystem* file_system, const std::string& path, const LogContents& contents) {
  if (contents.segments.empty()) {
    return Status::Ok();
  }
  std::unique_ptr<File> file;
  TS_RETURN_IF_ERROR(
      file_system->Open(path + "/" + batchlog::SegmentName(contents.segments.back().sequence),
                        OpenMode::kReadWrite, &file));
  std::string bytes;
  uint64_t offset = contents.last_group_offset;
  while (offset < contents.end_offset) {
    const uint64_t size = std::min<uint64_t>(kCopyBytes, contents.end_offset - offset);
    TS_RETURN_IF_ERROR(file->Read(offset, static_cast<size_t>(size), &bytes));
    if (bytes.empty()) {
      break;  // a file that was cut off within the padding of its last record
    }
    TS_RETURN_IF_ERROR(file->Write(offset, bytes));
    offset += bytes.size();
  }
  return file->Sync();
}

}  // namespace

struct BatchLog::Impl {
  Impl(const BatchLogOptions& log_options, const std::string& path, const std::string& database_id,
       DurableFunction durable_function)
      : options(log_options),
        on_durable(std::move(durable_function)),
        directory(log_options, path, database_id),
        writer(&directory, metrics) {}

  Status Start(const std::string& path, const LogContents& contents);
  // Writes, syncs and hands on everything that waits. The mutex is released meanwhile.
  void LeadGroup() TS_REQUIRES(mutex);
  Status Stopped() const TS_REQUIRES(mutex) {
    return Status::Unavailable("the batch log stopped; reopen the database. Cause: " +
                               failure.ToString());
  }

  const BatchLogOptions options;
  const DurableFunction on_durable;
  batchlog::SegmentDirectory directory;
  LogTail opened;

  LogMetrics own_metrics;
  LogMetrics* const metrics = options.metrics != nullptr ? options.metrics : &own_metrics;

  // The leader's: whoever set `leading`.
  batchlog::SegmentWriter writer;
  std::vector<LoggedChunk> group;

  // Where a caller waits for group number n. Those of two groups wait at a time: one is being
  // synced, the next one gathers. So a sync wakes its own group and one leader for the next,
  // instead of all, most of whom would go back to sleep.
  CondVar& Group(uint64_t number) { return groups[number % 2]; }

  mutable Mutex mutex;
  CondVar groups[2];
  CondVar room;  // waiting_bytes, leading or failure, for who counts in room_waiters
  std::vector<LoggedChunk> waiting TS_GUARDED_BY(mutex);
  uint64_t waiting_bytes TS_GUARDED_BY(mutex) = 0;
  size_t room_waiters TS_GUARDED_BY(mutex) = 0;
  bool leading TS_GUARDED_BY(mutex) = false;
  uint64_t group_number TS_GUARDED_BY(mutex) = 0;  // of the group that was taken last
  Lsn group_last TS_GUARDED_BY(mutex) = 0;         // its last record
  Lsn next TS_GUARDED_BY(mutex) = 1;
  Lsn durable TS_GUARDED_BY(mutex) = 0;
  Status failure TS_GUARDED_BY(mutex);
};

Status BatchLog::Impl::Start(const std::string& path, const LogContents& contents) {
  FileSystem* const file_system = options.file_system;
  TS_RETURN_IF_ERROR(SecureTail(file_system, path, contents));
  // Names as we found them must be durable before a file gets another one.
  TS_RETURN_IF_ERROR(file_system->SyncDirectory(path));
  directory.Adopt(contents);
  TS_RETURN_IF_ERROR(writer.Start(contents.tail.next));
  TS_RETURN_IF_ERROR(directory.Tidy());
  {
    const MutexLock lock(&mutex);
    next = contents.tail.next;
    durable = contents.tail.next - 1;
  }
  opened = contents.tail;
  if (opened.torn) {
    Say(options.logger, LogLevel::kInfo,
        "batch log: cut an unfinished group that was never acknowledged, " + opened.torn_at);
  }
  return Status::Ok();
}

void BatchLog::Impl::LeadGroup() {
  TS_CHECK(!leading && !waiting.empty());
  leading = true;
  group.swap(waiting);
  waiting_bytes = 0;
  const Lsn synced = durable;
  const Lsn last = group.back().lsn;
  const uint64_t number = ++group_number;
  group_last = last;
  const bool wanted = room_waiters > 0;
  mutex.Unlock();
  if (wanted) {
    room.NotifyAll();
  }
  Status written = writer.Write(group, synced);
  if (written.ok() && on_durable) {
    for (const LoggedChunk& chunk : group) {
      on_durable(chunk);
    }
  }
  if (!written.ok() && options.listener != nullptr) {
    options.listener->OnLogStopped(written);
  }
  group.clear();
  mutex.Lock();
  leading = false;
  if (written.ok()) {
    durable = last;
  } else {
    Say(options.logger, LogLevel::kError, "batch log: stopped: " + written.ToString());
    failure = std::move(written);
    Group(number + 1).NotifyAll();
  }
  Group(number).NotifyAll();
  if (!waiting.empty()) {
    Group(number + 1).NotifyOne();
  }
  if (room_waiters > 0) {
    room.NotifyAll();
  }
}

BatchLog::BatchLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Status BatchLog::Open(const BatchLogOptions& options, const std::string& path,
                      const std::string& database_id, Lsn after, const ReplayFunction& replay,
                      DurableFunction on_durable, std::unique_ptr<BatchLog>* log) {
  log->reset();
  TS_RETURN_IF_ERROR(CheckOptions(options, database_id));
  FileSystem* const file_system = options.file_system;
  LogContents contents;
  bool starts_after = false;
  TS_RETURN_IF_ERROR(
      batchlog::ScanLog(file_system, path, database_id, after, replay, &contents, &starts_after));
  if (!file_system->Exists(path)) {
    TS_RETURN_IF_ERROR(file_system->CreateDirectory(path));
  }
  if (contents.segments.empty()) {
    TS_RETURN_IF_ERROR(file_system->SyncDirectory(ParentDirectory(path)));
  }
  auto impl = std::make_unique<Impl>(options, path, database_id, std::move(on_durable));
  TS_RETURN_IF_ERROR(impl->Start(path, contents));
  log->reset(new BatchLog(std::move(impl)));
  return Status::Ok();
}

Status BatchLog::Create(const BatchLogOptions& options, const std::string& path,
                        const std::string& database_id, Lsn next, std::unique_ptr<BatchLog>* log) {
  log->reset();
  TS_RETURN_IF_ERROR(CheckOptions(options, database_id));
  if (options.file_system->Exists(path)) {
    return Status::InvalidArgument(path + " is there already");
  }
  TS_RETURN_IF_ERROR(options.file_system->CreateDirectory(path));
  TS_RETURN_IF_ERROR(options.file_system->SyncDirectory(ParentDirectory(path)));
  LogContents nothing;
  nothing.tail.next = next;
  auto impl = std::make_unique<Impl>(options, path, database_id, nullptr);
  TS_RETURN_IF_ERROR(impl->Start(path, nothing));
  log->reset(new BatchLog(std::move(impl)));
  return Status::Ok();
}

Status BatchLog::Check(const BatchLogOptions& options, const std::string& path,
                       const std::string& database_id, Lsn after, LogTail* tail) {
  TS_RETURN_IF_ERROR(CheckOptions(options, database_id));
  LogContents contents;
  bool starts_after = false;
  TS_RETURN_IF_ERROR(batchlog::ScanLog(options.file_system, path, database_id, after, nullptr,
                                       &contents, &starts_after));
  *tail = contents.tail;
  return Status::Ok();
}

Status BatchLog::Read(const BatchLogOptions& options, const std::string& path,
                      const std::string& database_id, Lsn after, const ReplayFunction& replay,
                      LogTail* tail) {
  *tail = LogTail();
  TS_RETURN_IF_ERROR(CheckOptions(options, database_id));
  LogContents contents;
  bool starts_after = false;
  Status refused;  // by `replay`: not ours to judge
  const auto forward = [&](const LoggedChunk& chunk) {
    refused = replay ? replay(chunk) : Status::Ok();
    return refused;
  };
  const Status first = batchlog::ScanLog(options.file_system, path, database_id, after, forward,
                                         &contents, &starts_after);
  *tail = contents.tail;
  if (!refused.ok()) {
    return refused;
  }
  if (!first.Is(StatusCode::kCorruption) && !first.IsNotFound()) {
    return first;
  }
  // A writer that rolls or recycles under our eyes can look like damage. Damage stays where it is.
  if (first.Is(StatusCode::kCorruption) && !starts_after) {
    LogContents again;
    const Status second = batchlog::ScanLog(options.file_system, path, database_id, after, nullptr,
                                            &again, &starts_after);
    if (second.Is(first.code()) && second.message() == first.message()) {
      return first;
    }
  }
  return Status::TryAgain("the log moved on while it was read: " + first.message());
}

BatchLog::~BatchLog() {
  Impl& impl = *impl_;
  const MutexLock lock(&impl.mutex);
  while (impl.leading || (!impl.waiting.empty() && impl.failure.ok())) {
    if (impl.leading) {
      ++impl.room_waiters;
      impl.room.Wait(&impl.mutex);
      --impl.room_waiters;
    } else {
      impl.LeadGroup();
    }
  }
}

Status BatchLog::Append(std::shared_ptr<const std::string> payload, Lsn* lsn) {
  const size_t payload_bytes = payload->size();
  if (payload_bytes > limits::kRecordPayloadBytesMax) {
    return Status::InvalidArgument("a record of " + std::to_string(payload_bytes) +
                                   " bytes is larger than the batch log takes");
  }
  Impl& impl = *impl_;
  const MutexLock lock(&impl.mutex);
  if (!impl.failure.ok()) {
    return impl.Stopped();
  }
  *lsn = impl.next++;
  impl.waiting.push_back({.lsn = *lsn, .payload = std::move(payload)});
  impl.waiting_bytes += batchlog::RecordBytes(payload_bytes);
  while (impl.waiting_bytes > kWaitingBytesMax && impl.failure.ok()) {
    if (impl.leading) {
      ++impl.room_waiters;
      impl.room.Wait(&impl.mutex);
      --impl.room_waiters;
    } else {
      impl.LeadGroup();
    }
  }
  return impl.failure;
}

Status BatchLog::Sync(Lsn lsn) {
  Impl& impl = *impl_;
  const MutexLock lock(&impl.mutex);
  if (lsn >= impl.next) {
    return Status::InvalidArgument("record " + std::to_string(lsn) + " was not appended");
  }
  if (impl.durable < lsn && !impl.failure.ok()) {
    return impl.Stopped();
  }
  while (impl.durable < lsn && impl.failure.ok()) {
    if (impl.leading) {
      // Bounded: in glibc before 2.41 a signal can be lost (its bug 25847), and one waiter alone
      // is woken to lead the next group.
      impl.Group(lsn <= impl.group_last ? impl.group_number : impl.group_number + 1)
          .WaitUntil(&impl.mutex, std::chrono::steady_clock::now() + kFollowerWaitMax);
    } else {
      impl.LeadGroup();
    }
  }
  return impl.durable >= lsn ? Status::Ok() : impl.failure;
}

Status BatchLog::Release(Lsn applied) {
  return impl_->directory.Release(applied);
}

Lsn BatchLog::first() const {
  const Lsn first = impl_->directory.first();
  return first <= last() ? first : 0;
}

Lsn BatchLog::last() const {
  const MutexLock lock(&impl_->mutex);
  return impl_->next - 1;
}

Lsn BatchLog::durable() const {
  const MutexLock lock(&impl_->mutex);
  return impl_->durable;
}

uint64_t BatchLog::syncs() const {
  return impl_->metrics->sync_micros.Snapshot().count;
}

LogTail BatchLog::opened() const {
  return impl_->opened;
}

Status BatchLog::status() const {
  const MutexLock lock(&impl_->mutex);
  return impl_->failure;
}

}  // namespace tallystone
