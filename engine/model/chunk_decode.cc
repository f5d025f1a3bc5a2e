#include <algorithm>
#include <array>

#include "base/coding.h"
#include "model/chunk.h"
#include "model/chunk_format.h"
#include "model/chunk_numbers.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using namespace chunk_format;

Status Damaged(const char* part) {
  return Status::Corruption(std::string("the ") + part +
                            " of a chunk cannot be read: damaged bytes");
}

bool TakeByte(std::string_view* input, uint8_t* value) {
  return GetFixed(input, value);
}

// --- header and sections ---

struct Sections {
  ChunkHeader header;
  std::string_view catalogue, numbers, details;
};

Status TakeHeader(std::string_view* input, ChunkHeader* header) {
  uint8_t version = 0;
  if (!TakeByte(input, &version)) {
    return Damaged("header");
  }
  if (version < kOldestVersion || version > kVersion) {
    return Status::FormatMismatch("a chunk of format " + std::to_string(version) +
                                  "; this version of Tallystone reads formats 1 and 2");
  }
  header->version = version;
  header->tenant_name = {};
  uint64_t lines = 0;
  uint64_t accepted = 0;
  if (!TakeByte(input, &header->flags) || (header->flags & ~kChunkFlagsAll) != 0 ||
      !GetVarint32(input, &header->tenant) ||
      ((header->flags & kChunkNewTenant) != 0 && !GetText(input, &header->tenant_name)) ||
      !GetText(input, &header->batch) || !GetVarint64(input, &header->accepted_at_us) ||
      !GetVarint64(input, &header->first_line) || !GetVarint64(input, &lines) ||
      !GetVarint64(input, &accepted) || !GetFixed128(input, &header->digest.sum)) {
    return Damaged("header");
  }
  const bool drop = (header->flags & kChunkDrop) != 0;
  if (lines > limits::kChunkLinesMax || accepted > lines || (drop && accepted != 0) ||
      (drop && (header->flags & kChunkRetry) != 0)) {
    return Damaged("header");
  }
  header->lines = static_cast<uint32_t>(lines);
  header->accepted = static_cast<uint32_t>(accepted);
  return Status::Ok();
}

Status SplitChunk(std::string_view payload, Sections* sections) {
  Status status = TakeHeader(&payload, &sections->header);
  if (status.ok() &&
      (!GetText(&payload, &sections->catalogue) || !GetText(&payload, &sections->numbers) ||
       !GetText(&payload, &sections->details) || !payload.empty())) {
    status = Damaged("length");
  }
  return status;
}

// --- catalogue ---

bool TakeItems(std::string_view* input, std::vector<NewItem>* items) {
  uint64_t count = 0;
  uint32_t first = 0;
  if (!GetVarint64(input, &count)) {
    return false;
  }
  if (count > 0 && (!GetVarint32(input, &first) || first == 0 || count - 1 > UINT32_MAX - first)) {
    return false;
  }
  for (uint64_t index = 0; index < count; ++index) {  // each takes bytes: ends with the input
    NewItem item;
    item.item = first + static_cast<uint32_t>(index);
    if (!GetText(input, &item.code) || !GetText(input, &item.gtin) ||
        !GetText(input, &item.description) || !GetText(input, &item.unit)) {
      return false;
    }
    items->push_back(item);
  }
  return true;
}

// Pairs of item and text.
template <typename Change>
bool TakeTexts(std::string_view* input, std::string_view Change::*text,
               std::vector<Change>* changes) {
  uint64_t count = 0;
  if (!GetVarint64(input, &count)) {
    return false;
  }
  for (; count > 0; --count) {
    Change change;
    if (!GetVarint32(input, &change.item) || change.item == 0 || !GetText(input, &(change.*text))) {
      return false;
    }
    changes->push_back(change);
  }
  return true;
}

