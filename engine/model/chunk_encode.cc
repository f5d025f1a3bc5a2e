#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"
#include "base/coding.h"
#include "model/chunk.h"
#include "model/chunk_format.h"
#include "model/chunk_numbers.h"
#include "model/line_rebuild.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using namespace chunk_format;

using AcceptedLines = std::span<const ChunkLine* const>;

void EncodeCatalogue(const CatalogueChanges& changes, std::string* out) {
  if (changes.empty()) {
    return;
  }
  PutVarint64(out, changes.items.size());
  if (!changes.items.empty()) {
    PutVarint32(out, changes.items.front().item);
  }
  ItemId next = changes.items.empty() ? 0 : changes.items.front().item;
  for (const NewItem& item : changes.items) {
    TS_CHECK(item.item != 0 && item.item == next++);
    PutText(out, item.code);
    PutText(out, item.gtin);
    PutText(out, item.description);
    PutText(out, item.unit);
  }
  PutVarint64(out, changes.descriptions.size());
  for (const ItemDescription& described : changes.descriptions) {
    PutVarint32(out, described.item);
    PutText(out, described.description);
  }
  PutVarint64(out, changes.aliases.size());
  for (const NewAlias& alias : changes.aliases) {
    PutVarint32(out, alias.item);
    PutText(out, alias.text);
  }
  PutVarint64(out, changes.records.size());
  for (const CatalogueRecord& record : changes.records) {
    out->push_back(static_cast<char>(record.kind));
    PutText(out, record.key);
    PutText(out, record.value);
  }
}

std::string_view ColumnText(const ChunkLine& line, int column) {
  if (column == kCodeColumn && HasCodeOfItem(line.decided_by)) {
    return {};
  }
  return line.*kColumns[column];
}

// Calls put(length, first line) for each run of lines that `same` takes together.
template <typename Same, typename Put>
void ForRuns(AcceptedLines lines, const Same& same, const Put& put) {
  for (size_t begin = 0; begin < lines.size();) {
    size_t end = begin + 1;
    while (end < lines.size() && same(*lines[begin], *lines[end])) {
      ++end;
    }
    put(end - begin, *lines[begin]);
    begin = end;
  }
}

uint8_t ColumnsOf(AcceptedLines lines) {
  std::array<size_t, kColumnCount> bytes{};
  for (const ChunkLine* line : lines) {
    for (int column = 0; column < kColumnCount; ++column) {
      bytes[column] |= ColumnText(*line, column).size();
    }
  }
  uint8_t columns = 0;
  for (int column = 0; column < kColumnCount; ++column) {
    columns = static_cast<uint8_t>(columns | (bytes[column] != 0 ? 1 << column : 0));
  }
  return columns;
}

void EncodeMatches(AcceptedLines lines, uint8_t version, std::string* out) {
  const bool any = std::any_of(lines.begin(), lines.end(), [](const ChunkLine* line) {
    return HasMappingVersion(line->decided_by);
  });
  if (!any) {
    return;
  }
  out->push_back(static_cast<char>(version));
  for (const ChunkLine* line : lines) {
    if (HasMatch(line->decided_by)) {
      PutVarint32(out, line->score);
      PutVarint32(out, line->runner_up);
      PutVarint32(out, line->runner_up_score);
    }
  }
}

void EncodeAccepted(AcceptedLines lines, uint8_t mapping_version, std::string* out) {
  const uint8_t columns = ColumnsOf(lines);
  out->push_back(static_cast<char>(columns));
  for (int column = 0; column < kColumnCount; ++column) {
    if ((columns >> column & 1) == 0) {
      continue;
    }
    ForRuns(
        lines,
        [column](const ChunkLine& left, const ChunkLine& right) {
          return ColumnText(left, column) == ColumnText(right, column);
        },
        [column, out](size_t length, const ChunkLine& line) {
          PutVarint64(out, length);
          PutText(out, ColumnText(line, column));
        });
  }
  ForRuns(
      lines,
      [](const ChunkLine& left, const ChunkLine& right) {
        return left.decided_by == right.decided_by;
      },
      [out](size_t length, const ChunkLine& line) {
        PutVarint64(out, length << RuleBits(kVersion) | static_cast<uint8_t>(line.decided_by));
      });
  ForRuns(
      lines,
      [](const ChunkLine& left, const ChunkLine& right) {
        return left.description_kind == right.description_kind;
      },
      [out](size_t length, const ChunkLine& line) {
        PutVarint64(out, length << kKindBits | static_cast<uint8_t>(line.description_kind));
      });
  for (const ChunkLine* line : lines) {
    if (line->description_kind == DescriptionKind::kOwn) {
      PutText(out, line->description);
    }
  }
  EncodeMatches(lines, mapping_version, out);
}

// Where to cut a text that is too long: not inside a UTF-8 sequence, so that what is kept stays
// valid.
size_t CutAt(std::string_view text) {
  constexpr size_t kTrailBytesMax = 3;
  size_t size = limits::kFailedFieldBytesMax;
  for (size_t back = 0; back < kTrailBytesMax && (text[size] & 0xC0) == 0x80; ++back) {
    --size;
  }
  return size;
}

std::string WithSeparators(size_t count) {
  std::string digits = std::to_string(count);
  for (size_t place = digits.size(); place > 3; place -= 3) {
    digits.insert(place - 3, 1, ',');
  }
  return digits;
}

