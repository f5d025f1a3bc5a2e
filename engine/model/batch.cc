#include "tallystone/batch.h"

#include "model/batch_lines.h"
#include "tallystone/records.h"

namespace tallystone {

Batch::Batch(std::string_view tenant, std::string_view id)
    : tenant_(tenant), id_(id), lines_(std::make_unique<BatchLines>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

void Batch::Add(const Line& line) {
  lines_->Add(line);
}

void Batch::AddText(const TextLine& line) {
  lines_->AddText(line);
}

void Batch::AddUnreadable(Outcome outcome, std::string_view raw) {
  lines_->AddUnreadable(outcome, raw);
}

const std::string& Batch::tenant() const {
  return tenant_;
}

const std::string& Batch::id() const {
  return id_;
}

size_t Batch::size() const {
  return lines_->lines().size();
}

std::string_view BatchStatusName(BatchStatus status) {
  switch (status) {
    case BatchStatus::kSuccess:
      return "success";
    case BatchStatus::kPartialSuccess:
      return "partial_success";
    case BatchStatus::kFailed:
      return "failed";
  }
  return "unknown_status";
}

BatchStatus BatchInfo::status() const {
  if (items_failed == 0) {
    return BatchStatus::kSuccess;
  }
  return items_processed == 0 ? BatchStatus::kFailed : BatchStatus::kPartialSuccess;
}

}  // namespace tallystone
