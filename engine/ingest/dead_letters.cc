#include "ingest/dead_letters.h"

#include "base/check.h"
#include "ingest/batch_session.h"
#include "ingest/chunk_maker.h"
#include "ingest/moved_half.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

Status NotThere(const DeadLetterKey& key) {
  return Status::NotFound("there is no dead letter for line " + std::to_string(key.line) +
                          " of batch '" + key.batch + "' of tenant '" + key.tenant +
                          "'; it may have been booked or dropped already");
}

// Requires the tenant's mutex. Sees everything that was appended before.
Status FindLetter(Core* core, Tenant* tenant, const LineRef& ref, const DeadLetterKey& key,
                  StoredDeadLetter* letter) {
  TS_RETURN_IF_ERROR(core->log->Sync(core->log->last()));
  switch (tenant->windows()->FindLetter(ref, letter)) {
    case Window::LetterState::kPresent:
      return Status::Ok();
    case Window::LetterState::kResolved:
      return NotThere(key);
    case Window::LetterState::kUnknown:
      break;
  }
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(tenant->store()->NewView(&view));
  Status status = view->GetDeadLetter(ref, letter);
  return status.IsNotFound() ? NotThere(key) : status;
}

// Waits until the chunk `lsn`, which booked the line, is in the store, and says so if the store
// rejected it.
Status WaitForStore(Core* core, const Tenant* tenant, const LineRef& ref, Lsn lsn,
                    LineResult* result) {
  TS_RETURN_IF_ERROR(tenant->windows()->WaitApplied(lsn));
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(NewViewOf(core, *tenant, &view));
  StoredDeadLetter letter;
  Status status = view->GetDeadLetter(ref, &letter);
  if (status.ok() && letter.lsn == lsn) {
    result->outcome = letter.cause;
  }
  return status.IsNotFound() ? Status::Ok() : status;
}

// Notes in the batch's state that a chunk was appended for it.
Status NoteAppended(Tenant* tenant, const std::string& batch, const BatchSum& sum, Lsn lsn) {
  BatchState* state = nullptr;
  TS_RETURN_IF_ERROR(tenant->FindBatch(batch, &state));
  state->sum.Add(sum);
  state->record_lsn = lsn;
  return Status::Ok();
}

}  // namespace

RawLine LineOf(const StoredDeadLetter& letter) {
  RawLine line;
  if (!letter.raw.empty()) {
    line.unreadable = letter.cause;
    line.raw = letter.raw;
    return line;
  }
  line.code = letter.code;
  line.description = letter.description;
  line.vendor = letter.vendor;
  line.gtin = letter.gtin;
  line.unit = letter.unit;
  line.document = letter.document;
  line.time = letter.time;
  line.line_id = letter.line_id;
  line.vendor_code = letter.vendor_code;
  line.quantity_text = letter.quantity;
  line.unit_cost_text = letter.unit_cost;
  return line;
}

Status RetryDeadLetter(Core* core, const IngestOptions& options, const DeadLetterKey& key,
                       const TextLine* corrected, LineResult* result) {
  Tenant* tenant = core->tenants.Find(key.tenant);
  if (tenant == nullptr) {
    return NotThere(key);
  }
  const LineRef ref{tenant->id, key.batch, key.line};
  BatchLines lines;
  ChunkMaker maker(core);
  Lsn lsn = 0;
  {
    std::lock_guard lock(tenant->mutex);
    StoredDeadLetter letter;
    TS_RETURN_IF_ERROR(FindLetter(core, tenant, ref, key, &letter));
    TS_RETURN_IF_ERROR(tenant->windows()->WaitForRoom());
    RawLine again = LineOf(letter);
    if (corrected != nullptr) {
      lines.AddText(*corrected);
      again = lines.lines().front();
    }
    MovedHalf half;
    if (IsMove(key.batch)) {
      std::unique_ptr<StoreView> view;
      TS_RETURN_IF_ERROR(tenant->store()->NewView(&view));
      TS_RETURN_IF_ERROR(FindMovedHalf(view.get(), ref, letter, &half));
    }
    if (half.line != nullptr && corrected != nullptr) {
      return HalfIsNotCorrected(ref);
    }
    ChunkRequest request;
    request.tenant = tenant;
    request.batch = key.batch;
    request.flags = kChunkRetry;
    request.first_line = key.line;
    request.attempts = letter.attempts + 1;
    request.policy = {options.unknown_items, options.mapping};
    // Loads the batch's state before its counts change.
    BatchState* state = nullptr;
    TS_RETURN_IF_ERROR(tenant->FindBatch(key.batch, &state));
    if (half.line != nullptr) {
      TS_RETURN_IF_ERROR(maker.AppendMade(request, {half.line, 1}, {}, &lsn));
      *result = {key.line, Outcome::kAccepted, DecidedBy::kMoved, half.line->item, nullptr};
    } else {
      std::vector<PreparedLine> prepared;
      std::vector<LineResult> results;
      PrepareLines({&again, 1}, key.line, &prepared);
      TS_RETURN_IF_ERROR(maker.Append(request, prepared, &results, &lsn));
      *result = results.front();
    }
    TS_RETURN_IF_ERROR(NoteAppended(tenant, key.batch, maker.Appended(lsn), lsn));
  }
  TS_RETURN_IF_ERROR(core->log->Sync(lsn));
  return options.level == Durability::kApplied ? WaitForStore(core, tenant, ref, lsn, result)
                                               : Status::Ok();
}

Status DropDeadLetter(Core* core, const DeadLetterKey& key) {
  Tenant* tenant = core->tenants.Find(key.tenant);
  if (tenant == nullptr) {
    return NotThere(key);
  }
  ChunkMaker maker(core);
  Lsn lsn = 0;
  {
    std::lock_guard lock(tenant->mutex);
    StoredDeadLetter letter;
    TS_RETURN_IF_ERROR(FindLetter(core, tenant, {tenant->id, key.batch, key.line}, key, &letter));
    TS_RETURN_IF_ERROR(tenant->windows()->WaitForRoom());
    BatchState* state = nullptr;
    TS_RETURN_IF_ERROR(tenant->FindBatch(key.batch, &state));
    TS_RETURN_IF_ERROR(maker.AppendDrop(tenant, key.batch, key.line, &lsn));
    TS_RETURN_IF_ERROR(NoteAppended(tenant, key.batch, maker.Appended(lsn), lsn));
  }
  return core->log->Sync(lsn);
}

}  // namespace tallystone