// The line as it is kept: oversized fields cut, with a note in *detail, which the result points to.
ChunkLine CutLine(const ChunkLine& line, std::string* detail) {
  static constexpr std::string_view kNames[] = {"quantity", "unit cost", "code",     "description",
                                                "document", "time",      "vendor",   "gtin",
                                                "unit",     "line id",   "the line", "detail"};
  static_assert(std::size(kNames) == kFailedTextCount);
  ChunkLine cut = line;
  detail->assign(line.detail);
  const auto take = [&](std::string_view name, std::string_view* field) {
    if (field->size() > limits::kFailedFieldBytesMax) {
      const size_t size = CutAt(*field);
      detail->append(detail->empty() ? "" : "; ").append(name).append(": ");
      detail->append(WithSeparators(field->size() - size)).append(" bytes left out");
      *field = field->substr(0, size);
    }
  };
  for (int text = 0; text < kDetailText; ++text) {
    take(kNames[text], &(cut.*kFailedTexts[text]));
  }
  take("vendor code", &cut.vendor_code);
  if (cut.cut_digest == 0) {
    std::string scratch;
    cut.cut_digest = DigestLine(line.number, ReconstructLine(line, {}, {}), &scratch).sum;
  }
  cut.detail = *detail;
  return cut;
}

bool HasOversizedField(const ChunkLine& line) {
  for (int text = 0; text < kDetailText; ++text) {
    if ((line.*kFailedTexts[text]).size() > limits::kFailedFieldBytesMax) {
      return true;
    }
  }
  return line.vendor_code.size() > limits::kFailedFieldBytesMax;
}

void EncodeFailedLine(const ChunkLine& line, std::string* out) {
  if (HasOversizedField(line)) [[unlikely]] {
    std::string detail;
    EncodeFailedLine(CutLine(line, &detail), out);
    return;
  }
  uint32_t fields = (line.attempts != 1 ? kAttemptsBit : 0) |
                    (line.cut_digest != 0 ? kCutDigestBit : 0) |
                    (line.vendor_code.empty() ? 0 : kVendorCodeBit);
  for (int text = 0; text < kFailedTextCount; ++text) {
    fields |= (line.*kFailedTexts[text]).empty() ? 0 : 1u << text;
  }
  out->push_back(static_cast<char>(line.outcome));
  PutVarint32(out, fields);
  for (int text = 0; text < kFailedTextCount; ++text) {
    if ((fields >> text & 1) != 0) {
      PutText(out, line.*kFailedTexts[text]);
    }
  }
  if ((fields & kAttemptsBit) != 0) {
    PutVarint32(out, line.attempts);
  }
  if ((fields & kCutDigestBit) != 0) {
    PutFixed128(out, line.cut_digest);
  }
  if ((fields & kVendorCodeBit) != 0) {
    PutText(out, line.vendor_code);
  }
}

void EncodeDetails(const Chunk& chunk, AcceptedLines accepted, std::string* out) {
  const bool drop = (chunk.header.flags & kChunkDrop) != 0;
  if (drop || (chunk.header.flags & kChunkRetry) != 0) {
    uint64_t before = 0;
    for (const ChunkLine& line : chunk.lines) {
      PutVarint64(out, ZigZag64(static_cast<int64_t>(line.number - before)));
      before = line.number;
    }
  }
  if (drop) {
    for (const ChunkLine& line : chunk.lines) {
      out->push_back(static_cast<char>(line.outcome));
    }
    return;
  }
  size_t next = 0;  // the least index that may follow
  const bool any_failed = accepted.size() != chunk.lines.size();
  for (size_t index = 0; any_failed && index < chunk.lines.size(); ++index) {
    if (chunk.lines[index].outcome != Outcome::kAccepted) {
      PutVarint64(out, index - next);
      EncodeFailedLine(chunk.lines[index], out);
      next = index + 1;
    }
  }
  if (!accepted.empty()) {
    EncodeAccepted(accepted, chunk.mapping_version, out);
  }
}

void EncodeHeader(const ChunkHeader& header, size_t lines, size_t accepted, std::string* out) {
  out->push_back(static_cast<char>(kVersion));
  out->push_back(static_cast<char>(header.flags));
  PutVarint32(out, header.tenant);
  if ((header.flags & kChunkNewTenant) != 0) {
    PutText(out, header.tenant_name);
  }
  PutText(out, header.batch);
  PutVarint64(out, header.accepted_at_us);
  PutVarint64(out, header.first_line);
  PutVarint64(out, lines);
  PutVarint64(out, accepted);
  PutFixed128(out, header.digest.sum);
}

}  // namespace

void EncodeChunk(const Chunk& chunk, std::string* out) {
  const uint8_t flags = chunk.header.flags;
  const bool numbered = (flags & (kChunkRetry | kChunkDrop)) == 0;
  TS_CHECK(chunk.lines.size() <= limits::kChunkLinesMax);
  TS_CHECK((flags & ~kChunkFlagsAll) == 0);
  TS_CHECK((flags & kChunkRetry) == 0 || (flags & kChunkDrop) == 0);
  std::array<const ChunkLine*, limits::kChunkLinesMax> pointers;
  size_t count = 0;
  uint64_t number = chunk.header.first_line;
  for (const ChunkLine& line : chunk.lines) {
    TS_CHECK(!numbered || line.number == number++);
    if (line.outcome == Outcome::kAccepted) {
      pointers[count++] = &line;
    }
  }
  TS_CHECK((flags & kChunkDrop) == 0 || count == 0);
  const AcceptedLines accepted(pointers.data(), count);

  EncodeHeader(chunk.header, chunk.lines.size(), count, out);
  std::string section;
  EncodeCatalogue(chunk.catalogue, &section);
  PutText(out, section);
  section.clear();
  EncodeNumbers(accepted, &section);
  PutText(out, section);
  section.clear();
  EncodeDetails(chunk, accepted, &section);
  PutText(out, section);
}

}  // namespace tallystone
