#include "api/batch_writer_impl.h"

#include <mutex>

#include "base/check.h"
#include "model/batch_lines.h"

namespace tallystone {

BatchWriterImpl::BatchWriterImpl(Core* core, Workspaces* workspaces, const IngestOptions& options,
                                 Tenant* tenant, std::string batch)
    : core_(core),
      workspaces_(workspaces),
      options_(options),
      tenant_(tenant),
      session_(core, options, tenant, std::move(batch)) {}

BatchWriterImpl::~BatchWriterImpl() {
  std::lock_guard lock(tenant_->mutex);
  LetGo();
}

Status BatchWriterImpl::Begin() {
  session_.LookAhead();
  std::lock_guard lock(tenant_->mutex);
  Status status = session_.Begin();
  if (!status.ok()) {
    session_.Release();
    return status;
  }
  session_.state()->writing = true;
  holds_ = true;
  return Status::Ok();
}

void BatchWriterImpl::LetGo() {
  if (holds_) {
    session_.state()->writing = false;
    session_.Release();
    holds_ = false;
  }
}

Status BatchWriterImpl::Add(const Batch& lines, std::vector<LineResult>* results) {
  const CoreCall call(core_);
  TS_RETURN_IF_ERROR(call.status());
  TS_RETURN_IF_ERROR(dead_);
  const Workspaces::Loan work(workspaces_);
  PrepareLines(lines.lines().lines(), session_.position() + 1, &work->prepared);
  std::lock_guard lock(tenant_->mutex);
  Status status = session_.Add(work.get(), work->prepared, false, results);
  if (!status.ok()) {
    session_.Count(status);
    dead_ = status;
    LetGo();
  }
  return status;
}

Status BatchWriterImpl::End() {
  TS_RETURN_IF_ERROR(dead_);
  const Workspaces::Loan work(workspaces_);
  std::lock_guard lock(tenant_->mutex);
  dead_ = session_.Add(work.get(), {}, true, nullptr);
  session_.Count(dead_);
  LetGo();
  TS_RETURN_IF_ERROR(dead_);
  dead_ = Status::InvalidArgument("the batch was finished; open a new BatchWriter");
  return Status::Ok();
}

Status BatchWriterImpl::Finish(BatchResult* result) {
  const CoreCall call(core_);
  TS_RETURN_IF_ERROR(call.status());
  TS_RETURN_IF_ERROR(End());
  TS_RETURN_IF_ERROR(core_->log->Sync(session_.lsn()));
  return session_.Result(result, nullptr);
}

Status BatchWriterImpl::FinishNoWait(BatchResult* result) {
  const CoreCall call(core_);
  TS_RETURN_IF_ERROR(call.status());
  TS_RETURN_IF_ERROR(End());
  if (result != nullptr) {
    session_.ResultNow(result);
  }
  return Status::Ok();
}

}  // namespace tallystone
