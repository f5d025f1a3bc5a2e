// Keys of the RocksDB store, format 3, byte by byte. Integers are big-endian, so that the order of
// bytes is the order of numbers; `text` stands without a length, to the end of the key or to a 0
// byte.
//
//   family     key                                              value
//   default    "format"                                         rocks/format.h
//              "marker"                                         Marker
//   balances   u32 tenant | u32 group                           parts: BalanceSums (merged)
//   blocks     u64 LSN                                          StoredBlock without its LSN
//   postings   u32 tenant | u32 group | u64 last LSN of window  parts: posting lists of one window
//   catalogue  'A' | u32 tenant | u32 item | text alias         empty
//              'I' | u32 tenant | u32 group | u64 last LSN      parts: StoredItems that a window
//              made
//                                                               or changed; the last one counts
//              'R' | u32 tenant | u8 RecordKind | bytes key     value of the record
//              'T' | u32 tenant                                 text name
//   batches    'B' | u32 tenant | text batch | 0                BatchSum (merged)
//              'D' | u32 tenant | text batch | 0 | u64 line     StoredDeadLetter
//
// Groups and parts: item_groups.h. A batch id holds no 0 byte, so the terminator keeps the order of
// ids: "a" stands before "ab".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/coding.h"
#include "model/catalogue_record.h"
#include "model/ids.h"
#include "model/stored.h"
#include "store/rocks/item_groups.h"

namespace tallystone::rocks {

inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kMarkerKey = "marker";

inline constexpr char kAliasKind = 'A';
inline constexpr char kItemKind = 'I';
inline constexpr char kRecordKind = 'R';
inline constexpr char kTenantKind = 'T';
inline constexpr char kBatchKind = 'B';
inline constexpr char kDeadLetterKind = 'D';

inline bool TakeKind(std::string_view* key, char kind) {
  if (key->empty() || key->front() != kind) {
    return false;
  }
  key->remove_prefix(1);
  return true;
}

// Encoders replace *key, so that one string serves a whole loop.

inline void EncodeBalanceKey(GroupKey group, std::string* key) {
  char bytes[8];
  EncodeBigEndian32(bytes, group.tenant);
  EncodeBigEndian32(bytes + 4, group.group);
  key->assign(bytes, sizeof(bytes));
}

inline void EncodeBlockKey(Lsn lsn, std::string* key) {
  key->clear();
  PutBigEndian64(key, lsn);
}

// What all posting keys of a group begin with.
inline void EncodePostingPrefix(GroupKey group, std::string* key) {
  EncodeBalanceKey(group, key);
}

inline void EncodePostingKey(GroupKey group, Lsn window_last, std::string* key) {
  EncodePostingPrefix(group, key);
  PutBigEndian64(key, window_last);
}

inline void EncodeTenantKey(TenantId tenant, std::string* key) {
  key->assign(1, kTenantKind);
  PutBigEndian32(key, tenant);
}

inline void EncodeItemKey(GroupKey group, Lsn window_last, std::string* key) {
  key->assign(1, kItemKind);
  PutBigEndian32(key, group.tenant);
  PutBigEndian32(key, group.group);
  PutBigEndian64(key, window_last);
}

inline void EncodeAliasKey(StockKey stock, std::string_view alias, std::string* key) {
  key->assign(1, kAliasKind);
  PutBigEndian32(key, stock.tenant);
  PutBigEndian32(key, stock.item);
  key->append(alias);
}

inline void EncodeRecordKey(const RecordRef& ref, std::string* key) {
  key->assign(1, kRecordKind);
  PutBigEndian32(key, ref.tenant);
  key->push_back(static_cast<char>(ref.kind));
  key->append(ref.key);
}

inline void EncodeBatchKey(const BatchRef& ref, std::string* key) {
  key->assign(1, kBatchKind);
  PutBigEndian32(key, ref.tenant);
  key->append(ref.batch);
  key->push_back('\0');
}

inline void EncodeDeadLetterKey(const LineRef& ref, std::string* key) {
  key->assign(1, kDeadLetterKind);
  PutBigEndian32(key, ref.tenant);
  key->append(ref.batch);
  key->push_back('\0');
  PutBigEndian64(key, ref.line);
}

// Decoders take a whole key and nothing else; false if it is not one.

inline bool ParseBalanceKey(std::string_view key, GroupKey* group) {
  return GetBigEndian32(&key, &group->tenant) && GetBigEndian32(&key, &group->group) &&
         group->group <= kGroupMax && key.empty();
}

inline bool ParseBlockKey(std::string_view key, Lsn* lsn) {
  return GetBigEndian64(&key, lsn) && key.empty();
}

inline bool ParseTenantKey(std::string_view key, TenantId* tenant) {
  return TakeKind(&key, kTenantKind) && GetBigEndian32(&key, tenant) && key.empty();
}

inline bool ParseItemKey(std::string_view key, GroupKey* group, Lsn* window_last) {
  return TakeKind(&key, kItemKind) && GetBigEndian32(&key, &group->tenant) &&
         GetBigEndian32(&key, &group->group) && group->group <= kGroupMax &&
         GetBigEndian64(&key, window_last) && key.empty();
}

inline bool ParseAliasKey(std::string_view key, StockKey* stock, std::string* alias) {
  if (!TakeKind(&key, kAliasKind) || !GetBigEndian32(&key, &stock->tenant) ||
      !GetBigEndian32(&key, &stock->item)) {
    return false;
  }
  alias->assign(key);
  return true;
}

inline bool ParseRecordKey(std::string_view key, RecordRef* ref) {
  if (!TakeKind(&key, kRecordKind) || !GetBigEndian32(&key, &ref->tenant) || key.empty() ||
      key.front() == 0 || static_cast<uint8_t>(key.front()) > kRecordKindMax) {
    return false;
  }
  ref->kind = static_cast<RecordKind>(key.front());
  ref->key.assign(key.substr(1));
  return true;
}

inline bool ParseBatchKey(std::string_view key, BatchRef* ref) {
  if (!TakeKind(&key, kBatchKind) || !GetBigEndian32(&key, &ref->tenant) || key.empty() ||
      key.find('\0') != key.size() - 1) {
    return false;
  }
  ref->batch.assign(key.substr(0, key.size() - 1));
  return true;
}

inline bool ParseDeadLetterKey(std::string_view key, LineRef* ref) {
  if (!TakeKind(&key, kDeadLetterKind) || !GetBigEndian32(&key, &ref->tenant)) {
    return false;
  }
  const size_t end = key.find('\0');
  if (end == std::string_view::npos) {
    return false;
  }
  ref->batch.assign(key.substr(0, end));
  key.remove_prefix(end + 1);
  return GetBigEndian64(&key, &ref->line) && key.empty();
}

}  // namespace tallystone::rocks
