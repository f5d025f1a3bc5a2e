#include "store/rocks/guarded_files.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <rocksdb/file_system.h>
#include <sys/stat.h>

namespace tallystone::rocks {
namespace {

thread_local bool inside_ingest = false;
// The first error of a read inside the IngestScope of this thread.
thread_local rocksdb::IOStatus ingest_read_error;

// OK if there is nothing at `path`, or a file of the usual kind. Opening a pipe would wait for
// ever, and a symbolic link would let a write reach a file that is not of the database.
rocksdb::IOStatus ExpectOrdinary(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) {
    return rocksdb::IOStatus::OK();
  }
  return rocksdb::IOStatus::IOError(path, "is not a regular file");
}

// RocksDB reads some files whole, whatever their size, and logs to their end.
constexpr off_t kSmallFileBytesMax = 1 << 20;
constexpr off_t kLogBytesMax = off_t{1} << 30;

rocksdb::IOStatus ExpectSize(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const bool small = name == "CURRENT" || name == "IDENTITY" || name.substr(0, 8) == "OPTIONS-";
  struct stat info = {};
  if (::stat(path.c_str(), &info) == 0 &&
      info.st_size > (small ? kSmallFileBytesMax : kLogBytesMax)) {
    return rocksdb::IOStatus::IOError(
        path, "has " + std::to_string(info.st_size) + " bytes, which it cannot have");
  }
  return rocksdb::IOStatus::OK();
}

// RocksDB has no option for the mode of what it creates.
rocksdb::IOStatus MakePrivate(const std::string& path, mode_t mode) {
  return ::chmod(path.c_str(), mode) == 0
             ? rocksdb::IOStatus::OK()
             : rocksdb::IOStatus::IOError(path, std::generic_category().message(errno));
}

// Over the operating system's files only.
class PrivateFiles : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  [[nodiscard]] const char* Name() const override { return "tallystone.private_files"; }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = ExpectOrdinary(path);
    if (status.ok()) {
      status = ExpectSize(path);
    }
    return status.ok() ? FileSystemWrapper::NewSequentialFile(path, options, file, context)
                       : status;
  }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = ExpectOrdinary(path);
    return status.ok() ? FileSystemWrapper::NewRandomAccessFile(path, options, file, context)
                       : status;
  }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    return Create(path,
                  [&] { return FileSystemWrapper::NewWritableFile(path, options, file, context); });
  }

  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* context) override {
    return Create(
        path, [&] { return FileSystemWrapper::ReopenWritableFile(path, options, file, context); });
  }

  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* context) override {
    return Create(path,
                  [&] { return FileSystemWrapper::NewRandomRWFile(path, options, file, context); });
  }

  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = ExpectOrdinary(path);
    if (status.ok()) {
      status = FileSystemWrapper::LockFile(path, options, lock, context);
    }
    if (status.ok()) {
      status = MakePrivate(path, 0600);
      if (!status.ok()) {
        FileSystemWrapper::UnlockFile(*lock, options, context).PermitUncheckedError();
        *lock = nullptr;
      }
    }
    return status;
  }

 private:
  template <typename Make>
  static rocksdb::IOStatus Create(const std::string& path, const Make& make) {
    rocksdb::IOStatus status = ExpectOrdinary(path);
    if (status.ok()) {
      status = make();
    }
    return status.ok() ? MakePrivate(path, 0600) : status;
  }
};

// What was read of a file, as far as it is kept: the last reads, small ones (of indexes) longer.
class KeptReads {
 public:
  void Keep(uint64_t offset, const rocksdb::Slice& bytes) {
    constexpr size_t kSmallBytes = 64u << 10;
    constexpr size_t kSmallBytesKept = 1u << 20;
    constexpr size_t kLargeKept = 4;
    if (bytes.empty()) {
      return;
    }
    if (bytes.size() > kSmallBytes) {
      large_.push_back({offset, bytes.ToString()});
      if (large_.size() > kLargeKept) {
        large_.pop_front();
      }
      return;
    }
    small_.push_back({offset, bytes.ToString()});
    small_bytes_ += bytes.size();
    while (small_bytes_ > kSmallBytesKept) {
      small_bytes_ -= small_.front().bytes.size();
      small_.pop_front();
    }
  }

