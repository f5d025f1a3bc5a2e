#include "inspect/backup_leftovers.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"
#include "inspect/archive_files.h"

namespace tallystone::archive {
namespace {

class Leftovers {
 public:
  Leftovers(FileSystem* files, const std::string& directory, LiveView* view)
      : files_(files), directory_(directory), view_(view) {}

  Status Check() {
    std::vector<std::string> names;
    TS_RETURN_IF_ERROR(files_->List(directory_, &names));
    std::erase_if(names, [](const std::string& name) { return !IsFileName(name); });
    const auto found = std::find(names.begin(), names.end(), kNewManifestName);
    if (found != names.end()) {
      names.erase(found);
      TS_RETURN_IF_ERROR(CheckNewManifest());
    }
    // In the order in which they were written: the tail is the last.
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      const bool a_is_tail = a.ends_with(kTailSuffix), b_is_tail = b.ends_with(kTailSuffix);
      return a_is_tail != b_is_tail ? b_is_tail : a < b;
    });
    for (const std::string& name : names) {
      TS_RETURN_IF_ERROR(CheckFile(name, name == names.back()));
    }
    return Status::Ok();
  }

 private:
  Status Foreign(const std::string& why) const {
    return Status::Conflict(directory_ + " has files of a backup, but no " + kManifestName +
                            ", and they are not what an interrupted first backup of this database "
                            "leaves (" +
                            why +
                            "): they are left as they are; bring the MANIFEST back if they lost "
                            "it on their way, or take a backup into another directory");
  }
  [[nodiscard]] const std::string& id() const { return view_->store_marker().database_id; }

  // It is whole before it becomes the MANIFEST; before that it may be torn.
  Status CheckNewManifest() {
    const std::string path = directory_ + "/" + kNewManifestName;
    std::unique_ptr<File> file;
    uint64_t size = 0;
    std::string bytes;
    Manifest manifest;
    TS_RETURN_IF_ERROR(files_->Open(path, OpenMode::kRead, &file));
    TS_RETURN_IF_ERROR(file->Size(&size));
    // That of a first backup is short.
    TS_RETURN_IF_ERROR(
        file->Read(0, static_cast<size_t>(std::min<uint64_t>(size, 64u << 20)), &bytes));
    if (!DecodeManifest(bytes, &manifest).ok()) {
      return Status::Ok();  // the files themselves say whose they are
    }
    return manifest.database_id != id() ? Foreign("it is of another database")
           : manifest.backups > 1       ? Foreign("it has more than one backup")
                                        : Status::Ok();
  }

  // Each file is durable before the next one is begun, so only the last one may be torn.
  Status CheckFile(const std::string& name, bool is_last) {
    std::unique_ptr<File> file;
    std::string bytes;
    FileEntry entry;
    std::string database_id;
    TS_RETURN_IF_ERROR(files_->Open(directory_ + "/" + name, OpenMode::kRead, &file));
    TS_RETURN_IF_ERROR(file->Size(&entry.bytes));
    TS_RETURN_IF_ERROR(file->Read(0, kFileHeaderBytes, &bytes));
    if (!ReadFileHeader(bytes, &entry, &database_id)) {
      const bool never_written =
          bytes.size() < kFileHeaderBytes || bytes.find_first_not_of('\0') == std::string::npos;
      return is_last && never_written ? Status::Ok()
                                      : Foreign("the beginning of " + name + " is damaged");
    }
    if (database_id != id()) {
      return Foreign(name + " is of another database");
    }
    if (FileName(entry.kind, entry.number) != name ||
        (entry.kind == FileKind::kTail && entry.number > 1)) {
      return Foreign(name + " is of a later backup");
    }
    return CheckBlocks(name, entry, is_last);
  }

  Status CheckBlocks(const std::string& name, FileEntry entry, bool is_last) {
    entry.last = UINT64_MAX;
    std::unique_ptr<FileReader> reader;
    TS_RETURN_IF_ERROR(FileReader::Open(files_, directory_, entry, id(), &reader));
    ArchivedBlock archived;
    StoredBlock block;
    Status read;
    while ((read = reader->Next(&archived)).ok()) {
      const Lsn lsn = archived.block.lsn;
      const Status had = view_->GetBlock(lsn, &block);
      if (had.IsNotFound() || (had.ok() && block.payload != archived.block.payload)) {
        return Foreign("block " + std::to_string(lsn) + " in " + name +
                       " is another one than the database has");
      }
      TS_RETURN_IF_ERROR(had);
    }
    // There is no last record: the end of the file is that of the whole ones.
    const bool ended = read.Is(StatusCode::kCorruption);
    return !ended                                       ? read
           : is_last || reader->offset() == entry.bytes ? Status::Ok()
                                                        : Foreign(name + " is damaged");
  }

  FileSystem* const files_;
  const std::string& directory_;
  LiveView* const view_;
};

}  // namespace

Status CheckLeftovers(FileSystem* files, const std::string& directory, LiveView* view) {
  return Leftovers(files, directory, view).Check();
}

}  // namespace tallystone::archive