bool TakeRecords(std::string_view* input, std::vector<CatalogueRecord>* records) {
  uint64_t count = 0;
  if (!GetVarint64(input, &count)) {
    return false;
  }
  for (; count > 0; --count) {
    CatalogueRecord record;
    uint8_t kind = 0;
    if (!TakeByte(input, &kind) || kind == 0 || kind > kRecordKindMax ||
        !GetText(input, &record.key) || !GetText(input, &record.value)) {
      return false;
    }
    record.kind = static_cast<RecordKind>(kind);
    records->push_back(record);
  }
  return true;
}

Status DecodeCatalogue(std::string_view section, uint8_t version, CatalogueChanges* changes) {
  changes->clear();
  if (!section.empty() &&
      (!TakeItems(&section, &changes->items) ||
       !TakeTexts(&section, &ItemDescription::description, &changes->descriptions) ||
       !TakeTexts(&section, &NewAlias::text, &changes->aliases) ||
       (version > 1 && !TakeRecords(&section, &changes->records)) || !section.empty())) {
    return Damaged("catalogue");
  }
  return Status::Ok();
}

// --- details ---

// Reads runs of `put(begin, end)` until `count` lines are covered; take_length reads one run's
// length.
template <typename TakeLength, typename Put>
bool TakeRuns(size_t count, const TakeLength& take_length, const Put& put) {
  for (size_t begin = 0; begin < count;) {
    uint64_t length = 0;
    if (!take_length(&length) || length == 0 || length > count - begin) {
      return false;
    }
    put(begin, begin + static_cast<size_t>(length));
    begin += static_cast<size_t>(length);
  }
  return true;
}

// A column of texts: put(begin, end, text) for each run.
template <typename Put>
bool TakeColumn(std::string_view* input, size_t count, const Put& put) {
  std::string_view text;
  return TakeRuns(
      count, [&](uint64_t* length) { return GetVarint64(input, length) && GetText(input, &text); },
      [&](size_t begin, size_t end) { put(begin, end, text); });
}

// Runs of a small enum packed below their lengths: put(begin, end, value) for each run.
template <typename Put>
bool TakePacked(std::string_view* input, size_t count, int bits, uint64_t max, const Put& put) {
  uint64_t value = 0;
  return TakeRuns(
      count,
      [&](uint64_t* length) {
        if (!GetVarint64(input, length)) {
          return false;
        }
        value = *length & ((uint64_t{1} << bits) - 1);
        *length >>= bits;
        return value <= max;
      },
      [&](size_t begin, size_t end) { put(begin, end, static_cast<uint8_t>(value)); });
}

using AcceptedLines = std::array<ChunkLine*, limits::kChunkLinesMax>;

bool TakeMatches(std::string_view* input, size_t count, const AcceptedLines& lines,
                 uint8_t* mapping_version) {
  const auto end = lines.begin() + count;
  if (std::none_of(lines.begin(), end,
                   [](const ChunkLine* line) { return HasMappingVersion(line->decided_by); })) {
    return true;
  }
  if (!TakeByte(input, mapping_version)) {
    return false;
  }
  return std::all_of(lines.begin(), end, [&](ChunkLine* line) {
    return !HasMatch(line->decided_by) ||
           (GetVarint32(input, &line->score) && GetVarint32(input, &line->runner_up) &&
            GetVarint32(input, &line->runner_up_score));
  });
}

// The bits of columns that a version has.
constexpr int ColumnsOf(uint8_t version) {
  return version == 1 ? kColumnCount - 1 : kColumnCount;
}

