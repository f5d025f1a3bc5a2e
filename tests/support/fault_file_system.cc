#include "support/fault_file_system.h"

#include <algorithm>

namespace tallystone {
namespace {

constexpr size_t kSectorBytes = 512;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// xorshift64*: the same numbers everywhere.
uint64_t Next(uint64_t* state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545F4914F6CDD1DULL;
}

void WriteTo(uint64_t offset, std::string_view data, std::string* bytes) {
  if (bytes->size() < offset + data.size()) {
    bytes->resize(offset + data.size());
  }
  std::copy(data.begin(), data.end(), bytes->begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

struct FaultFileSystem::Inode {
  struct Change {
    bool truncate = false;
    uint64_t offset = 0;  // or the new size
    std::string data;
  };

  std::string now;
  std::string durable;
  std::vector<Change> pending;  // since the last sync, in order

  void Apply(const Change& change, std::string* bytes) const {
    if (change.truncate) {
      bytes->resize(change.offset);
    } else {
      WriteTo(change.offset, change.data, bytes);
    }
  }

  // Each sector of each write survives or not.
  void KeepSome(uint64_t* random) {
    for (const Change& change : pending) {
      if (change.truncate) {
        if (Next(random) % 2 == 0) {
          Apply(change, &durable);
        }
        continue;
      }
      const uint64_t rest = Next(random) % 4;  // 0: all of it is lost, 1: all is kept
      std::string_view data = change.data;
      uint64_t offset = change.offset;
      while (!data.empty()) {
        const size_t size = std::min<size_t>(data.size(), kSectorBytes - offset % kSectorBytes);
        if (rest == 1 || (rest > 1 && Next(random) % 2 == 0)) {
          WriteTo(offset, data.substr(0, size), &durable);
        }
        data.remove_prefix(size);
        offset += size;
      }
    }
  }
};

class FaultFileSystem::MemoryFile final : public File {
 public:
  MemoryFile(FaultFileSystem* owner, std::string path, std::shared_ptr<Inode> inode, bool writable)
      : owner_(owner),
        path_(std::move(path)),
        inode_(std::move(inode)),
        writable_(writable),
        life_(owner->life_) {}

  Status Write(uint64_t offset, std::string_view data) override {
    Status begun = owner_->Begin(FileOperation::kWrite, path_);
    if (!begun.ok()) {
      return begun;
    }
    const std::lock_guard lock(owner_->mutex_);
    if (life_ != owner_->life_ || !writable_) {
      return Dead();
    }
    Status status;
    if (owner_->space_.has_value()) {
      const uint64_t free = *owner_->space_ - std::min(*owner_->space_, owner_->UsedBytes());
      const uint64_t room = inode_->now.size() + free;
      if (offset + data.size() > room) {
        data = data.substr(0, static_cast<size_t>(room - std::min<uint64_t>(room, offset)));
        status = Status::NoSpace("cannot write " + path_ + ": No space left on device");
      }
    }
    if (!data.empty()) {
      inode_->pending.push_back({.offset = offset, .data = std::string(data)});
      inode_->Apply(inode_->pending.back(), &inode_->now);
    }
    return status;
  }

  Status Read(uint64_t offset, size_t size, std::string* out) const override {
    out->clear();
    Status begun = owner_->Begin(FileOperation::kRead, path_);
    if (!begun.ok()) {
      return begun;
    }
    const std::lock_guard lock(owner_->mutex_);
    if (life_ != owner_->life_) {
      return Dead();
    }
    if (offset < inode_->now.size()) {
      *out = inode_->now.substr(offset, size);
    }
    return Status::Ok();
  }

  Status Sync() override {
    Status begun = owner_->Begin(FileOperation::kSync, path_);
    const std::lock_guard lock(owner_->mutex_);
    if (life_ != owner_->life_) {
      return Dead();
    }
    if (begun.ok()) {
      for (const Inode::Change& change : inode_->pending) {
        inode_->Apply(change, &inode_->durable);
      }
      inode_->pending.clear();
    } else if (!owner_->crash_at_.has_value()) {
      inode_->pending.clear();  // readable, and lost
    }
    return begun;
  }

  Status Size(uint64_t* size) const override {
    const std::lock_guard lock(owner_->mutex_);
    *size = inode_->now.size();
    return Status::Ok();
  }

  Status Truncate(uint64_t size) override {
    Status begun = owner_->Begin(FileOperation::kTruncate, path_);
    if (!begun.ok()) {
      return begun;
    }
    const std::lock_guard lock(owner_->mutex_);
    if (life_ != owner_->life_ || !writable_) {
      return Dead();
    }
    inode_->pending.push_back({.truncate = true, .offset = size, .data = ""});
    inode_->Apply(inode_->pending.back(), &inode_->now);
    return Status::Ok();
  }

 private:
  Status Dead() const {
    return Status::IoError(path_ + ": opened before the crash, or to read only");
  }

  FaultFileSystem* const owner_;
  const std::string path_;
  const std::shared_ptr<Inode> inode_;
  const bool writable_;
  const uint64_t life_;
};

class FaultFileSystem::MemoryLock final : public FileLock {
 public:
  MemoryLock(FaultFileSystem* owner, std::string path, uint64_t life)
      : owner_(owner), path_(std::move(path)), life_(life) {}
  ~MemoryLock() override {
    const std::lock_guard lock(owner_->mutex_);
    if (life_ == owner_->life_) {
      owner_->locked_.erase(path_);
    }
  }

 private:
  FaultFileSystem* const owner_;
  const std::string path_;
  const uint64_t life_;
};

FaultFileSystem::FaultFileSystem() = default;
FaultFileSystem::~FaultFileSystem() = default;

uint64_t FaultFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FaultFileSystem::FailAt(uint64_t n, Status status) {
  const std::lock_guard lock(mutex_);
  failures_[operations_ + n] = std::move(status);
}

void FaultFileSystem::CrashAt(uint64_t n) {
  const std::lock_guard lock(mutex_);
  crash_at_ = operations_ + n;
}

void FaultFileSystem::SetSpace(std::optional<uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  space_ = bytes;
}

void FaultFileSystem::SetHook(Hook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

Status FaultFileSystem::Begin(FileOperation operation, const std::string& path) {
  std::unique_lock lock(mutex_);
  if (const Hook hook = hook_) {
    lock.unlock();
    Status answer = hook(operation, path);
    if (!answer.ok()) {
      return answer;
    }
    lock.lock();
  }
  if (operation == FileOperation::kRead || operation == FileOperation::kOpen) {
    return Status::Ok();
  }
  const uint64_t number = operations_++;
  if (crash_at_.has_value() && number >= *crash_at_) {
    return Status::IoError(path + ": the machine is about to crash");
  }
  const auto failure = failures_.find(number);
  if (failure == failures_.end()) {
    return Status::Ok();
  }
  return failure->second;
}

uint64_t FaultFileSystem::UsedBytes() const {
  uint64_t bytes = 0;
  for (const auto& [path, inode] : now_.files) {
    bytes += inode->now.size();
  }
  return bytes;
}

std::string FaultFileSystem::NameAfter(const NameChange& exchange, const std::string& path) {
  for (const auto& [from, to] :
       {std::pair(exchange.from, exchange.to), std::pair(exchange.to, exchange.from)}) {
    if (path == from || path.rfind(from + "/", 0) == 0) {
      return to + path.substr(from.size());
    }
  }
  return path;
}

void FaultFileSystem::ApplyChange(const NameChange& change, Tree* tree) {
  if (change.exchange) {
    Tree exchanged;
    for (const auto& [path, inode] : tree->files) {
      exchanged.files[NameAfter(change, path)] = inode;
    }
    for (const std::string& path : tree->directories) {
      exchanged.directories.insert(NameAfter(change, path));
    }
    *tree = std::move(exchanged);
    return;
  }
  if (change.inode == nullptr) {
    if (change.to.empty()) {
      // It was empty, so what it held is gone for good when it is.
      const auto inside = [&](const std::string& path) {
        return path == change.from || path.rfind(change.from + "/", 0) == 0;
      };
      std::erase_if(tree->directories, inside);
      std::erase_if(tree->files, [&](const auto& file) { return inside(file.first); });
    } else {
      tree->directories.insert(change.to);
    }
    return;
  }
  if (!change.from.empty()) {
    tree->files.erase(change.from);
  }
  if (!change.to.empty()) {
    tree->files[change.to] = change.inode;
  }
}

bool FaultFileSystem::IsEmpty(const Tree& tree, const std::string& directory) {
  const auto inside = [&](const std::string& path) { return ParentOf(path) == directory; };
  return tree.directories.contains(directory) &&
         std::none_of(tree.directories.begin(), tree.directories.end(), inside) &&
         std::none_of(tree.files.begin(), tree.files.end(),
                      [&](const auto& file) { return inside(file.first); });
}

void FaultFileSystem::KeepChanges(Keep keep, uint64_t* random) {
  for (const NameChange& change : pending_) {
    // A change of a file that has no name on the disk cannot survive alone.
    const bool possible = change.exchange || change.from.empty() ||
                          (change.inode != nullptr ? durable_.files.contains(change.from)
                                                   : IsEmpty(durable_, change.from));
    if (keep == Keep::kEverything || (possible && Next(random) % 2 == 0)) {
      ApplyChange(change, &durable_);
    }
  }
  for (auto& [path, inode] : durable_.files) {
    if (keep == Keep::kEverything) {
      inode->durable = inode->now;
    } else {
      inode->KeepSome(random);
    }
    inode->pending.clear();
  }
}

void FaultFileSystem::Crash(Keep keep, uint64_t seed) {
  const std::lock_guard lock(mutex_);
  uint64_t random = seed * 0x9E3779B97F4A7C15ULL + 0x1234567ULL;
  if (keep != Keep::kNothing) {
    KeepChanges(keep, &random);
  }
  // Nothing can be in a directory that is not there.
  const auto homeless = [&](const std::string& path) {
    for (std::string parent = ParentOf(path); parent != "."; parent = ParentOf(parent)) {
      if (now_.directories.contains(parent) && !durable_.directories.contains(parent)) {
        return true;
      }
    }
    return false;
  };
  std::erase_if(durable_.files, [&](const auto& entry) { return homeless(entry.first); });
  std::erase_if(durable_.directories, homeless);
  now_ = durable_;
  for (auto& [path, inode] : now_.files) {
    inode->now = inode->durable;
    inode->pending.clear();
  }
  pending_.clear();
  BeginLife();
}

void FaultFileSystem::Kill() {
  const std::lock_guard lock(mutex_);
  BeginLife();
}

void FaultFileSystem::BeginLife() {
  locked_.clear();
  failures_.clear();
  crash_at_.reset();
  space_.reset();
  operations_ = 0;
  ++life_;
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::Copy() const {
  auto copy = std::make_unique<FaultFileSystem>();
  const std::lock_guard lock(mutex_);
  std::map<const Inode*, std::shared_ptr<Inode>> copies;
  const auto copy_of = [&](const std::shared_ptr<Inode>& inode) {
    std::shared_ptr<Inode>& made = copies[inode.get()];
    if (made == nullptr && inode != nullptr) {
      made = std::make_shared<Inode>(*inode);
    }
    return made;
  };
  for (auto [from, to] : {std::pair(&now_, &copy->now_), std::pair(&durable_, &copy->durable_)}) {
    to->directories = from->directories;
    for (const auto& [path, inode] : from->files) {
      to->files[path] = copy_of(inode);
    }
  }
  for (const NameChange& change : pending_) {
    copy->pending_.push_back({change.from, change.to, copy_of(change.inode), change.exchange});
  }
  return copy;
}

uint64_t FaultFileSystem::Fingerprint() const {
  const std::lock_guard lock(mutex_);
  const auto mix = [](uint64_t hash, std::string_view bytes) {
    return (hash ^ std::hash<std::string_view>{}(bytes)) * 0x9E3779B97F4A7C15ULL + bytes.size();
  };
  uint64_t hash = 0;
  for (const std::string& directory : now_.directories) {
    hash = mix(hash, directory);
  }
  for (const auto& [path, inode] : now_.files) {
    hash = mix(mix(hash, path), inode->now);
  }
  return hash;
}

std::optional<std::string> FaultFileSystem::Contents(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = now_.files.find(path);
  if (found == now_.files.end()) {
    return std::nullopt;
  }
  return found->second->now;
}

void FaultFileSystem::SetContents(const std::string& path, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  auto& inode = now_.files[path];
  if (inode == nullptr) {
    inode = std::make_shared<Inode>();
  }
  inode->now = bytes;
  inode->durable = bytes;
  inode->pending.clear();
  durable_.files[path] = inode;
  for (std::string parent = ParentOf(path); parent != "."; parent = ParentOf(parent)) {
    now_.directories.insert(parent);
    durable_.directories.insert(parent);
  }
}

std::vector<std::string> FaultFileSystem::Paths() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : now_.files) {
    paths.push_back(path);
  }
  return paths;
}

Status FaultFileSystem::Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) {
  file->reset();
  const bool create = mode == OpenMode::kCreate;
  Status begun = Begin(create ? FileOperation::kCreate : FileOperation::kOpen, path);
  if (!begun.ok()) {
    return begun;
  }
  const std::lock_guard lock(mutex_);
  const auto found = now_.files.find(path);
  if (create && found != now_.files.end()) {
    return Status::IoError("cannot create " + path + ": File exists");
  }
  if (!create && found == now_.files.end()) {
    return Status::NotFound("cannot open " + path + ": No such file or directory");
  }
  std::shared_ptr<Inode> inode;
  if (create) {
    inode = std::make_shared<Inode>();
    pending_.push_back({.from = "", .to = path, .inode = inode});
    ApplyChange(pending_.back(), &now_);
  } else {
    inode = found->second;
  }
  *file = std::make_unique<MemoryFile>(this, path, std::move(inode), mode != OpenMode::kRead);
  return Status::Ok();
}

Status FaultFileSystem::CreateDirectory(const std::string& path) {
  if (Exists(path)) {
    return Status::Ok();
  }
  Status begun = Begin(FileOperation::kCreateDirectory, path);
  if (!begun.ok()) {
    return begun;
  }
  const std::lock_guard lock(mutex_);
  pending_.push_back({.from = "", .to = path, .inode = nullptr});
  ApplyChange(pending_.back(), &now_);
  return Status::Ok();
}

Status FaultFileSystem::ExpectDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return now_.files.contains(path) ? Status::IoError(path + " is no directory") : Status::Ok();
}

Status FaultFileSystem::List(const std::string& path, std::vector<std::string>* names) {
  names->clear();
  const std::lock_guard lock(mutex_);
  if (!now_.directories.contains(path)) {
    return Status::NotFound("cannot list " + path + ": No such file or directory");
  }
  const auto add = [&](const std::string& child) {
    if (ParentOf(child) == path) {
      names->push_back(child.substr(child.rfind('/') + 1));
    }
  };
  for (const auto& [child, inode] : now_.files) {
    add(child);
  }
  std::for_each(now_.directories.begin(), now_.directories.end(), add);
  std::sort(names->begin(), names->end());
  return Status::Ok();
}

Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  Status begun = Begin(FileOperation::kRename, from);
  if (!begun.ok()) {
    return begun;
  }
  const std::lock_guard lock(mutex_);
  if (now_.directories.contains(from)) {
    if (now_.files.contains(to) || now_.directories.contains(to)) {
      return Status::IoError("cannot rename " + from + ": Directory not empty");
    }
    pending_.push_back({.from = from, .to = to, .inode = nullptr, .exchange = true});
    ApplyChange(pending_.back(), &now_);
    return Status::Ok();
  }
  const auto found = now_.files.find(from);
  if (found == now_.files.end()) {
    return Status::NotFound("cannot rename " + from + ": No such file or directory");
  }
  pending_.push_back({.from = from, .to = to, .inode = found->second});
  ApplyChange(pending_.back(), &now_);
  return Status::Ok();
}

Status FaultFileSystem::Exchange(const std::string& left, const std::string& right) {
  Status begun = Begin(FileOperation::kRename, left);
  if (!begun.ok()) {
    return begun;
  }
  if (!Exists(left) || !Exists(right)) {
    return Status::NotFound("cannot exchange " + left + ": No such file or directory");
  }
  const std::lock_guard lock(mutex_);
  pending_.push_back({.from = left, .to = right, .inode = nullptr, .exchange = true});
  ApplyChange(pending_.back(), &now_);
  return Status::Ok();
}

Status FaultFileSystem::Link(const std::string& from, const std::string& to) {
  Status begun = Begin(FileOperation::kLink, to);
  if (!begun.ok()) {
    return begun;
  }
  const std::lock_guard lock(mutex_);
  const auto found = now_.files.find(from);
  if (found == now_.files.end()) {
    return Status::NotFound("cannot link " + from + ": No such file or directory");
  }
  if (now_.files.contains(to)) {
    return Status::IoError("cannot link " + to + ": File exists");
  }
  pending_.push_back({.from = "", .to = to, .inode = found->second});
  ApplyChange(pending_.back(), &now_);
  return Status::Ok();
}

Status FaultFileSystem::Remove(const std::string& path) {
  Status begun = Begin(FileOperation::kRemove, path);
  if (!begun.ok()) {
    return begun;
  }
  const std::lock_guard lock(mutex_);
  const auto found = now_.files.find(path);
  if (found == now_.files.end()) {
    return Status::NotFound("cannot remove " + path + ": No such file or directory");
  }
  pending_.push_back({.from = path, .to = "", .inode = found->second});
  ApplyChange(pending_.back(), &now_);
  return Status::Ok();
}

Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  Status begun = Begin(FileOperation::kRemove, path);
  if (!begun.ok()) {
    return begun;
  }
  const std::lock_guard lock(mutex_);
  if (!IsEmpty(now_, path)) {
    return Status::IoError("cannot remove directory " + path + ": not there, or not empty");
  }
  pending_.push_back({.from = path, .to = "", .inode = nullptr});
  ApplyChange(pending_.back(), &now_);
  return Status::Ok();
}

