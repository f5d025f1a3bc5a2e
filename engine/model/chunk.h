// Chunk: at most limits::kChunkLinesMax lines of one batch with the decisions made about them. One
// record of the batch log, and, byte for byte, one block of the store.
//
// clang-format off
// Payload, format 2. Integers are little-endian; `varint` is LEB128 of at most 64 bits; `text` is
// varint length + bytes; `digest` is 16 bytes. Nothing may stand behind the last field.
//
//   u8 version (2) | u8 flags (ChunkFlags) | varint tenant
//   | [flag kChunkNewTenant: text tenant name] | text batch id | varint accepted_at_us
//   | varint first line number | varint lines | varint accepted lines
//   | digest of the batch up to and including this chunk (zero in a retry or drop)
//   | varint bytes + CATALOGUE | varint bytes + NUMBERS | varint bytes + DETAILS
//
// CATALOGUE: no bytes at all if the chunk adds nothing to the catalogue, otherwise
//   new items:     varint n | [n > 0: varint number of the first; the others follow without gaps]
//                  | n x { text code | text gtin | text description | text unit }
//   descriptions:  varint n | n x { varint item | text description }, items that now have one
//   aliases:       varint n | n x { varint item | text normalised }
//   records:       varint n | n x { u8 RecordKind | text key | text value }, catalogue_record.h
//
// NUMBERS, of the accepted lines in order:
//   varint item of each | `number` quantity of each | `number` unit cost of each
//
//   A `number` is varint (zigzag(mantissa) * 8 + decimals), decimals 0..6: the value is
//   mantissa x 10^-decimals, without trailing zeros behind the point. Where that does not fit
//   64 bits: varint 7 | varint zigzag(units of 1e-6).
//
// DETAILS: three parts, each there only if it has lines to speak of.
//   1. Numbers, in a retry or drop only:
//      of each line  varint zigzag(its number - that of the line before; the first: - 0)
//      in a drop then, of each line, u8 outcome: the cause of its dead letter; nothing follows
//   2. Failed lines, of each in order:
//      varint (its index among all lines - 1 - that of the failed line before; the first: its
//      index) | u8 outcome | varint fields | what the set bits of `fields` name, lowest bit first:
//        bit 0 quantity     bit 4 document   bit 8 unit        bit 12 varint attempts
//        bit 1 unit cost    bit 5 time       bit 9 line id     bit 13 digest
//        bit 2 code         bit 6 vendor     bit 10 raw        bit 14 vendor code
//        bit 3 description  bit 7 gtin       bit 11 detail     (all but 12 and 13 are texts)
//      Without bit 12 attempts is 1. Bit 13: a field was cut; this is the digest of the whole line.
//   3. Accepted lines:
//      columns       u8, bits 0 time, 1 document, 2 vendor, 3 unit, 4 gtin, 5 line id, 6 code,
//                    7 vendor code; of each set bit, lowest first: runs of { varint lines (> 0) | text }
//      rules         runs of varint (lines * 16 + DecidedBy)
//      descriptions  runs of varint (lines * 4 + DescriptionKind)
//                    | text description of each line that is kOwn
//      matches       [a line is kSorted, kFuzzy or kReview: u8 version of the mapping | of each line
//                    that is kFuzzy or kReview: varint score of its item, 0 = it made one | varint
//                    item of the runner-up, 0 = none | varint its score]
//      Runs cover the accepted lines exactly. A line decided by kCode or kCreated has the code of
//      its item: it is empty in the column.
//
// Format 1, which is still read, has no records, no vendor code, no matches, and lines * 8 in the
// rules.
// clang-format on
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalogue_record.h"
#include "model/content_digest.h"
#include "model/ids.h"
#include "tallystone/outcome.h"
#include "tallystone/status.h"

