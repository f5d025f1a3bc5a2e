// A file system under RocksDB that fails as told. Counts what changes files: writes, syncs,
// renames, links, creations, deletions; and reads of files below ingest/.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace tallystone::testing {

class FaultFiles : public rocksdb::FileSystemWrapper {
 public:
  FaultFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "tallystone.fault_files"; }

  // From now on: the `number`th change (0 = next) fails with `error`, or it and all after it.
  void FailAt(uint64_t number, rocksdb::IOStatus error, bool and_after) {
    std::lock_guard lock(mutex_);
    changes_ = 0;
    fail_at_ = number;
    and_after_ = and_after;
    error_ = std::move(error);
    hits_ = 0;
    failed_ = "";
  }
  // The `number`th read (0 = next) of a file to be ingested fails.
  void FailIngestReadAt(uint64_t number) {
    std::lock_guard lock(mutex_);
    ingest_reads_ = 0;
    fail_read_at_ = number;
    hits_ = 0;
  }
  // Every read of ingest/`name` sees one bit otherwise than it was written, at this part of the
  // file (0 to 1).
  void FlipIngestFile(const std::string& name, double part) {
    std::lock_guard lock(mutex_);
    flip_name_ = name;
    flip_part_ = part;
    hits_ = 0;
  }
  rocksdb::IOStatus OfIngestRead(const std::string& path, uint64_t file_bytes, uint64_t offset,
                                 rocksdb::Slice* result, char* scratch) {
    std::lock_guard lock(mutex_);
    if (ingest_reads_++ == fail_read_at_) {
      ++hits_;
      failed_ = "read " + path.substr(path.rfind('/') + 1);
      return rocksdb::IOStatus::IOError("injected");
    }
    const auto flip = static_cast<uint64_t>(flip_part_ * static_cast<double>(file_bytes));
    if (path.ends_with("/" + flip_name_) && flip >= offset && flip < offset + result->size()) {
      ++hits_;
      std::memmove(scratch, result->data(), result->size());
      scratch[flip - offset] ^= 1;
      *result = rocksdb::Slice(scratch, result->size());
    }
    return rocksdb::IOStatus::OK();
  }
  // Returns once nothing has changed for a while: background jobs are done.
  void WaitUntilQuiet() {
    for (uint64_t seen = UINT64_MAX; seen != changes();) {
      seen = changes();
      std::this_thread::sleep_for(std::chrono::milliseconds(15));
    }
  }
  uint64_t changes() const {
    std::lock_guard lock(mutex_);
    return changes_;
  }
  void StopFailing() {
    std::lock_guard lock(mutex_);
    fail_at_ = UINT64_MAX;
    fail_read_at_ = UINT64_MAX;
    flip_name_ = "-";
    and_after_ = false;
  }
  uint64_t hits() const {
    std::lock_guard lock(mutex_);
    return hits_;
  }
  // The first change that failed: "sync MANIFEST-000005".
  std::string failed() const {
    std::lock_guard lock(mutex_);
    return failed_;
  }

  rocksdb::IOStatus Check(const char* what, const std::string& path) {
    std::lock_guard lock(mutex_);
    const uint64_t change = changes_++;
    if (change != fail_at_ && !(and_after_ && change > fail_at_)) {
      return rocksdb::IOStatus::OK();
    }
    if (hits_++ == 0) {
      failed_ = std::string(what) + " " + path.substr(path.rfind('/') + 1);
    }
    return error_;
  }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = Check("rename", to);
    return status.ok() ? FileSystemWrapper::RenameFile(from, to, options, context) : status;
  }
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = Check("link", to);
    return status.ok() ? FileSystemWrapper::LinkFile(from, to, options, context) : status;
  }
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = Check("delete", path);
    return status.ok() ? FileSystemWrapper::DeleteFile(path, options, context) : status;
  }

 private:
  mutable std::mutex mutex_;
  uint64_t changes_ = 0;
  uint64_t fail_at_ = UINT64_MAX;
  bool and_after_ = false;
  rocksdb::IOStatus error_;
  uint64_t hits_ = 0;
  std::string failed_;
  uint64_t ingest_reads_ = 0;
  uint64_t fail_read_at_ = UINT64_MAX;
  std::string flip_name_ = "-";
  double flip_part_ = 0;
};

class FaultIngestFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  FaultIngestFile(std::unique_ptr<rocksdb::FSRandomAccessFile>&& file, FaultFiles* faults,
                  std::string path, uint64_t bytes)
      : FSRandomAccessFileOwnerWrapper(std::move(file)),
        faults_(faults),
        path_(std::move(path)),
        bytes_(bytes) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* context) const override {
    rocksdb::IOStatus status =
        FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, context);
    return status.ok() ? faults_->OfIngestRead(path_, bytes_, offset, result, scratch) : status;
  }

 private:
  FaultFiles* const faults_;
  const std::string path_;
  const uint64_t bytes_;
};

class FaultWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultWritableFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, FaultFiles* faults,
                    std::string path)
      : FSWritableFileOwnerWrapper(std::move(file)), faults_(faults), path_(std::move(path)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = faults_->Check("write", path_);
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, context) : status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& info,
                           rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = faults_->Check("write", path_);
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, info, context) : status;
  }
  // The data may be on the device all the same: it fails after the sync.
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Sync(options, context);
    rocksdb::IOStatus fault = faults_->Check("sync", path_);
    return fault.ok() ? status : fault;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Fsync(options, context);
    rocksdb::IOStatus fault = faults_->Check("sync", path_);
    return fault.ok() ? status : fault;
  }

 private:
  FaultFiles* const faults_;
  const std::string path_;
};

class FaultDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  FaultDirectory(std::unique_ptr<rocksdb::FSDirectory>&& directory, FaultFiles* faults,
                 std::string path)
      : FSDirectoryWrapper(std::move(directory)), faults_(faults), path_(std::move(path)) {}
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus fault = faults_->Check("sync directory", path_);
    return fault.ok() ? FSDirectoryWrapper::Fsync(options, context) : fault;
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* context,
                                        const rocksdb::DirFsyncOptions& how) override {
    rocksdb::IOStatus fault = faults_->Check("sync directory", path_);
    return fault.ok() ? FSDirectoryWrapper::FsyncWithDirOptions(options, context, how) : fault;
  }

 private:
  FaultFiles* const faults_;
  const std::string path_;
};

inline rocksdb::IOStatus FaultFiles::NewRandomAccessFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSRandomAccessFile>* file, rocksdb::IODebugContext* context) {
  rocksdb::IOStatus status = FileSystemWrapper::NewRandomAccessFile(path, options, file, context);
  if (status.ok() && path.find("/ingest/") != std::string::npos) {
    uint64_t bytes = 0;
    status = FileSystemWrapper::GetFileSize(path, options.io_options, &bytes, context);
    *file = std::make_unique<FaultIngestFile>(std::move(*file), this, path, bytes);
  }
  return status;
}

inline rocksdb::IOStatus FaultFiles::NewWritableFile(const std::string& path,
                                                     const rocksdb::FileOptions& options,
                                                     std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                     rocksdb::IODebugContext* context) {
  rocksdb::IOStatus status = Check("create", path);
  if (status.ok()) {
    status = FileSystemWrapper::NewWritableFile(path, options, file, context);
  }
  if (status.ok()) {
    *file = std::make_unique<FaultWritableFile>(std::move(*file), this, path);
  }
  return status;
}

inline rocksdb::IOStatus FaultFiles::ReopenWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* context) {
  rocksdb::IOStatus status = Check("reopen", path);
  if (status.ok()) {
    status = FileSystemWrapper::ReopenWritableFile(path, options, file, context);
  }
  if (status.ok()) {
    *file = std::make_unique<FaultWritableFile>(std::move(*file), this, path);
  }
  return status;
}

inline rocksdb::IOStatus FaultFiles::NewDirectory(const std::string& path,
                                                  const rocksdb::IOOptions& options,
                                                  std::unique_ptr<rocksdb::FSDirectory>* directory,
                                                  rocksdb::IODebugContext* context) {
  rocksdb::IOStatus status = FileSystemWrapper::NewDirectory(path, options, directory, context);
  if (status.ok()) {
    *directory = std::make_unique<FaultDirectory>(std::move(*directory), this, path);
  }
  return status;
}

}  // namespace tallystone::testing
