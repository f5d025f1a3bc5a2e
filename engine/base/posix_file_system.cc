#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <sys/file.h>
#include <sys/stat.h>

#include "base/file_system.h"

namespace tallystone {
namespace {

// "cannot read stock.db/log/0000000001.log: Input/output error".
Status Error(const char* verb, const std::string& path, int error) {
  std::string message =
      std::string("cannot ") + verb + " " + path + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOENT:
      return Status::NotFound(std::move(message));
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Status::NoSpace(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

int OpenRetrying(const std::string& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

// Regular files only. A symbolic link would let a write reach a file that is not of the database;
// opening a pipe would wait for its other end.
Status OpenRegular(const char* verb, const std::string& path, int flags, int* descriptor) {
  *descriptor = OpenRetrying(path, flags | O_NOFOLLOW | O_NONBLOCK);
  if (*descriptor < 0) {
    return Error(verb, path, errno);
  }
  struct stat info = {};
  if (::fstat(*descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
    return Status::Ok();
  }
  ::close(*descriptor);
  return Status::IoError(std::string("cannot ") + verb + " " + path + ": it is no regular file");
}

class PosixFile final : public File {
 public:
  PosixFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override { ::close(descriptor_); }

  Status Write(uint64_t offset, std::string_view data) override {
    while (!data.empty()) {
      const ssize_t written =
          ::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written <= 0) {
        return Error("write", path_, written < 0 ? errno : EIO);
      }
      data.remove_prefix(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    }
    return Status::Ok();
  }

  Status Read(uint64_t offset, size_t size, std::string* out) const override {
    out->resize(size);
    size_t filled = 0;
    while (filled < size) {
      const ssize_t got = ::pread(descriptor_, out->data() + filled, size - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        const int error = errno;
        out->clear();
        return Error("read", path_, error);
      }
      if (got == 0) {
        break;
      }
      filled += static_cast<size_t>(got);
    }
    out->resize(filled);
    return Status::Ok();
  }

  // Not repeated on any error: the kernel may have dropped the pages that it could not write.
  Status Sync() override {
    return ::fdatasync(descriptor_) == 0 ? Status::Ok() : Error("sync", path_, errno);
  }

  Status Size(uint64_t* size) const override {
    struct stat info = {};
    if (::fstat(descriptor_, &info) != 0) {
      return Error("look at", path_, errno);
    }
    *size = static_cast<uint64_t>(info.st_size);
    return Status::Ok();
  }

  Status Truncate(uint64_t size) override {
    while (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
      if (errno != EINTR) {
        return Error("truncate", path_, errno);
      }
    }
    return Status::Ok();
  }

 private:
  const std::string path_;
  const int descriptor_;
};

// flock, not fcntl: the lock belongs to this open, so a second open in the same process is refused
// too.
class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(int descriptor) : descriptor_(descriptor) {}
  PosixFileLock(const PosixFileLock&) = delete;
  PosixFileLock& operator=(const PosixFileLock&) = delete;
  ~PosixFileLock() override { ::close(descriptor_); }

 private:
  const int descriptor_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Status Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) override {
    file->reset();
    const int flags = mode == OpenMode::kRead        ? O_RDONLY
                      : mode == OpenMode::kReadWrite ? O_RDWR
                                                     : O_RDWR | O_CREAT | O_EXCL;
    int descriptor = -1;
    Status status =
        OpenRegular(mode == OpenMode::kCreate ? "create" : "open", path, flags, &descriptor);
    if (!status.ok()) {
      return status;
    }
    *file = std::make_unique<PosixFile>(path, descriptor);
    return Status::Ok();
  }

  Status CreateDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) == 0) {
      return Status::Ok();
    }
    const int error = errno;
    struct stat info = {};
    if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      return Status::Ok();
    }
    return Error("create directory", path, error);
  }

  Status ExpectDirectory(const std::string& path) override {
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) {
      return errno == ENOENT ? Status::Ok() : Error("look at", path, errno);
    }
    if (S_ISDIR(info.st_mode)) {
      return Status::Ok();
    }
    return Status::IoError(path + (S_ISLNK(info.st_mode)
                                       ? " is a symbolic link; it must be a directory"
                                       : " is no directory"));
  }

  Status List(const std::string& path, std::vector<std::string>* names) override {
    names->clear();
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) {
      return Error("list", path, errno);
    }
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        names->emplace_back(name);
      }
      errno = 0;
    }
    const int error = errno;
    ::closedir(directory);
    if (error != 0) {
      names->clear();
      return Error("list", path, error);
    }
    std::sort(names->begin(), names->end());
    return Status::Ok();
  }

  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status::Ok() : Error("rename", from, errno);
  }

  Status Exchange(const std::string& left, const std::string& right) override {
    return ::renameat2(AT_FDCWD, left.c_str(), AT_FDCWD, right.c_str(), RENAME_EXCHANGE) == 0
               ? Status::Ok()
               : Error("exchange", left, errno);
  }

  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status::Ok() : Error("remove", path, errno);
  }

  Status RemoveDirectory(const std::string& path) override {
    return ::rmdir(path.c_str()) == 0 ? Status::Ok() : Error("remove directory", path, errno);
  }

  Status SyncDirectory(const std::string& path) override {
    const int descriptor = OpenRetrying(path, O_RDONLY | O_DIRECTORY);
    if (descriptor < 0) {
      return Error("open directory", path, errno);
    }
    const int error = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    return error == 0 ? Status::Ok() : Error("sync directory", path, error);
  }

  bool Exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Status Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override {
    lock->reset();
    int descriptor = -1;
    Status status = OpenRegular("open", path, O_RDWR | O_CREAT, &descriptor);
    if (!status.ok()) {
      return status;
    }
    int result = 0;
    do {
      result = ::flock(descriptor, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
      const int error = errno;
      ::close(descriptor);
      return error == EWOULDBLOCK ? Status::Busy(path + " is locked by another process or engine")
                                  : Error("lock", path, error);
    }
    *lock = std::make_unique<PosixFileLock>(descriptor);
    return Status::Ok();
  }
};

}  // namespace

std::string ParentDirectory(const std::string& path) {
  const size_t slash = path.find_last_of('/', path.find_last_not_of('/'));
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Status RemoveTree(FileSystem* files, const std::string& path) {
  if (!files->ExpectDirectory(path).ok()) {
    return files->Remove(path);
  }
  std::vector<std::string> names;
  const Status listed = files->List(path, &names);
  if (!listed.ok()) {
    return listed.IsNotFound() ? Status::Ok() : listed;
  }
  for (const std::string& name : names) {
    Status status = RemoveTree(files, path + "/" + name);
    if (!status.ok()) {
      return status;
    }
  }
  return files->RemoveDirectory(path);
}

FileSystem* FileSystem::Posix() {
  static auto* const file_system = new PosixFileSystem;
  return file_system;
}

}  // namespace tallystone