  // Copies what was at [offset, offset + size) into `scratch`. False: some of it is not kept.
  bool Recall(uint64_t offset, size_t size, char* scratch) const {
    size_t done = 0;
    while (done < size) {
      const size_t found = CopyFrom(small_, offset + done, size - done, scratch + done);
      const size_t more =
          found > 0 ? found : CopyFrom(large_, offset + done, size - done, scratch + done);
      if (more == 0) {
        return false;
      }
      done += more;
    }
    return true;
  }

 private:
  struct Piece {
    uint64_t offset = 0;
    std::string bytes;
  };

  static size_t CopyFrom(const std::deque<Piece>& pieces, uint64_t offset, size_t size,
                         char* scratch) {
    for (const Piece& piece : pieces) {
      if (offset >= piece.offset && offset < piece.offset + piece.bytes.size()) {
        const size_t begin = offset - piece.offset;
        const size_t count = std::min(size, piece.bytes.size() - begin);
        std::memcpy(scratch, piece.bytes.data() + begin, count);
        return count;
      }
    }
    return 0;
  }

  std::deque<Piece> small_, large_;
  size_t small_bytes_ = 0;
};

// A file that is opened inside an IngestScope. One that is not yet of the database (`fresh`) is
// read by the scope's thread alone, and closed at its end.
class IngestedFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  IngestedFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, bool fresh)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), fresh_(fresh) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* context) const override {
    const rocksdb::IOStatus status = Remember(
        FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, context));
    if (!fresh_) {
      return status;
    }
    if (status.ok()) {
      kept_.Keep(offset, *result);
    } else if (kept_.Recall(offset, size, scratch)) {
      *result = rocksdb::Slice(scratch, size);
      return rocksdb::IOStatus::OK();
    }
    return status;
  }

  rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status =
        FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, context);
    for (size_t index = 0; index < count; ++index) {
      Remember(requests[index].status).PermitUncheckedError();
    }
    return Remember(status);
  }

 private:
  static rocksdb::IOStatus Remember(const rocksdb::IOStatus& status) {
    if (!status.ok() && inside_ingest && ingest_read_error.ok()) {
      ingest_read_error = status;
    }
    return status;
  }

  const bool fresh_;
  mutable KeptReads kept_;
};

rocksdb::IOStatus ToIoStatus(const Status& status) {
  return status.ok()                       ? rocksdb::IOStatus::OK()
         : status.Is(StatusCode::kNoSpace) ? rocksdb::IOStatus::NoSpace(status.message())
                                           : rocksdb::IOStatus::IOError(status.message());
}

// A MANIFEST that is written: each sync is noted.
class WrittenManifest : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WrittenManifest(std::unique_ptr<rocksdb::FSWritableFile>&& file, uint64_t number,
                  ManifestLengths* lengths)
      : FSWritableFileOwnerWrapper(std::move(file)), number_(number), lengths_(lengths) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    return Grown(data, FSWritableFileOwnerWrapper::Append(data, options, context));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& info,
                           rocksdb::IODebugContext* context) override {
    return Grown(data, FSWritableFileOwnerWrapper::Append(data, options, info, context));
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    return Noted(FSWritableFileOwnerWrapper::Sync(options, context));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return Noted(FSWritableFileOwnerWrapper::Fsync(options, context));
  }

 private:
  rocksdb::IOStatus Grown(const rocksdb::Slice& data, rocksdb::IOStatus status) {
    bytes_ += status.ok() ? data.size() : 0;
    return status;
  }
  rocksdb::IOStatus Noted(rocksdb::IOStatus status) {
    return status.ok() ? ToIoStatus(lengths_->Synced(number_, bytes_)) : status;
  }

  const uint64_t number_;
  ManifestLengths* const lengths_;
  uint64_t bytes_ = 0;
};

