#include "import/booker.h"

namespace tallystone::tool {
namespace {

class EngineBooker : public Booker {
 public:
  EngineBooker(Engine* engine, const IngestOptions& options) : engine_(engine), options_(options) {}

  Status Book(OpenBatch* open, const Batch& lines, std::vector<LineResult>* results) override {
    if (open->writer == nullptr) {
      Status s = engine_->NewBatchWriter(options_, open->tenant, open->batch, &open->writer);
      if (!s.ok()) {
        return s;
      }
    }
    return open->writer->Add(lines, results);
  }

  Status EndBlock() override { return engine_->Sync(); }

  Status Finish(OpenBatch* open, BatchResult* result) override {
    return open->writer == nullptr ? Status::Ok() : open->writer->FinishNoWait(result);
  }

  std::string CodeOf(std::string_view tenant, uint32_t item) override {
    ItemInfo info;
    const Status s = engine_->GetItem({std::string(tenant), {}, item}, &info);
    return s.ok() ? info.code : std::string();
  }

 private:
  Engine* const engine_;
  const IngestOptions options_;
};

class PreviewBooker : public Booker {
 public:
  PreviewBooker(Inspector* inspector, const IngestOptions& options)
      : inspector_(inspector), options_(options) {}

  Status Book(OpenBatch*, const Batch& lines, std::vector<LineResult>* results) override {
    return inspector_->Preview(options_, lines, results);
  }

  Status EndBlock() override { return Status::Ok(); }
  Status Finish(OpenBatch*, BatchResult*) override { return Status::Ok(); }

  std::string CodeOf(std::string_view tenant, uint32_t item) override {
    ItemInfo info;
    const Status s = inspector_->GetItem({std::string(tenant), {}, item}, &info);
    return s.ok() ? info.code : std::string();
  }

 private:
  Inspector* const inspector_;
  const IngestOptions options_;
};

}  // namespace

bool IsRefusal(const Status& status) {
  return status.Is(StatusCode::kConflict) || status.Is(StatusCode::kInvalidArgument) ||
         status.Is(StatusCode::kRejected);
}

std::unique_ptr<Booker> NewEngineBooker(Engine* engine, const IngestOptions& options) {
  return std::make_unique<EngineBooker>(engine, options);
}

std::unique_ptr<Booker> NewPreviewBooker(Inspector* inspector, const IngestOptions& options) {
  return std::make_unique<PreviewBooker>(inspector, options);
}

}  // namespace tallystone::tool
