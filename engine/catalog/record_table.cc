#include "catalog/record_table.h"

#include "base/check.h"
#include "base/coding.h"
#include "catalog/arrangement.h"
#include "catalog/tenant_catalogue.h"

namespace tallystone {
namespace {

std::string WholeKey(RecordKind kind, std::string_view key) {
  std::string whole(1, static_cast<char>(kind));
  whole.append(key);
  return whole;
}

}  // namespace

std::string VendorTextKey(std::string_view vendor, std::string_view text) {
  std::string key;
  PutText(&key, vendor);
  key.append(text);
  return key;
}

std::string VendorItemKey(std::string_view vendor, ItemId item) {
  return VendorTextKey(vendor, ItemKeyOf(item));
}

std::string ItemKeyOf(ItemId item) {
  std::string key;
  PutBigEndian32(&key, item);
  return key;
}

std::string ItemValue(ItemId item) {
  std::string value;
  PutVarint32(&value, item);
  return value;
}

void ReadMapping(const RecordTable& records, MappingSettings* settings) {
  (void)ParseMappingMode(records.Find(RecordKind::kSetting, kMappingSetting), &settings->mode);
  std::vector<std::string_view> words;
  SplitTokens(records.Find(RecordKind::kSetting, kProtectedSetting), &words);
  settings->protected_words.assign(words.begin(), words.end());
}

void RecordTable::Put(std::string_view whole_key, std::string_view value) {
  size_t& count = counts_[static_cast<size_t>(whole_key.front())];
  const auto found = records_.find(whole_key);
  if (found == records_.end()) {
    if (!value.empty()) {
      records_.emplace(whole_key, value);
      ++count;
    }
  } else if (value.empty()) {
    records_.erase(found);
    --count;
  } else {
    found->second = value;
  }
}

void RecordTable::Set(RecordKind kind, std::string_view key, std::string_view value,
                      CatalogueChanges* changes) {
  const std::string_view whole = arena_->Copy(WholeKey(kind, key));
  const std::string_view kept = arena_->Copy(value);
  if (changes != nullptr) {
    if (changes->records.empty()) {
      before_.clear();
    }
    const auto found = records_.find(whole);
    before_.push_back(found == records_.end() ? Before{whole, {}, {}}
                                              : Before{whole, found->first, found->second});
    changes->records.push_back({kind, whole.substr(1), kept});
  }
  Put(whole, kept);
}

void RecordTable::Undo(const CatalogueChanges& changes) {
  if (changes.records.empty()) {
    return;
  }
  TS_CHECK(before_.size() == changes.records.size());
  for (auto record = before_.rbegin(); record != before_.rend(); ++record) {
    Put(record->key, "");
    Put(record->kept_key.empty() ? record->key : record->kept_key, record->value);
  }
  before_.clear();
}

std::string_view RecordTable::Find(RecordKind kind, std::string_view key) const {
  if (!HasAny(kind)) {
    return {};
  }
  const auto found = records_.find(WholeKey(kind, key));
  return found == records_.end() ? std::string_view() : found->second;
}

ItemId RecordTable::FindItem(RecordKind kind, std::string_view key) const {
  std::string_view value = Find(kind, key);
  ItemId item = 0;
  return GetVarint32(&value, &item) ? item : 0;
}

}  // namespace tallystone
