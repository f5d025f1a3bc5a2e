// The bytes of stored values (stored.h), the same in every store that keeps bytes. Format 1.
//
// Legend: `u8` one byte; `u32` four, little-endian; `varint` LEB128 of up to 64 bits; `varint128`
// LEB128 of up to 128 bits; `zigzag` (x << 1) ^ (x >> 127), so that small negative numbers are
// small; `text` varint length + bytes; `digest` 16 bytes, little-endian.
//
//   BalanceSum        u8 1 | varint128 zigzag(on_hand) | varint128 zigzag(value) | varint lines
//                     | varint last_lsn | u32 places | text last_time
//   BatchSum          u8 1 | u8 finished (0, 1) | varint first_lsn | varint last_lsn
//                     | varint lines | varint accepted | varint failed | varint rejected
//                     | varint tried_again | varint retried | varint dropped | varint
//                     accepted_at_us | digest
//   StoredItem        u8 1 | text code | text gtin | text description | text unit
//   StoredDeadLetter  u8 1, or 2 if it has a vendor code | u8 cause | varint attempts | varint lsn
//   | varint failed_at_us
//                     | text detail | text code | text description | text quantity
//                     | text unit_cost | text vendor | text gtin | text unit | text document
//                     | text time | text line_id | text raw | [2: text vendor code]
//   Marker            u8 1 | u8 replay (0, 1) | text database_id | varint applied
//                     | [replay: varint last | varint done.tenant | varint done.item
//                        | varint keys_done | varint n
//                        | n x { varint key.tenant | varint key.item | text cause }]
//   StoredBlock       u8 1 | varint n | n x varint rejected | payload to the end
//                     rejected: index - 1 - the one before; the first: index. The LSN is the
//                     block's key, not in its bytes.
//   posting list      u8 1 | varint n | n x { varint lsn | varint index }
//                     lsn: - the one before; the first: lsn. index: where the LSN is that of the
//                     one before, index - 1 - the one before; elsewhere index.
//
// Each value takes all of its bytes: whatever is left over is kCorruption, like any length, count,
// enum or version that cannot be. Decoders are safe on any bytes; on error *out is unspecified.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/stored.h"
#include "tallystone/status.h"

namespace tallystone {

// Each Encode appends to *out.
void EncodeBalanceSum(const BalanceSum& sum, std::string* out);
Status DecodeBalanceSum(std::string_view bytes, BalanceSum* sum);

void EncodeBatchSum(const BatchSum& sum, std::string* out);
Status DecodeBatchSum(std::string_view bytes, BatchSum* sum);

void EncodeStoredItem(const StoredItem& item, std::string* out);
Status DecodeStoredItem(std::string_view bytes, StoredItem* item);

void EncodeStoredDeadLetter(const StoredDeadLetter& letter, std::string* out);
Status DecodeStoredDeadLetter(std::string_view bytes, StoredDeadLetter* letter);

void EncodeMarker(const Marker& marker, std::string* out);
Status DecodeMarker(std::string_view bytes, Marker* marker);

// `rejected` must be ascending without repeats. The payload is not looked into.
void EncodeStoredBlock(std::string_view payload, std::span<const uint32_t> rejected,
                       std::string* out);
// Sets payload and rejected; `lsn` is the caller's.
Status DecodeStoredBlock(std::string_view bytes, StoredBlock* block);

// `postings` must be ascending without repeats. Decoding appends to *postings.
void EncodePostings(std::span<const Posting> postings, std::string* out);
Status DecodePostings(std::string_view bytes, std::vector<Posting>* postings);

}  // namespace tallystone
