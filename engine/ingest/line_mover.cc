#include "ingest/line_mover.h"

#include <algorithm>
#include <mutex>

#include "base/canary.h"
#include "base/check.h"
#include "catalog/normal_form.h"
#include "catalog/record_table.h"
#include "model/line_rebuild.h"
#include "store/live_view.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

// The batch belongs to one mover at a time.
class BatchHold {
 public:
  BatchHold(Tenant* tenant, std::string batch) : tenant_(tenant), batch_(std::move(batch)) {}
  ~BatchHold() {
    if (held_) {
      const std::lock_guard lock(tenant_->mutex);
      const auto found = tenant_->batches.find(batch_);
      if (found != tenant_->batches.end()) {
        found->second.writing = false;
      }
    }
  }
  BatchHold(const BatchHold&) = delete;
  BatchHold& operator=(const BatchHold&) = delete;

  // Requires the tenant's mutex.
  Status Take(BatchState* state) {
    if (state->writing) {
      return Status::Busy("batch '" + batch_ + "' is being written already");
    }
    state->writing = true;
    held_ = true;
    return Status::Ok();
  }

 private:
  Tenant* const tenant_;
  const std::string batch_;
  bool held_ = false;
};

constexpr Int128 kBalanceMax = Int128{1} << limits::kBalanceBits;

bool IsBeyond(Int128 value) {
  return value > kBalanceMax || value < -kBalanceMax;
}

}  // namespace

LineMover::LineMover(Core* core, Tenant* tenant, ItemId reviewed, ReviewEntry entry)
    : core_(core),
      tenant_(tenant),
      reviewed_(reviewed),
      entry_(std::move(entry)),
      move_(entry_.move),
      maker_(core) {}

Status LineMover::NoItem() const {
  return Status::Corruption("the review of item " + std::to_string(reviewed_) +
                            " moves lines of an item that the catalogue does not have");
}

Status LineMover::Check(uint64_t* lines) {
  {
    const std::lock_guard lock(tenant_->mutex);
    if (!tenant_->catalogue.Find(move_.from, &from_)) {
      return NoItem();
    }
  }
  TS_RETURN_IF_ERROR(FindPlaces());
  return CheckSums(lines);
}

Status LineMover::Run(uint64_t* lines_moved, Lsn* lsn) {
  BatchHold hold(tenant_, move_.id);
  {
    const std::lock_guard lock(tenant_->mutex);
    BatchState* state = nullptr;
    TS_RETURN_IF_ERROR(tenant_->FindBatch(move_.id, &state));
    TS_RETURN_IF_ERROR(hold.Take(state));
    if (!tenant_->catalogue.Find(move_.from, &from_) || !tenant_->catalogue.Find(move_.to, &to_)) {
      return NoItem();
    }
    lines_ = state->sum.lines;
    digest_ = state->sum.digest;
    lsn_ = state->record_lsn;
  }
  TS_RETURN_IF_ERROR(core_->log->Sync(lsn_));
  TS_RETURN_IF_ERROR(FindPlaces());
  if (lines_ == 0) {
    uint64_t lines = 0;
    TS_RETURN_IF_ERROR(CheckSums(&lines));
  }
  to_skip_ = CanaryIs(Canary::kMoveBeginsAgain) ? 0 : lines_ / 2;
  TS_RETURN_IF_ERROR(MoveAll());
  *lines_moved = lines_ / 2;
  *lsn = lsn_;
  return core_->log->Sync(lsn_);
}

Status LineMover::FindPlaces() {
  TS_RETURN_IF_ERROR(core_->log->Sync(move_.up_to));
  TS_RETURN_IF_ERROR(tenant_->windows()->WaitApplied(move_.up_to));
  TS_RETURN_IF_ERROR(tenant_->store()->NewView(&view_));
  std::vector<Posting> postings;
  TS_RETURN_IF_ERROR(view_->GetPostings({tenant_->id, move_.from}, &postings));
  places_.clear();
  for (const Posting& posting : postings) {
    if (posting.lsn > move_.up_to) {
      break;
    }
    if (places_.empty() || places_.back().lsn != posting.lsn) {
      places_.push_back({posting.lsn, {}});
    }
    places_.back().indexes.push_back(posting.index);
  }
  return Status::Ok();
}

bool LineMover::Wanted(const ChunkHeader& header, const ChunkLine& line,
                       std::string_view description) {
  if ((!move_.any_vendor && line.vendor != move_.vendor) ||
      (!move_.batch.empty() && header.batch != move_.batch)) {
    return false;
  }
  if (move_.form.empty()) {
    return true;
  }
  NormaliseDescription(description, &form_);
  return form_ == move_.form;
}

template <typename Visit>
Status LineMover::ForEachLine(const Visit& visit) {
  StoredBlock block;
  Chunk chunk;
  std::vector<const ChunkLine*> accepted;
  for (const Place& place : places_) {
    TS_RETURN_IF_ERROR(view_->GetBlock(place.lsn, &block));
    TS_RETURN_IF_ERROR(DecodeChunk(block.payload, &chunk));
    accepted.clear();
    for (const ChunkLine& line : chunk.lines) {
      if (line.outcome == Outcome::kAccepted) {
        accepted.push_back(&line);
      }
    }
    for (const uint32_t index : place.indexes) {
      if (index >= accepted.size() || accepted[index]->item != move_.from) {
        return Status::Corruption("a posting of item " + std::to_string(move_.from) +
                                  " names a line of LSN " + std::to_string(place.lsn) +
                                  " that is another item's: run `tallystone verify`");
      }
      const ChunkLine& line = *accepted[index];
      const std::string_view description = line.description_kind == DescriptionKind::kOfItem
                                               ? std::string_view(from_.description)
                                               : line.description;
      if (Wanted(chunk.header, line, description)) {
        TS_RETURN_IF_ERROR(visit(line, description));
      }
    }
  }
  return Status::Ok();
}

