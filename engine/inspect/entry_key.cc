#include "inspect/entry_key.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/coding.h"
#include "model/catalogue_record.h"

namespace tallystone {
namespace {

constexpr std::string_view kKindNames[] = {"",       "alias",  "vendor_code",
                                           "merged", "review", "setting"};
static_assert(std::size(kKindNames) == kRecordKindMax + 1);

// N a number, T a text.
constexpr std::string_view kShapes[kStoreFamilyCount] = {
    "T",    // meta
    "N",    // tenants
    "NN",   // items
    "NNT",  // aliases
    "NN",   // records: tenant, kind, and what follows from the kind
    "NN",   // balances
    "NNN",  // postings
    "N",    // blocks
    "NT",   // batches
    "NTN",  // dead letters
};

constexpr std::string_view ShapeOf(StoreFamily family) {
  return kShapes[static_cast<size_t>(family)];
}

// A vendor stands between slashes.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char byte : text) {
    if (byte == '/') {
      escaped += "%2F";
    } else if (byte == '%') {
      escaped += "%25";
    } else {
      escaped += byte;
    }
  }
  return escaped;
}

std::string Unescaped(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const bool slash = text.starts_with("%2F");
    const bool escaped = slash || text.starts_with("%25");
    plain += slash ? '/' : text.front();
    text.remove_prefix(escaped ? 3 : 1);
  }
  return plain;
}

std::string_view TakePart(std::string_view* text) {
  const std::string_view part = text->substr(0, text->find('/'));
  text->remove_prefix(std::min(text->size(), part.size() + 1));
  return part;
}

bool ParseNumber(std::string_view text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

Status NotAKey(StoreFamily family, std::string_view text) {
  constexpr std::string_view kLooks[kStoreFamilyCount] = {
      "NAME",        "TENANT",          "TENANT/ITEM", "TENANT/ITEM/ALIAS", "TENANT/KIND/...",
      "TENANT/ITEM", "TENANT/ITEM/LSN", "LSN",         "TENANT/BATCH",      "TENANT/BATCH/LINE"};
  return Status::InvalidArgument("'" + std::string(text) + "' is not a key of " +
                                 std::string(StoreFamilyName(family)) + ": keys are " +
                                 std::string(kLooks[static_cast<size_t>(family)]) +
                                 ", tenants and items by their numbers");
}

Status ParseRecordRest(std::string_view text, std::string_view rest, EntryKey* key) {
  const std::string_view name = TakePart(&rest);
  const auto* const found = std::find(std::begin(kKindNames) + 1, std::end(kKindNames), name);
  if (found == std::end(kKindNames)) {
    return NotAKey(StoreFamily::kRecords, text);
  }
  const auto kind = static_cast<uint64_t>(found - std::begin(kKindNames));
  key->Number(kind);
  if (RecordHasVendor(kind)) {
    if (rest.empty()) {
      return Status::Ok();
    }
    std::string vendor;
    PutText(&vendor, Unescaped(TakePart(&rest)));
    key->Text(vendor);
  }
  if (rest.empty()) {
    return Status::Ok();
  }
  const auto record_kind = static_cast<RecordKind>(kind);
  uint64_t item = 0;
  if (record_kind != RecordKind::kMerged && record_kind != RecordKind::kReview) {
    key->Text(rest);
  } else if (ParseNumber(rest, &item)) {
    key->Number(item);
  } else {
    return NotAKey(StoreFamily::kRecords, text);
  }
  return Status::Ok();
}

}  // namespace

std::string_view RecordKindName(uint64_t kind) {
  return kind < std::size(kKindNames) ? kKindNames[kind] : "";
}

bool RecordHasVendor(uint64_t kind) {
  const auto record_kind = static_cast<RecordKind>(kind);
  return record_kind == RecordKind::kAlias || record_kind == RecordKind::kVendorCode ||
         record_kind == RecordKind::kMerged;
}

EntryKey& EntryKey::Number(uint64_t number) {
  std::string bytes;
  PutBigEndian64(&bytes, number);
  parts_.push_back(std::move(bytes));
  return *this;
}

EntryKey& EntryKey::Text(std::string_view text) {
  parts_.emplace_back(text);
  return *this;
}

uint64_t EntryKey::NumberAt(size_t part) const {
  uint64_t number = 0;
  if (part < parts_.size()) {
    std::string_view bytes = parts_[part];
    if (!GetBigEndian64(&bytes, &number)) {
      return 0;
    }
  }
  return number;
}

std::string EntryKey::TextAt(size_t part) const {
  return part < parts_.size() ? parts_[part] : "";
}

int EntryKey::CompareTo(const EntryKey& bound) const {
  for (size_t part = 0; part < bound.parts_.size(); ++part) {
    if (part == parts_.size()) {
      return -1;
    }
    if (const int order = parts_[part].compare(bound.parts_[part]); order != 0) {
      return order;
    }
  }
  return 0;
}

Status EntryKey::Parse(StoreFamily family, std::string_view text, EntryKey* key) {
  *key = {};
  std::string_view rest = text;
  const std::string_view shape = ShapeOf(family);
  for (size_t part = 0; part < shape.size() && !rest.empty(); ++part) {
    uint64_t number = 0;
    if (family == StoreFamily::kRecords && part == 1) {
      return ParseRecordRest(text, rest, key);
    }
    if (shape[part] == 'N') {
      if (!ParseNumber(TakePart(&rest), &number)) {
        return NotAKey(family, text);
      }
      key->Number(number);
      continue;
    }
    // A text may have slashes: what stands behind the last one is the number that follows it.
    const size_t slash = part + 1 < shape.size() ? rest.rfind('/') : std::string_view::npos;
    key->Text(rest.substr(0, slash));
    if (slash == std::string_view::npos) {
      return Status::Ok();
    }
    rest.remove_prefix(slash + 1);
  }
  return rest.empty() ? Status::Ok() : NotAKey(family, text);
}

std::string EntryKey::ToText(StoreFamily family) const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "/") + part; };
  if (family == StoreFamily::kRecords) {
    const uint64_t kind = NumberAt(1);
    add(std::to_string(NumberAt(0)));
    add(std::string(RecordKindName(kind)));
    size_t part = 2;
    if (RecordHasVendor(kind)) {
      const std::string bytes = TextAt(part++);
      std::string_view input = bytes, vendor;
      text += "/" + (GetText(&input, &vendor) ? Escaped(vendor) : "");
    }
    const auto record_kind = static_cast<RecordKind>(kind);
    const bool item = record_kind == RecordKind::kMerged || record_kind == RecordKind::kReview;
    text += "/" + (item ? std::to_string(NumberAt(part)) : TextAt(part));
    return text;
  }
  const std::string_view shape = ShapeOf(family);
  for (size_t part = 0; part < shape.size() && part < parts_.size(); ++part) {
    add(shape[part] == 'N' ? std::to_string(NumberAt(part)) : parts_[part]);
  }
  return text;
}

}  // namespace tallystone
