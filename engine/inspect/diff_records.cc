#include "inspect/diff_records.h"

#include <algorithm>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "model/review_entry.h"

namespace tallystone::diff {
namespace {

Status Unreadable(const RecordRef& ref) {
  return Status::Corruption("a record of kind " + std::to_string(static_cast<int>(ref.kind)) +
                            " of the catalogue cannot be read");
}

std::string Joined(std::string_view vendor, std::string_view text) {
  return vendor.empty() ? std::string(text) : std::string(vendor) + ": " + std::string(text);
}

Status NameReview(DiffSide* side, const RecordRef& ref, std::string_view value,
                  NamedRecord* record) {
  std::string_view key = ref.key;
  ItemId item = 0;
  if (!GetBigEndian32(&key, &item)) {
    return Unreadable(ref);
  }
  ReviewEntry entry;
  TS_RETURN_IF_ERROR(DecodeReviewEntry(value, &entry));
  record->kind = DifferenceKind::kReview;
  TS_RETURN_IF_ERROR(side->ItemName(ref.tenant, item, &record->name));
  std::string candidates, name;
  for (const Candidate& candidate : entry.candidates) {
    TS_RETURN_IF_ERROR(side->ItemName(ref.tenant, candidate.item, &name));
    candidates += (candidates.empty() ? "" : ", ") + name + " " + std::to_string(candidate.score);
  }
  std::string from, to;
  TS_RETURN_IF_ERROR(side->ItemName(ref.tenant, entry.move.from, &from));
  TS_RETURN_IF_ERROR(side->ItemName(ref.tenant, entry.move.to, &to));
  record->fields = {{"status", std::string(ReviewStatusName(entry.status))},
                    {"text", std::move(entry.text)},
                    {"vendor", std::move(entry.vendor)},
                    {"candidates", std::move(candidates)},
                    {"moved_from", std::move(from)},
                    {"moved_to", std::move(to)}};
  return Status::Ok();
}

Status NameLearned(DiffSide* side, const RecordRef& ref, std::string_view value,
                   NamedRecord* record) {
  std::string_view key = ref.key;
  std::string_view vendor;
  ItemId item = 0, means = 0;
  if (!GetText(&key, &vendor) || !GetVarint32(&value, &means) || !value.empty()) {
    return Unreadable(ref);
  }
  std::string text(key);
  const char* field = "item";
  if (ref.kind == RecordKind::kMerged) {
    if (!GetBigEndian32(&key, &item)) {
      return Unreadable(ref);
    }
    TS_RETURN_IF_ERROR(side->ItemName(ref.tenant, item, &text));
    field = "is_item";
  } else if (ref.kind == RecordKind::kVendorCode) {
    field = "vendor_code_of";
  }
  record->kind = DifferenceKind::kLearned;
  record->name = Joined(vendor, text);
  std::string name;
  TS_RETURN_IF_ERROR(side->ItemName(ref.tenant, means, &name));
  record->fields = {{field, std::move(name)}};
  return Status::Ok();
}

}  // namespace

Status NameRecord(DiffSide* side, const RecordRef& ref, std::string_view value, NamedRecord* record,
                  bool* known) {
  *record = {};
  *known = true;
  switch (ref.kind) {
    case RecordKind::kReview:
      return NameReview(side, ref, value, record);
    case RecordKind::kSetting:
      *known = ref.key != "revision";  // how often settings were changed
      record->kind = DifferenceKind::kSetting;
      record->name = ref.key;
      record->fields = {{"value", std::string(value)}};
      return Status::Ok();
    case RecordKind::kAlias:
    case RecordKind::kVendorCode:
    case RecordKind::kMerged:
      return NameLearned(side, ref, value, record);
  }
  return Unreadable(ref);
}

Status HashRecords(DiffSide* side, const std::vector<TenantId>& tenants,
                   std::vector<HashedEntry>* entries) {
  entries->clear();
  auto records = side->view()->Records(0);
  uint32_t place = 0;
  NamedRecord record;
  std::string bytes;
  for (records->SeekToFirst(); records->Valid(); records->Next()) {
    const auto& [ref, value] = records->value();
    ++place;
    if (!std::binary_search(tenants.begin(), tenants.end(), ref.tenant)) {
      continue;
    }
    bool known = false;
    TS_RETURN_IF_ERROR(NameRecord(side, ref, value, &record, &known));
    if (!known) {
      continue;
    }
    bytes.assign(1, static_cast<char>(ref.kind));
    PutText(&bytes, side->view()->TenantName(ref.tenant));
    PutText(&bytes, record.name);
    const UInt128 key = Hash128(bytes);
    bytes.clear();
    for (const auto& [field, text] : record.fields) {
      PutText(&bytes, text);
    }
    entries->push_back({key, Hash64(bytes), place});
  }
  return records->status();
}

Status ReadRecords(DiffSide* side, const std::vector<uint32_t>& ids,
                   std::map<uint32_t, std::pair<TenantId, NamedRecord>>* read) {
  read->clear();
  auto records = side->view()->Records(0);
  uint32_t place = 0;
  for (records->SeekToFirst(); records->Valid() && read->size() < ids.size(); records->Next()) {
    if (!std::binary_search(ids.begin(), ids.end(), ++place)) {
      continue;
    }
    const auto& [ref, value] = records->value();
    auto& [tenant, record] = (*read)[place];
    tenant = ref.tenant;
    bool known = false;
    TS_RETURN_IF_ERROR(NameRecord(side, ref, value, &record, &known));
  }
  return records->status();
}

}  // namespace tallystone::diff
