#include "inspect/record_proof.h"

#include <xxhash.h>

#include "base/check.h"

namespace tallystone {
namespace {

uint64_t HashOfKey(TenantId tenant, RecordKind kind, std::string_view key) {
  return XXH3_64bits_withSeed(key.data(), key.size(),
                              uint64_t{tenant} << 8 | static_cast<uint8_t>(kind));
}

uint64_t HashOfValue(std::string_view value) {
  return value.empty() ? 0 : XXH3_64bits(value.data(), value.size()) | 1;
}

}  // namespace

void RecordProof::Take(TenantId tenant, const CatalogueChanges& changes, Lsn lsn) {
  for (const CatalogueRecord& record : changes.records) {
    written_[HashOfKey(tenant, record.kind, record.key)] = {HashOfValue(record.value), lsn, tenant};
  }
}

Status RecordProof::Compare(LiveView* view, const Find& find) const {
  boost::unordered_flat_map<uint64_t, bool> seen;
  auto cursor = view->Records(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto& [ref, value] = cursor->value();
    const uint64_t key = HashOfKey(ref.tenant, ref.kind, ref.key);
    seen[key] = true;
    const auto written = written_.find(key);
    const std::string kind = std::to_string(static_cast<int>(ref.kind));
    if (written == written_.end()) {
      find("the catalogue has a record of kind " + kind + " that no chunk wrote", ref.tenant);
    } else if (written->second.value != HashOfValue(value)) {
      find("a record of the catalogue, of kind " + kind + ", is not what the chunk at LSN " +
               std::to_string(written->second.lsn) + " wrote",
           ref.tenant);
    }
  }
  TS_RETURN_IF_ERROR(cursor->status());
  for (const auto& [key, written] : written_) {
    if (written.value != 0 && !seen.contains(key)) {
      find(
          "a record of the catalogue (a review, a setting, a vendor's code or name) that the chunk "
          "at LSN " +
              std::to_string(written.lsn) + " wrote is missing",
          written.tenant);
    }
  }
  return Status::Ok();
}

}  // namespace tallystone