bool TakeAccepted(std::string_view* input, uint8_t version, size_t count,
                  const AcceptedLines& lines, uint8_t* mapping_version) {
  uint8_t columns = 0;
  if (!TakeByte(input, &columns) || columns >> ColumnsOf(version) != 0) {
    return false;
  }
  for (int column = 0; column < kColumnCount; ++column) {
    const auto put = [&lines, column](size_t begin, size_t end, std::string_view text) {
      for (size_t index = begin; index < end; ++index) {
        lines[index]->*kColumns[column] = text;
      }
    };
    if ((columns >> column & 1) != 0 && !TakeColumn(input, count, put)) {
      return false;
    }
  }
  const bool read =
      TakePacked(input, count, RuleBits(version),
                 version == 1 ? static_cast<uint64_t>(DecidedBy::kCreated) : kDecidedByCount - 1,
                 [&lines](size_t begin, size_t end, uint8_t rule) {
                   for (size_t index = begin; index < end; ++index) {
                     lines[index]->decided_by = static_cast<DecidedBy>(rule);
                   }
                 }) &&
      TakePacked(input, count, kKindBits, static_cast<uint64_t>(DescriptionKind::kOwn),
                 [&lines](size_t begin, size_t end, uint8_t kind) {
                   for (size_t index = begin; index < end; ++index) {
                     lines[index]->description_kind = static_cast<DescriptionKind>(kind);
                   }
                 });
  for (size_t index = 0; read && index < count; ++index) {
    if (lines[index]->description_kind == DescriptionKind::kOwn &&
        !GetText(input, &lines[index]->description)) {
      return false;
    }
  }
  return read && (version == 1 || TakeMatches(input, count, lines, mapping_version));
}

bool TakeFailedLine(std::string_view* input, uint8_t version, ChunkLine* line) {
  uint8_t outcome = 0;
  uint32_t fields = 0;
  if (!TakeByte(input, &outcome) || outcome == 0 || outcome >= kOutcomeCount ||
      !GetVarint32(input, &fields) ||
      fields >= (version == 1 ? kVendorCodeBit : kFailedFieldsEnd)) {
    return false;
  }
  line->outcome = static_cast<Outcome>(outcome);
  for (int text = 0; text < kFailedTextCount; ++text) {
    if ((fields >> text & 1) != 0 && !GetText(input, &(line->*kFailedTexts[text]))) {
      return false;
    }
  }
  return ((fields & kAttemptsBit) == 0 || GetVarint32(input, &line->attempts)) &&
         ((fields & kCutDigestBit) == 0 || GetFixed128(input, &line->cut_digest)) &&
         ((fields & kVendorCodeBit) == 0 || GetText(input, &line->vendor_code));
}

// Reads `failed` of `lines` lines; line_at(index) says where to.
template <typename LineAt>
bool TakeFailed(std::string_view* input, uint8_t version, size_t lines, size_t failed,
                const LineAt& line_at) {
  size_t next = 0;  // the least index that may follow
  for (; failed > 0; --failed) {
    uint64_t gap = 0;
    if (!GetVarint64(input, &gap) || gap >= lines - next) {
      return false;
    }
    next += static_cast<size_t>(gap);
    if (!TakeFailedLine(input, version, line_at(next))) {
      return false;
    }
    ++next;
  }
  return true;
}

bool TakeLineNumbers(std::string_view* input, std::vector<ChunkLine>* lines) {
  uint64_t number = 0;
  for (ChunkLine& line : *lines) {
    uint64_t step = 0;
    if (!GetVarint64(input, &step)) {
      return false;
    }
    number += static_cast<uint64_t>(UnZigZag64(step));
    line.number = number;
  }
  return true;
}

bool TakeDropCauses(std::string_view* input, std::vector<ChunkLine>* lines) {
  for (ChunkLine& line : *lines) {
    uint8_t outcome = 0;
    if (!TakeByte(input, &outcome) || outcome == 0 || outcome >= kOutcomeCount) {
      return false;
    }
    line.outcome = static_cast<Outcome>(outcome);
  }
  return true;
}