// A MANIFEST that is read up to where it was synced.
class SyncedManifest : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SyncedManifest(std::unique_ptr<rocksdb::FSSequentialFile>&& file, uint64_t bytes)
      : FSSequentialFileOwnerWrapper(std::move(file)), left_(bytes) {}

  rocksdb::IOStatus Read(size_t size, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                         char* scratch, rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FSSequentialFileOwnerWrapper::Read(
        std::min<uint64_t>(size, left_), options, result, scratch, context);
    left_ -= status.ok() ? result->size() : 0;
    return status;
  }
  rocksdb::IOStatus Skip(uint64_t bytes) override {
    left_ -= std::min(bytes, left_);
    return FSSequentialFileOwnerWrapper::Skip(bytes);
  }

 private:
  uint64_t left_;
};

class GuardedFiles : public rocksdb::FileSystemWrapper {
 public:
  GuardedFiles(std::shared_ptr<rocksdb::FileSystem> base, std::string directory,
               ManifestLengths* lengths)
      : FileSystemWrapper(std::move(base)),
        directory_(std::move(directory) + "/"),
        lengths_(lengths) {}

  [[nodiscard]] const char* Name() const override { return "tallystone.guarded_files"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewRandomAccessFile(path, options, file, context);
    if (status.ok() && inside_ingest) {
      *file = std::make_unique<IngestedFile>(std::move(*file), !path.starts_with(directory_));
    }
    return status;
  }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, context);
    const uint64_t number = ManifestNumber(path);
    if (status.ok() && number != 0) {
      newest_manifest_ = number;
      *file = std::make_unique<WrittenManifest>(std::move(*file), number, lengths_);
    }
    return status;
  }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewSequentialFile(path, options, file, context);
    const std::optional<uint64_t> end = lengths_->ReadLimit(ManifestNumber(path));
    if (status.ok() && end.has_value()) {
      *file = std::make_unique<SyncedManifest>(std::move(*file), *end);
    }
    return status;
  }

  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
    if (inside_ingest && !ingest_read_error.ok()) {
      return ingest_read_error;
    }
    return FileSystemWrapper::LinkFile(from, to, options, context);
  }

  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    if (inside_ingest && std::string_view(path).substr(0, directory_.size()) == directory_) {
      return rocksdb::IOStatus::OK();
    }
    return FileSystemWrapper::DeleteFile(path, options, context);
  }

  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    if (to == directory_ + "CURRENT") {
      std::unique_ptr<rocksdb::FSDirectory> directory;
      rocksdb::IOStatus status = NewDirectory(directory_, options, &directory, context);
      if (status.ok()) {
        status = directory->Fsync(options, context);
      }
      if (!status.ok()) {
        return status;
      }
    }
    rocksdb::IOStatus status = FileSystemWrapper::RenameFile(from, to, options, context);
    if (status.ok() && to == directory_ + "CURRENT") {
      lengths_->SetCurrent(newest_manifest_);
    }
    return status;
  }

 private:
  const std::string directory_;
  ManifestLengths* const lengths_;
  std::atomic<uint64_t> newest_manifest_ = 0;
};

}  // namespace

uint64_t ManifestNumber(std::string_view path) {
  constexpr std::string_view kPrefix = "MANIFEST-";
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.substr(0, kPrefix.size()) != kPrefix) {
    return 0;
  }
  name.remove_prefix(kPrefix.size());
  uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

std::unique_ptr<rocksdb::Env> NewGuardedEnv(rocksdb::Env* base, std::string directory,
                                            ManifestLengths* lengths) {
  std::shared_ptr<rocksdb::FileSystem> files =
      base != nullptr ? base->GetFileSystem() : rocksdb::FileSystem::Default();
  if (files == rocksdb::FileSystem::Default()) {
    files = std::make_shared<PrivateFiles>(files);
  }
  return rocksdb::NewCompositeEnv(
      std::make_shared<GuardedFiles>(files, std::move(directory), lengths));
}

IngestScope::IngestScope() {
  inside_ingest = true;
}
IngestScope::~IngestScope() {
  inside_ingest = false;
  ingest_read_error = rocksdb::IOStatus::OK();
}

}  // namespace tallystone::rocks
