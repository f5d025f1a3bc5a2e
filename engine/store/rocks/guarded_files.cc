#include "store/rocks/guarded_files.h"

#include <string_view>
#include <utility>

#include <rocksdb/file_system.h>

namespace tallystone::rocks {
namespace {

thread_local bool inside_ingest = false;

class GuardedFiles : public rocksdb::FileSystemWrapper {
 public:
  GuardedFiles(std::shared_ptr<rocksdb::FileSystem> base, std::string directory)
      : FileSystemWrapper(std::move(base)), directory_(std::move(directory) + "/") {}

  [[nodiscard]] const char* Name() const override { return "tallystone.guarded_files"; }

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
    return FileSystemWrapper::RenameFile(from, to, options, context);
  }

 private:
  const std::string directory_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> NewGuardedEnv(rocksdb::Env* base, std::string directory) {
  const std::shared_ptr<rocksdb::FileSystem> files =
      base != nullptr ? base->GetFileSystem() : rocksdb::FileSystem::Default();
  return rocksdb::NewCompositeEnv(std::make_shared<GuardedFiles>(files, std::move(directory)));
}

IngestScope::IngestScope() {
  inside_ingest = true;
}
IngestScope::~IngestScope() {
  inside_ingest = false;
}

}  // namespace tallystone::rocks
