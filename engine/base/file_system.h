// FileSystem: the few operations of the operating system that the batch log stands on. A virtual
// interface so that tests can lose what was not synced and return errors.
//
// Every error Status names the path and the operating system's words; ENOSPC, EDQUOT and EFBIG are
// kNoSpace, ENOENT is kNotFound, anything else is kIoError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/status.h"

namespace tallystone {

// An open file, read and written at positions. Thread-safe like pread and pwrite.
class File {
 public:
  virtual ~File() = default;  // closes
  // Writes all of `data` at `offset`. After an error the file may hold any part of it.
  virtual Status Write(uint64_t offset, std::string_view data) = 0;
  // Reads up to `size` bytes; fewer only at the end of the file. Appends nothing: *out is replaced.
  virtual Status Read(uint64_t offset, size_t size, std::string* out) const = 0;
  // Makes content and size durable (fdatasync).
  virtual Status Sync() = 0;
  virtual Status Size(uint64_t* size) const = 0;
  virtual Status Truncate(uint64_t size) = 0;
};

// Held from LockFile until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : uint8_t {
  kRead,       // must exist
  kReadWrite,  // must exist
  kCreate,     // must not exist; mode 0600
};

// The directory in which `path` stands: "a" of "a/b" and "a/b/", "." of "a", "/" of "/a".
std::string ParentDirectory(const std::string& path);

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  static FileSystem* Posix();  // never destroyed

  virtual Status Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) = 0;
  virtual Status CreateDirectory(const std::string& path) = 0;  // mode 0700; fine if it is there
  // OK if `path` is a directory or is not there. A symbolic link to a directory is an error: what
  // is written below it would land in a place that is not the database's.
  virtual Status ExpectDirectory(const std::string& path) = 0;
  // Names (not paths) in a directory, without "." and "..", sorted.
  virtual Status List(const std::string& path, std::vector<std::string>* names) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  // Two directories (or files) of one directory take each other's names, in one step. kIoError
  // where the file system cannot do that.
  virtual Status Exchange(const std::string& left, const std::string& right) = 0;
  virtual Status Remove(const std::string& path) = 0;
  virtual Status RemoveDirectory(const std::string& path) = 0;  // must be empty
  // Makes creations, renames and removals in a directory durable.
  virtual Status SyncDirectory(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;
  // Creates the file if needed and locks it for this open file description. kBusy if it is locked.
  virtual Status Lock(const std::string& path, std::unique_ptr<FileLock>* lock) = 0;
};

// Removes what `path` names, with everything below it; fine if there is nothing. Symbolic links are
// removed, not followed.
Status RemoveTree(FileSystem* files, const std::string& path);

}  // namespace tallystone
