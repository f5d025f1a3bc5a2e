#include "inspect/diff_batch.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "ingest/stored_lines.h"
#include "tallystone/decimal.h"

namespace tallystone::diff {
namespace {

// The fields of a line in the order in which they are listed.
struct Field {
  const char* name;
  std::string (*text)(const WholeLine& line);
};

std::string NumberText(std::string_view as_received, bool read, int64_t units) {
  return as_received.empty() && read ? Decimal::FromUnits(units).ToString() : NumberOf(as_received);
}

const Field kFields[] = {
    {"outcome", [](const WholeLine& line) { return std::string(OutcomeName(line.outcome)); }},
    {"item", [](const WholeLine& line) { return line.item; }},
    {"quantity",
     [](const WholeLine& line) {
       return NumberText(line.texts.quantity_text, line.texts.quantity_read, line.texts.quantity);
     }},
    {"unit_cost",
     [](const WholeLine& line) {
       return NumberText(line.texts.unit_cost_text, line.texts.unit_cost_read,
                         line.texts.unit_cost);
     }},
    {"code", [](const WholeLine& line) { return std::string(line.texts.code); }},
    {"description", [](const WholeLine& line) { return std::string(line.texts.description); }},
    {"vendor", [](const WholeLine& line) { return std::string(line.texts.vendor); }},
    {"vendor_code", [](const WholeLine& line) { return std::string(line.texts.vendor_code); }},
    {"gtin", [](const WholeLine& line) { return std::string(line.texts.gtin); }},
    {"unit", [](const WholeLine& line) { return std::string(line.texts.unit); }},
    {"document", [](const WholeLine& line) { return std::string(line.texts.document); }},
    {"time", [](const WholeLine& line) { return std::string(line.texts.time); }},
    {"line_id", [](const WholeLine& line) { return std::string(line.texts.line_id); }},
    {"raw", [](const WholeLine& line) { return std::string(line.texts.raw); }},
};

// The lines of a batch of one side, in order.
class Walk {
 public:
  Walk(DiffSide* side, const BatchRef& ref, const BatchSum& sum)
      : side_(side), ref_(ref), lines_(ref, sum, {}, side->view()) {}

  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] uint64_t number() const { return lines_.result().line; }

  Status Next() {
    const Status status = lines_.Next();
    valid_ = status.ok();
    if (valid_ && lines_.retry().lsn != 0) {
      return ReadRetry(lines_.retry());
    }
    line_ = valid_ ? &lines_.line() : nullptr;
    return status.IsNotFound() ? Status::Ok() : status;
  }
  Status Hash(UInt128* hash) {
    return side_->HashLine(ref_.tenant, line(), lines_.result().outcome, hash);
  }
  Status Read(WholeLine* whole) {
    return side_->ReadLine(ref_.tenant, line(), lines_.result().outcome, &item_, whole);
  }

 private:
  [[nodiscard]] const ChunkLine& line() const { return *line_; }

  // A line that was tried again counts as it was the last time. Its chunk is read when its turn
  // comes: to hold them all would be memory without a limit.
  Status ReadRetry(StoredLines::Retry retry) {
    if (retry_block_.lsn != retry.lsn) {
      TS_RETURN_IF_ERROR(side_->view()->GetBlock(retry.lsn, &retry_block_));
      TS_RETURN_IF_ERROR(DecodeChunk(retry_block_.payload, &retry_chunk_));
    }
    line_ = &retry_chunk_.lines[retry.index];
    return Status::Ok();
  }

  DiffSide* const side_;
  const BatchRef ref_;
  StoredLines lines_;
  bool valid_ = false;
  const ChunkLine* line_ = nullptr;
  StoredBlock retry_block_;
  Chunk retry_chunk_;  // of it
  StoredItem item_;    // of the line that was read last
};

class LineComparison {
 public:
  LineComparison(Walk* left, Walk* right, const FoundField& found)
      : left_(left), right_(right), found_(found) {}

  Status Run() {
    TS_RETURN_IF_ERROR(left_->Next());
    TS_RETURN_IF_ERROR(right_->Next());
    while (left_->valid() || right_->valid()) {
      const bool has_left =
          left_->valid() && (!right_->valid() || left_->number() <= right_->number());
      const bool has_right =
          right_->valid() && (!left_->valid() || right_->number() <= left_->number());
      if (has_left && has_right) {
        TS_RETURN_IF_ERROR(Both());
      } else {
        TS_RETURN_IF_ERROR(One(has_left));
      }
      TS_RETURN_IF_ERROR(has_left ? left_->Next() : Status::Ok());
      TS_RETURN_IF_ERROR(has_right ? right_->Next() : Status::Ok());
    }
    return Status::Ok();
  }

 private:
  Status Both() {
    UInt128 left_hash = 0, right_hash = 0;
    TS_RETURN_IF_ERROR(left_->Hash(&left_hash));
    TS_RETURN_IF_ERROR(right_->Hash(&right_hash));
    if (left_hash == right_hash) {
      return Status::Ok();
    }
    WholeLine left, right;
    TS_RETURN_IF_ERROR(left_->Read(&left));
    TS_RETURN_IF_ERROR(right_->Read(&right));
    bool any = false;
    for (const Field& field : kFields) {
      std::string before = field.text(left);
      std::string after = field.text(right);
      if (before != after) {
        any = true;
        TS_RETURN_IF_ERROR(found_(left_->number(), DifferenceSide::kBoth, field.name,
                                  std::move(before), std::move(after)));
      }
    }
    // A field above its limit is kept up to it, and differs behind it; or an item has a code on one
    // side and the same text as description on the other.
    return any ? Status::Ok()
               : found_(left_->number(), DifferenceSide::kBoth, "content", "one text", "another");
  }

  Status One(bool is_left) {
    Walk* const walk = is_left ? left_ : right_;
    WholeLine line;
    TS_RETURN_IF_ERROR(walk->Read(&line));
    for (const Field& field : kFields) {
      std::string text = field.text(line);
      if (!text.empty()) {
        TS_RETURN_IF_ERROR(found_(walk->number(),
                                  is_left ? DifferenceSide::kOnlyLeft : DifferenceSide::kOnlyRight,
                                  field.name, is_left ? text : "", is_left ? "" : text));
      }
    }
    return Status::Ok();
  }

  Walk* const left_;
  Walk* const right_;
  const FoundField& found_;
};

}  // namespace

Status CompareLines(DiffSide* left, const BatchRef& left_ref, const BatchSum& left_sum,
                    DiffSide* right, const BatchRef& right_ref, const BatchSum& right_sum,
                    const FoundField& found) {
  Walk left_walk(left, left_ref, left_sum);
  Walk right_walk(right, right_ref, right_sum);
  return LineComparison(&left_walk, &right_walk, found).Run();
}

}  // namespace tallystone::diff