namespace tallystone {

enum ChunkFlags : uint8_t {
  kChunkFirst = 1,  // first chunk of its batch
  kChunkLast = 2,   // the batch ends here
  kChunkRetry = 4,  // lines are dead letters of this batch, tried again; they have explicit numbers
  kChunkNewTenant = 8,  // the tenant is seen for the first time; its name is here
  kChunkDrop = 16,  // lines are dead letters of this batch that a person gave up: number and cause
};
inline constexpr uint8_t kChunkFlagsAll = 31;

struct NewItem {
  ItemId item = 0;
  std::string_view code, gtin, description, unit;
};
struct ItemDescription {
  ItemId item = 0;
  std::string_view description;
};
struct NewAlias {
  ItemId item = 0;
  std::string_view text;  // normalised
};

// What the catalogue keeps beside items and their aliases: the last value of a key counts.
struct CatalogueRecord {
  RecordKind kind = RecordKind::kAlias;
  std::string_view key;
  std::string_view value;  // empty = there is none any more
};

// What a chunk adds to the catalogue of its tenant. New items are numbered without gaps.
struct CatalogueChanges {
  std::vector<NewItem> items;
  std::vector<ItemDescription> descriptions;
  std::vector<NewAlias> aliases;
  std::vector<CatalogueRecord> records;
  [[nodiscard]] bool empty() const {
    return items.empty() && descriptions.empty() && aliases.empty() && records.empty();
  }
  void clear() {
    items.clear();
    descriptions.clear();
    aliases.clear();
    records.clear();
  }
};

// Where an accepted line's description is kept.
enum class DescriptionKind : uint8_t {
  kNone = 0,    // the line had none
  kOfItem = 1,  // the item's own, letter for letter
  kOwn = 2,     // in the chunk
};

struct ChunkLine {
  uint64_t number = 0;  // within the batch, from 1
  Outcome outcome = Outcome::kAccepted;
  DecidedBy decided_by = DecidedBy::kNone;
  ItemId item = 0;
  int64_t quantity = 0;
  int64_t unit_cost = 0;
  DescriptionKind description_kind = DescriptionKind::kNone;
  // Of an accepted line these are the line's own. What equals the item's is not stored, and empty
  // when decoded: `code` where the item was found by it or made by the line, `description` unless
  // it is kOwn.
  std::string_view code = {}, description = {}, vendor = {}, gtin = {}, unit = {}, document = {},
                   time = {}, line_id = {}, vendor_code = {};
  // Of a line that is kFuzzy or kReview: how like its item's name is, and that of the next best.
  uint32_t score = 0, runner_up_score = 0;
  ItemId runner_up = 0;
  // Of a failed line. Numbers that came as Decimals are written as text.
  std::string_view quantity_text = {}, unit_cost_text = {}, raw = {}, detail = {};
  uint32_t attempts = 1;
  // Of a failed line with a field above limits::kFailedFieldBytesMax: the digest of the whole line.
  // Set by encoding, which cuts the field and counts the rest in `detail`. 0 = the line is whole.
  UInt128 cut_digest = 0;
};

struct ChunkHeader {
  uint8_t version = 0;  // of the format it was decoded from
  uint8_t flags = 0;
  TenantId tenant = 0;
  std::string_view tenant_name;
  std::string_view batch;
  uint64_t accepted_at_us = 0;
  uint64_t first_line = 0;
  uint32_t lines = 0;
  uint32_t accepted = 0;
  ContentDigest digest;
};

// Everything in a chunk. Views point to the payload it was decoded from, or to the caller's memory.
struct Chunk {
  ChunkHeader header;
  CatalogueChanges catalogue;
  std::vector<ChunkLine> lines;
  uint8_t mapping_version = 0;  // of the rules kSorted, kFuzzy and kReview; 0 = no line is any
};

// The numbers of the accepted lines only: what a window folds.
struct ChunkNumbers {
  std::vector<ItemId> items;
  std::vector<int64_t> quantities;
  std::vector<int64_t> unit_costs;
};

// Appends the payload to *out. `header.lines` and `header.accepted` are taken from `lines`, which
// must be numbered from `header.first_line` without gaps, unless it is a retry or a drop. The lines
// of a drop have the outcome of their dead letter, so none of them is accepted. New items must be
// numbered without gaps.
void EncodeChunk(const Chunk& chunk, std::string* out);

// Each reads one part of a payload; what was in the result is replaced. kCorruption if the bytes
// cannot be a chunk of format 1 or 2, kFormatMismatch if they say another version; the result is
// then unspecified. Safe on any bytes: nothing is allocated for a count that the limits or the
// bytes do not bear out.
Status DecodeChunkHeader(std::string_view payload, ChunkHeader* header);
Status DecodeChunkCatalogue(std::string_view payload, CatalogueChanges* changes);
Status DecodeChunkNumbers(std::string_view payload, ChunkNumbers* numbers);
// The `time` of each accepted line ("" if none).
Status DecodeChunkTimes(std::string_view payload, std::vector<std::string_view>* times);
Status DecodeChunk(std::string_view payload, Chunk* chunk);

}  // namespace tallystone
