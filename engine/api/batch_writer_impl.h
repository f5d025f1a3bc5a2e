// BatchWriterImpl: a batch in pieces.
#pragma once

#include <memory>
#include <vector>

#include "ingest/batch_session.h"
#include "tallystone/engine.h"

namespace tallystone {

class BatchWriterImpl final : public BatchWriter {
 public:
  BatchWriterImpl(Core* core, Workspaces* workspaces, const IngestOptions& options, Tenant* tenant,
                  std::string batch);
  ~BatchWriterImpl() override;

  // Looks the batch up and takes it.
  Status Begin();

  Status Add(const Batch& lines, std::vector<LineResult>* results) override;
  Status Finish(BatchResult* result) override;
  Status FinishNoWait(BatchResult* result) override;
  [[nodiscard]] uint64_t lines() const override { return session_.position(); }

 private:
  Status End();  // requires a CoreCall
  void LetGo();  // requires the tenant's mutex

  Core* const core_;
  Workspaces* const workspaces_;
  const IngestOptions options_;
  Tenant* const tenant_;
  BatchSession session_;
  bool holds_ = false;
  Status dead_;  // why it takes nothing more
};

}  // namespace tallystone
