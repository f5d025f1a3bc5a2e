#include "support/rocks_files.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/file_system.h>

namespace tallystone {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus ToIoStatus(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return IOStatus::OK();
    case StatusCode::kNotFound:
      return IOStatus::PathNotFound(status.message());
    case StatusCode::kNoSpace:
      return IOStatus::NoSpace(status.message());
    default:
      return IOStatus::IOError(status.message());
  }
}

// One slash between names, none at the end.
std::string Clean(const std::string& path) {
  std::string clean;
  for (const char c : path) {
    if (c != '/' || clean.empty() || clean.back() != '/') {
      clean.push_back(c);
    }
  }
  if (clean.size() > 1 && clean.back() == '/') {
    clean.pop_back();
  }
  return clean;
}

IOStatus ReadInto(const File& file, uint64_t offset, size_t size, Slice* result, char* scratch) {
  std::string bytes;
  const Status status = file.Read(offset, size, &bytes);
  std::memcpy(scratch, bytes.data(), bytes.size());
  *result = Slice(scratch, bytes.size());
  return ToIoStatus(status);
}

class Sequential : public rocksdb::FSSequentialFile {
 public:
  explicit Sequential(std::unique_ptr<File> file) : file_(std::move(file)) {}
  IOStatus Read(size_t size, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    const IOStatus status = ReadInto(*file_, offset_, size, result, scratch);
    offset_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t bytes) override {
    offset_ += bytes;
    return IOStatus::OK();
  }

 private:
  const std::unique_ptr<File> file_;
  uint64_t offset_ = 0;
};

class RandomAccess : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccess(std::unique_ptr<File> file) : file_(std::move(file)) {}
  IOStatus Read(uint64_t offset, size_t size, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return ReadInto(*file_, offset, size, result, scratch);
  }

 private:
  const std::unique_ptr<File> file_;
};

class Writable : public rocksdb::FSWritableFile {
 public:
  Writable(std::unique_ptr<File> file, uint64_t size) : file_(std::move(file)), size_(size) {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const Status status = file_->Write(size_, {data.data(), data.size()});
    size_ += status.ok() ? data.size() : 0;
    return ToIoStatus(status);
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    if (size == size_) {
      return IOStatus::OK();  // what Close of RocksDB does to every file
    }
    size_ = size;
    return ToIoStatus(file_->Truncate(size));
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return ToIoStatus(file_->Sync()); }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  const std::unique_ptr<File> file_;
  uint64_t size_;
};

class Directory : public rocksdb::FSDirectory {
 public:
  Directory(FaultFileSystem* disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return ToIoStatus(disk_->SyncDirectory(path_));
  }

 private:
  FaultFileSystem* const disk_;
  const std::string path_;
};

class RocksFiles : public rocksdb::FileSystem {
 public:
  explicit RocksFiles(FaultFileSystem* disk) : disk_(disk) {}
  [[nodiscard]] const char* Name() const override { return "tallystone.simulated_disk"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* made,
                             IODebugContext*) override {
    return Open<Sequential>(path, made);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* made,
                               IODebugContext*) override {
    return Open<RandomAccess>(path, made);
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* made,
                           IODebugContext*) override {
    std::unique_ptr<File> file;
    const bool there = disk_->Exists(Clean(path));
    Status status =
        disk_->Open(Clean(path), there ? OpenMode::kReadWrite : OpenMode::kCreate, &file);
    if (status.ok() && there) {
      status = file->Truncate(0);
    }
    if (status.ok()) {
      *made = std::make_unique<Writable>(std::move(file), 0);
    }
    return ToIoStatus(status);
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* made,
                              IODebugContext* context) override {
    if (!disk_->Exists(Clean(path))) {
      return NewWritableFile(path, options, made, context);
    }
    std::unique_ptr<File> file;
    uint64_t size = 0;
    Status status = disk_->Open(Clean(path), OpenMode::kReadWrite, &file);
    if (status.ok()) {
      status = file->Size(&size);
    }
    if (status.ok()) {
      *made = std::make_unique<Writable>(std::move(file), size);
    }
    return ToIoStatus(status);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* made, IODebugContext*) override {
    *made = std::make_unique<Directory>(disk_, Clean(path));
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    return disk_->Exists(Clean(path)) ? IOStatus::OK() : IOStatus::NotFound(path);
  }
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override {
    const Status status = disk_->List(Clean(path), names);
    return status.IsNotFound() ? IOStatus::NotFound(path) : ToIoStatus(status);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(disk_->Remove(Clean(path)));
  }
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(disk_->CreateDirectory(Clean(path)));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(disk_->CreateDirectory(Clean(path)));
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported(path);
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions&, uint64_t* size,
                       IODebugContext*) override {
    std::unique_ptr<File> file;
    Status status = disk_->Open(Clean(path), OpenMode::kRead, &file);
    return ToIoStatus(status.ok() ? file->Size(size) : status);
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return ToIoStatus(disk_->Rename(Clean(from), Clean(to)));
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                    IODebugContext*) override {
    return ToIoStatus(disk_->Link(Clean(from), Clean(to)));
  }
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    auto made = std::make_unique<Lock>();
    const Status status = disk_->Lock(Clean(path), &made->lock);
    *lock = status.ok() ? made.release() : nullptr;
    return ToIoStatus(status);
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete static_cast<Lock*>(lock);
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "test";
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                           IODebugContext*) override {
    *absolute = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is,
                       IODebugContext*) override {
    std::vector<std::string> names;
    *is = disk_->List(Clean(path), &names).ok();
    return IOStatus::OK();
  }

 private:
  struct Lock : rocksdb::FileLock {
    std::unique_ptr<tallystone::FileLock> lock;
  };

  template <typename Made, typename Interface>
  IOStatus Open(const std::string& path, std::unique_ptr<Interface>* made) {
    std::unique_ptr<File> file;
    const Status status = disk_->Open(Clean(path), OpenMode::kRead, &file);
    if (status.ok()) {
      *made = std::make_unique<Made>(std::move(file));
    }
    return ToIoStatus(status);
  }

  FaultFileSystem* const disk_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> NewRocksEnv(FaultFileSystem* disk) {
  return rocksdb::NewCompositeEnv(std::make_shared<RocksFiles>(disk));
}

}  // namespace tallystone
