#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file_system.h"
#include "base/random_id.h"
#include "batchlog/batch_log.h"
#include "ingest/recovery.h"
#include "inspect/rebooking.h"
#include "inspect/verify.h"
#include "model/chunk.h"
#include "store/live_view.h"
#include "store/rocks/rocks_store.h"
#include "tallystone/limits.h"
#include "tallystone/transfer.h"

namespace tallystone {
namespace {

class BuilderImpl final : public DatabaseBuilder {
 public:
  BuilderImpl(const Options& options, std::string path)
      : options_(options), path_(std::move(path)), made_(path_ + ".importing") {}
  ~BuilderImpl() override {
    rebooking_.reset();
    store_.reset();
    if (lock_ != nullptr && !finished_) {
      RemoveTree(files_, made_).PermitUnchecked();  // the next one would do it, too
    }
  }
  BuilderImpl(const BuilderImpl&) = delete;
  BuilderImpl& operator=(const BuilderImpl&) = delete;

  Status Begin();
  Status Add(const TransferBlock& block) override;
  Status Finish(const ProgressFunction& progress, VerifyReport* report) override;

 private:
  [[nodiscard]] Status NothingThere() const {
    return files_->Exists(path_)
               ? Status::Conflict("there is something at " + path_ +
                                  " already; name a directory that is not there yet")
               : Status::Ok();
  }
  [[nodiscard]] static Status Bad(uint64_t lsn, const std::string& why) {
    return Status::Corruption("block " + std::to_string(lsn) + ": " + why);
  }

  FileSystem* const files_ = FileSystem::Posix();
  const Options options_;
  const std::string path_;
  const std::string made_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Rebooking> rebooking_;
  bool finished_ = false;
};

Status BuilderImpl::Begin() {
  TS_RETURN_IF_ERROR(CheckOptions(options_));
  TS_RETURN_IF_ERROR(NothingThere());
  TS_RETURN_IF_ERROR(MakeDatabaseDirectory(files_, made_));
  TS_RETURN_IF_ERROR(files_->Lock(LockPath(made_), &lock_));
  TS_RETURN_IF_ERROR(RemoveTree(files_, StorePath(made_)));
  TS_RETURN_IF_ERROR(RemoveTree(files_, LogPath(made_)));
  Marker marker;
  TS_RETURN_IF_ERROR(MakeRandomId(&marker.database_id));
  RocksStoreOptions store;
  store.path = StorePath(made_);
  store.create = true;
  store.block_cache_bytes = options_.block_cache_bytes;
  store.ingest_lines_min = options_.ingest_lines_min;
  store.logger = options_.logger;
  TS_RETURN_IF_ERROR(RocksStore::Open(store, &store_));
  TS_RETURN_IF_ERROR(store_->Initialise(marker));
  rebooking_ = std::make_unique<Rebooking>(store_.get(), marker);
  return Status::Ok();
}

Status BuilderImpl::Add(const TransferBlock& block) {
  if (block.lsn != rebooking_->blocks() + 1) {
    return Bad(block.lsn, "expected block " + std::to_string(rebooking_->blocks() + 1));
  }
  if (block.payload.size() > limits::kRecordPayloadBytesMax) {
    return Bad(block.lsn, "it is too long");
  }
  Chunk chunk;
  if (const Status s = DecodeChunk(block.payload, &chunk); !s.ok()) {
    return Status(s.code(), "block " + std::to_string(block.lsn) + ": " + s.message());
  }
  StoredBlock stored{block.lsn, block.payload, {}};
  std::vector<std::string> causes;
  for (const TransferRejection& rejection : block.rejections) {
    const bool ascending = stored.rejected.empty() || stored.rejected.back() < rejection.index;
    if (!ascending || rejection.index >= chunk.header.accepted ||
        rejection.cause.size() > limits::kDeadLetterDetailBytesMax) {
      return Bad(block.lsn, "it does not have the lines that it says the store refused");
    }
    stored.rejected.push_back(rejection.index);
    causes.push_back(rejection.cause);
  }
  return rebooking_->Add(stored, causes);
}

Status BuilderImpl::Finish(const ProgressFunction& progress, VerifyReport* report) {
  *report = {};
  TS_RETURN_IF_ERROR(rebooking_->Finish());
  const Marker marker = rebooking_->marker();
  rebooking_.reset();
  {
    std::unique_ptr<StoreView> store_view;
    TS_RETURN_IF_ERROR(store_->NewView(&store_view));
    std::unique_ptr<LiveView> view;
    TS_RETURN_IF_ERROR(LiveView::Make(std::move(store_view), {}, &view));
    TS_RETURN_IF_ERROR(VerifyView(view.get(), progress, report));
  }
  if (!report->sound) {
    return Status::Corruption(
        "the blocks do not make a sound database: " +
        (report->findings.empty() ? std::string("verify says no") : report->findings.front().what));
  }
  TS_RETURN_IF_ERROR(store_->Close());
  store_.reset();
  BatchLogOptions log_options;
  log_options.file_system = files_;
  log_options.segment_bytes = options_.log_segment_bytes;
  log_options.logger = options_.logger;
  std::unique_ptr<BatchLog> log;
  TS_RETURN_IF_ERROR(
      BatchLog::Create(log_options, LogPath(made_), marker.database_id, marker.applied + 1, &log));
  log.reset();
  TS_RETURN_IF_ERROR(files_->SyncDirectory(made_));
  TS_RETURN_IF_ERROR(NothingThere());
  TS_RETURN_IF_ERROR(files_->Rename(made_, path_));
  finished_ = true;
  const size_t slash = path_.find_last_of('/');
  return files_->SyncDirectory(slash == std::string::npos ? "."
                               : slash == 0               ? "/"
                                                          : path_.substr(0, slash));
}

}  // namespace

Status DatabaseBuilder::Create(const Options& options, const std::string& path,
                               std::unique_ptr<DatabaseBuilder>* builder) {
  builder->reset();
  std::string name = path;  // without slashes behind it
  while (name.size() > 1 && name.back() == '/') {
    name.pop_back();
  }
  auto made = std::make_unique<BuilderImpl>(options, std::move(name));
  TS_RETURN_IF_ERROR(made->Begin());
  *builder = std::move(made);
  return Status::Ok();
}

}  // namespace tallystone