bool TakeLines(std::string_view input, const ChunkHeader& header, const ChunkNumbers& numbers,
               std::vector<ChunkLine>* lines, uint8_t* mapping_version) {
  if (!TakeFailed(&input, header.version, header.lines, header.lines - header.accepted,
                  [lines](size_t index) { return &(*lines)[index]; })) {
    return false;
  }
  AcceptedLines accepted;
  size_t next = 0;
  for (ChunkLine& line : *lines) {
    if (line.outcome == Outcome::kAccepted) {
      line.item = numbers.items[next];
      line.quantity = numbers.quantities[next];
      line.unit_cost = numbers.unit_costs[next];
      accepted[next++] = &line;
    }
  }
  return (next == 0 || TakeAccepted(&input, header.version, next, accepted, mapping_version)) &&
         input.empty();
}

}  // namespace

Status DecodeChunkHeader(std::string_view payload, ChunkHeader* header) {
  return TakeHeader(&payload, header);
}

Status DecodeChunkCatalogue(std::string_view payload, CatalogueChanges* changes) {
  Sections sections;
  Status status = SplitChunk(payload, &sections);
  return status.ok() ? DecodeCatalogue(sections.catalogue, sections.header.version, changes)
                     : status;
}

Status DecodeChunkNumbers(std::string_view payload, ChunkNumbers* numbers) {
  Sections sections;
  Status status = SplitChunk(payload, &sections);
  if (status.ok() && !DecodeNumbers(sections.numbers, sections.header.accepted, numbers)) {
    status = Damaged("numbers");
  }
  return status;
}

Status DecodeChunkTimes(std::string_view payload, std::vector<std::string_view>* times) {
  Sections sections;
  Status status = SplitChunk(payload, &sections);
  if (!status.ok()) {
    return status;
  }
  const ChunkHeader& header = sections.header;
  std::string_view input = sections.details;
  times->assign(header.accepted, {});
  if (header.accepted == 0) {
    return Status::Ok();
  }
  uint64_t step = 0;
  bool read = true;
  for (uint32_t line = 0; (header.flags & kChunkRetry) != 0 && line < header.lines; ++line) {
    read = read && GetVarint64(&input, &step);
  }
  ChunkLine failed;
  uint8_t columns = 0;
  if (!read ||
      !TakeFailed(&input, header.version, header.lines, header.lines - header.accepted,
                  [&failed](size_t) { return &failed; }) ||
      !TakeByte(&input, &columns) || columns >> ColumnsOf(header.version) != 0) {
    return Damaged("details");
  }
  static_assert(kColumns[0] == &ChunkLine::time, "the times come first");
  const auto put = [times](size_t begin, size_t end, std::string_view text) {
    for (size_t index = begin; index < end; ++index) {
      (*times)[index] = text;
    }
  };
  if ((columns & 1) != 0 && !TakeColumn(&input, header.accepted, put)) {
    return Damaged("details");
  }
  return Status::Ok();
}

Status DecodeChunk(std::string_view payload, Chunk* chunk) {
  Sections sections;
  Status status = SplitChunk(payload, &sections);
  if (!status.ok()) {
    return status;
  }
  ChunkNumbers numbers;
  if (!DecodeNumbers(sections.numbers, sections.header.accepted, &numbers)) {
    return Damaged("numbers");
  }
  chunk->header = sections.header;
  chunk->lines.assign(sections.header.lines, {});
  chunk->mapping_version = 0;
  const uint8_t flags = sections.header.flags;
  bool read = true;
  if ((flags & (kChunkRetry | kChunkDrop)) != 0) {
    read = TakeLineNumbers(&sections.details, &chunk->lines);
  } else {
    for (size_t index = 0; index < chunk->lines.size(); ++index) {
      chunk->lines[index].number = sections.header.first_line + index;
    }
  }
  if (read && (flags & kChunkDrop) != 0) {
    read = TakeDropCauses(&sections.details, &chunk->lines) && sections.details.empty();
  } else if (read) {
    read = TakeLines(sections.details, sections.header, numbers, &chunk->lines,
                     &chunk->mapping_version);
  }
  return read ? DecodeCatalogue(sections.catalogue, sections.header.version, &chunk->catalogue)
              : Damaged("details");
}

}  // namespace tallystone