Status FaultFileSystem::SyncDirectory(const std::string& path) {
  Status begun = Begin(FileOperation::kSyncDirectory, path);
  if (!begun.ok()) {
    return begun;
  }
  const std::lock_guard lock(mutex_);
  std::vector<NameChange> left;
  for (NameChange& change : pending_) {
    if (ParentOf(change.to.empty() ? change.from : change.to) != path) {
      left.push_back(std::move(change));
      continue;
    }
    ApplyChange(change, &durable_);
    // What was done before in the directories that changed places follows them.
    for (NameChange& earlier : left) {
      if (change.exchange && !earlier.exchange) {
        earlier.from = NameAfter(change, earlier.from);
        earlier.to = NameAfter(change, earlier.to);
      }
    }
  }
  pending_ = std::move(left);
  return Status::Ok();
}

bool FaultFileSystem::Exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return now_.files.contains(path) || now_.directories.contains(path);
}

Status FaultFileSystem::Lock(const std::string& path, std::unique_ptr<FileLock>* lock) {
  lock->reset();
  const std::lock_guard guard(mutex_);
  if (!locked_.insert(path).second) {
    return Status::Busy(path + " is locked");
  }
  *lock = std::make_unique<MemoryLock>(this, path, life_);
  return Status::Ok();
}

}  // namespace tallystone
