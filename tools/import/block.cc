#include "import/block.h"

#include <simdjson.h>

#include "output/text.h"
#include "tallystone/limits.h"

namespace tallystone::tool {

bool IsValidName(std::string_view name, size_t bytes_max) {
  if (name.empty() || name.size() > bytes_max) {
    return false;
  }
  for (const char byte : name) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) {
      return false;
    }
  }
  return simdjson::validate_utf8(name.data(), name.size());
}

bool Block::Read(RowReader* rows) {
  ++serial_;
  groups_.clear();
  places_.clear();
  codes_.clear();
  missed_.clear();
  last_ = nullptr;
  size_t bytes = 0;
  Row row;
  while (places_.size() < kRowsMax && bytes < kBytesMax && rows->Next(&row)) {
    if (places_.empty()) {
      first_row_ = row.number;
    }
    bytes += row.raw.size();
    Add(row);
  }
  return !places_.empty() && rows->status().ok();
}

std::string_view Block::code(size_t row) const {
  const size_t begin = row == 0 ? 0 : places_[row - 1].code_end;
  return std::string_view(codes_).substr(begin, places_[row].code_end - begin);
}

void Block::Add(const Row& row) {
  std::string_view tenant = routing_->tenant_column ? row.tenant : routing_->tenant;
  std::string_view batch = routing_->batch_column ? row.batch : routing_->batch;
  Outcome unreadable = row.unreadable;
  if (unreadable == Outcome::kAccepted && !IsValidName(tenant, limits::kTenantBytesMax)) {
    unreadable = Outcome::kBadTenant;
  }
  if (unreadable != Outcome::kAccepted) {
    tenant = routing_->tenant;
    batch = routing_->batch;
  } else if (!IsValidName(batch, limits::kBatchIdBytesMax)) {
    unreadable = Outcome::kBadBatch;
    batch = routing_->batch;
  }
  BlockGroup* group = GroupOf(tenant, batch);
  Place place;
  if (group != nullptr) {
    place.group = group->open->group;
    place.index = static_cast<uint32_t>(group->lines.size());
    if (unreadable == Outcome::kAccepted) {
      group->lines.AddText(row.line);
    } else {
      group->lines.AddUnreadable(unreadable, row.raw);
    }
  }
  codes_.append(Strip(row.line.code).substr(0, limits::kCodeBytesMax));
  place.code_end = static_cast<uint32_t>(codes_.size());
  places_.push_back(place);
}

BlockGroup* Block::GroupOf(std::string_view tenant, std::string_view batch) {
  if (last_ == nullptr || last_->batch != batch || last_->tenant != tenant) {
    last_ = batches_->Use(tenant, batch);
  }
  if (last_ == nullptr) {
    if (batches_->FirstTimeMissed(tenant, batch)) {
      missed_.emplace_back(batch);
    }
    return nullptr;
  }
  if (last_->block != serial_) {
    last_->block = serial_;
    last_->group = static_cast<uint32_t>(groups_.size());
    groups_.push_back({last_, Batch(tenant, batch), {}, false});
  }
  return &groups_[last_->group];
}

}  // namespace tallystone::tool
