// FaultFileSystem: a file system in memory that remembers what was synced, loses the rest in a
// crash, and fails where it is told to.
//
// What a crash may leave of the changes that were not synced is a choice of the test: nothing,
// everything, or any part (each 512-byte sector of each write by itself, each change of a directory
// by itself). The model is stricter than real file systems in one more way: after a failed sync the
// written bytes stay readable, but no later sync makes them durable unless they are written again.
//
//     FaultFileSystem disk;
//     for (uint64_t n = 0; ; ++n) {
//       disk.CrashAt(n);                  // operation n and all later ones fail, without effect
//       const bool finished = Scenario(&disk);
//       disk.Crash(seed);                 // the power goes: lose what was not synced
//       ... look at what is left ...
//       if (finished) break;
//     }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_system.h"

namespace tallystone {

enum class FileOperation : uint8_t {
  kWrite,
  kSync,
  kTruncate,
  kCreate,
  kRename,
  kLink,
  kRemove,
  kSyncDirectory,
  kCreateDirectory,
  // Not counted, and not stopped by CrashAt.
  kRead,
  kOpen,
};

// Thread-safe.
class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem();
  ~FaultFileSystem() override;

  // --- faults ---

  // Operations that change something, since construction or the last Crash.
  [[nodiscard]] uint64_t operations() const;
  // The n-th operation from now (0 = the next) answers `status` once, without effect.
  void FailAt(uint64_t n, Status status);
  // The n-th operation from now and all after it answer kIoError, without effect, until Crash.
  void CrashAt(uint64_t n);
  // From now on writes that need room beyond `bytes` in all files together answer kNoSpace, after
  // writing what fits. nullopt = no limit.
  void SetSpace(std::optional<uint64_t> bytes);
  // Asked before every operation; anything but OK is its answer, without effect. Called without a
  // lock.
  using Hook = std::function<Status(FileOperation operation, const std::string& path)>;
  void SetHook(Hook hook);

  // --- crashes ---

  enum class Keep : uint8_t { kNothing, kEverything, kSome };
  // Loses unsynced changes: all, none, or a part that depends on `seed` only. Open files of before
  // are dead (kIoError), faults are forgotten, locks are free.
  void Crash(Keep keep, uint64_t seed = 0);
  // The process dies, the machine lives: open files are dead, faults forgotten, locks free. Nothing
  // is lost, and nothing becomes durable by it.
  void Kill();
  // The same disk once more, with what is durable and what is not: what a crash at this moment
  // would meet. Without faults, hook, open files and locks.
  [[nodiscard]] std::unique_ptr<FaultFileSystem> Copy() const;
  // A hash of all names and bytes as they are now; equal for equal disks.
  [[nodiscard]] uint64_t Fingerprint() const;

  // --- bytes ---

  // The current bytes of a file; nullopt = there is none.
  [[nodiscard]] std::optional<std::string> Contents(const std::string& path) const;
  // Makes the file have these bytes, durably.
  void SetContents(const std::string& path, std::string_view bytes);
  // Paths of all files, sorted.
  [[nodiscard]] std::vector<std::string> Paths() const;

  Status Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) override;
  Status CreateDirectory(const std::string& path) override;
  Status ExpectDirectory(const std::string& path) override;
  Status List(const std::string& path, std::vector<std::string>* names) override;
  Status Rename(const std::string& from, const std::string& to) override;
  // A second name for the file.
  Status Link(const std::string& from, const std::string& to);
  Status Exchange(const std::string& left, const std::string& right) override;
  Status Remove(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  bool Exists(const std::string& path) override;
  Status Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override;

 private:
  struct Inode;
  class MemoryFile;
  class MemoryLock;
  // A change of names: `from` (may be empty) loses its name, `to` (may be empty) gets the file.
  struct NameChange {
    std::string from, to;
    std::shared_ptr<Inode> inode;  // null: a directory
    bool exchange = false;         // `from` and `to`, with all below them, change places
  };
  struct Tree {
    std::map<std::string, std::shared_ptr<Inode>> files;
    std::set<std::string> directories;
  };

  // The answer of the next operation; OK = go on. Locks.
  Status Begin(FileOperation operation, const std::string& path);
  // Where `path` is when two directories have changed places.
  static std::string NameAfter(const NameChange& exchange, const std::string& path);
  static bool IsEmpty(const Tree& tree, const std::string& directory);
  static void ApplyChange(const NameChange& change, Tree* tree);
  uint64_t UsedBytes() const;
  void KeepChanges(Keep keep, uint64_t* random);
  void BeginLife();

  mutable std::mutex mutex_;
  Tree now_;
  Tree durable_;
  std::vector<NameChange> pending_;  // of names, in order
  std::set<std::string> locked_;
  uint64_t life_ = 0;  // crashes so far
  uint64_t operations_ = 0;
  std::map<uint64_t, Status> failures_;  // by number of operation
  std::optional<uint64_t> crash_at_;
  std::optional<uint64_t> space_;
  Hook hook_;
};

}  // namespace tallystone
