#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ingest/recovery.h"
#include "inspect/new_database.h"
#include "inspect/rebooking.h"
#include "inspect/state_digest.h"
#include "inspect/verify.h"
#include "model/chunk.h"
#include "store/live_view.h"
#include "tallystone/limits.h"
#include "tallystone/transfer.h"

namespace tallystone {
namespace {

class BuilderImpl final : public DatabaseBuilder {
 public:
  BuilderImpl(const Options& options, const std::string& path)
      : made_(options, RepairPlace{.path = path}, ".importing") {}
  ~BuilderImpl() override {
    rebooking_.reset();
    made_.Discard().PermitUnchecked();  // the next one would do it, too
  }
  BuilderImpl(const BuilderImpl&) = delete;
  BuilderImpl& operator=(const BuilderImpl&) = delete;

  Status Begin();
  Status Add(const TransferBlock& block) override;
  Status Finish(const std::string& state_digest, const ProgressFunction& progress,
                VerifyReport* report) override;

 private:
  [[nodiscard]] Status NothingThere() const {
    return made_.IsTaken() ? Status::Conflict("there is something at " + made_.path() +
                                              " already; name a directory that is not there yet")
                           : Status::Ok();
  }
  [[nodiscard]] static Status Bad(uint64_t lsn, const std::string& why) {
    return Status::Corruption("block " + std::to_string(lsn) + ": " + why);
  }

  NewDatabase made_;
  std::unique_ptr<Rebooking> rebooking_;
};

Status BuilderImpl::Begin() {
  TS_RETURN_IF_ERROR(NothingThere());
  TS_RETURN_IF_ERROR(made_.Begin());
  rebooking_ = std::make_unique<Rebooking>(made_.store(), made_.marker());
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

Status BuilderImpl::Finish(const std::string& state_digest, const ProgressFunction& progress,
                           VerifyReport* report) {
  *report = {};
  TS_RETURN_IF_ERROR(rebooking_->Finish());
  const Marker marker = rebooking_->marker();
  rebooking_.reset();
  DatabaseStatus state;
  {
    std::unique_ptr<StoreView> store_view;
    TS_RETURN_IF_ERROR(made_.store()->NewView(&store_view));
    std::unique_ptr<LiveView> view;
    TS_RETURN_IF_ERROR(LiveView::Make(std::move(store_view), {}, &view));
    TS_RETURN_IF_ERROR(VerifyView(view.get(), progress, report));
    if (report->sound && !state_digest.empty()) {
      TS_RETURN_IF_ERROR(DigestState(view.get(), progress, nullptr, &state));
    }
  }
  if (!report->sound) {
    return Status::Corruption(
        "the blocks do not make a sound database: " +
        (report->findings.empty() ? std::string("verify says no") : report->findings.front().what));
  }
  if (state.state_digest != state_digest) {
    return Status::Corruption("the blocks make a sound database, but its state digest is " +
                              state.state_digest + ", not " + state_digest + ": none was made");
  }
  TS_RETURN_IF_ERROR(made_.Complete(marker.applied));
  TS_RETURN_IF_ERROR(NothingThere());
  return made_.Publish();
}

}  // namespace

Status DatabaseBuilder::Create(const Options& options, const std::string& path,
                               std::unique_ptr<DatabaseBuilder>* builder) {
  builder->reset();
  TS_RETURN_IF_ERROR(CheckOptions(options));
  auto made = std::make_unique<BuilderImpl>(options, path);
  TS_RETURN_IF_ERROR(made->Begin());
  *builder = std::move(made);
  return Status::Ok();
}

}  // namespace tallystone