// Every balance on the way must be one that lines could have made.
Status LineMover::CheckSums(uint64_t* lines) {
  *lines = 0;
  BalanceSum from, to;
  for (const auto& [item, sum] : {std::pair{move_.from, &from}, std::pair{move_.to, &to}}) {
    const Status read = tenant_->windows()->GetBalance({tenant_->id, item}, sum);
    if (!read.ok() && !read.IsNotFound()) {
      return read;
    }
  }
  return ForEachLine([&](const ChunkLine& line, std::string_view) {
    ++*lines;
    const Int128 product = Int128{line.quantity} * line.unit_cost;
    from.value -= product;
    to.value += product;
    return IsBeyond(from.value) || IsBeyond(to.value)
               ? Status::Rejected("moving the lines of item " + std::to_string(move_.from) +
                                  " to item " + std::to_string(move_.to) +
                                  " would overflow a balance; nothing was moved")
               : Status::Ok();
  });
}

// The texts of `line` live as long as its chunk; the pair waits longer.
void LineMover::AddPair(const ChunkLine& line, std::string_view description) {
  const auto keep = [this](std::string_view text) {
    return text.empty()
               ? text
               : std::string_view(*texts_.emplace_back(std::make_unique<std::string>(text)));
  };
  ChunkLine moved;
  moved.decided_by = DecidedBy::kMoved;
  moved.quantity = line.quantity;
  moved.unit_cost = line.unit_cost;
  moved.vendor = keep(line.vendor);
  moved.gtin = keep(line.gtin);
  moved.unit = keep(line.unit);
  moved.document = keep(line.document);
  moved.time = keep(line.time);
  moved.line_id = keep(line.line_id);
  moved.vendor_code = keep(line.vendor_code);
  moved.description = keep(description);
  for (const bool taken : {true, false}) {
    ChunkLine& half = pairs_.emplace_back(moved);
    half.number = lines_ + pairs_.size();
    half.item = taken ? move_.from : move_.to;
    half.quantity = taken ? -moved.quantity : moved.quantity;
    const std::string& own = taken ? from_.description : to_.description;
    half.description_kind = description.empty()  ? DescriptionKind::kNone
                            : description == own ? DescriptionKind::kOfItem
                                                 : DescriptionKind::kOwn;
  }
}

Status LineMover::MoveAll() {
  TS_RETURN_IF_ERROR(ForEachLine([&](const ChunkLine& line, std::string_view description) {
    if (to_skip_ > 0) {
      --to_skip_;
      return Status::Ok();
    }
    if (pairs_.size() + 2 > limits::kChunkLinesMax) {
      TS_RETURN_IF_ERROR(Flush(false));
    }
    AddPair(line, description);
    return Status::Ok();
  }));
  return Flush(true);
}

// Vendors' codes that were learned of these lines mean the other item now.
void LineMover::RepointVendorCodes(CatalogueChanges* changes) {
  const RecordTable& records = tenant_->catalogue.records();
  for (const ChunkLine& line : pairs_) {
    if (line.item != move_.to || line.vendor_code.empty() || move_.form.empty()) {
      continue;
    }
    const std::string key = VendorTextKey(line.vendor, line.vendor_code);
    if (records.FindItem(RecordKind::kVendorCode, key) == move_.from) {
      tenant_->catalogue.SetRecord({RecordKind::kVendorCode, key, ItemValue(move_.to)}, changes);
    }
  }
}

Status LineMover::Flush(bool last) {
  TS_RETURN_IF_ERROR(tenant_->windows()->WaitForRoom());
  const std::lock_guard lock(tenant_->mutex);
  CatalogueChanges changes;
  RepointVendorCodes(&changes);
  if (last) {
    entry_.status = entry_.after_move;
    std::string value;
    EncodeReviewEntry(entry_, &value);
    tenant_->catalogue.SetRecord({RecordKind::kReview, ItemKeyOf(reviewed_), value}, &changes);
  }
  std::string scratch;
  for (const ChunkLine& line : pairs_) {
    const std::string& description = line.item == move_.from ? from_.description : to_.description;
    tallystone::Add(DigestLine(line.number, ReconstructLine(line, {}, description), &scratch),
                    &digest_);
  }
  ChunkRequest request;
  request.tenant = tenant_;
  request.batch = move_.id;
  request.flags = last ? kChunkLast : 0;
  request.first_line = lines_ + 1;
  request.digest = digest_;
  TS_RETURN_IF_ERROR(maker_.AppendMade(request, pairs_, std::move(changes), &lsn_));
  BatchState* state = nullptr;
  TS_RETURN_IF_ERROR(tenant_->FindBatch(move_.id, &state));
  state->sum.Add(maker_.Appended(lsn_));
  state->record_lsn = lsn_;
  lines_ += pairs_.size();
  pairs_.clear();
  texts_.clear();
  return Status::Ok();
}

}  // namespace tallystone
