#include "ingest/batch_session.h"

#include <algorithm>

#include "base/canary.h"
#include "base/check.h"
#include "base/text.h"
#include "model/line_rebuild.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

// Lines that are booked are small. Those that fail are kept whole: a record must not outgrow what
// the log takes.
constexpr size_t kFailedBytesInChunkMax = limits::kRecordPayloadBytesMax / 4;

size_t KeptBytes(const CheckedLine& line) {
  size_t bytes = 0;
  for (const std::string_view field :
       {line.code, line.description, line.vendor, line.gtin, line.unit, line.document, line.time,
        line.line_id, line.quantity_text, line.unit_cost_text, line.raw, line.vendor_code}) {
    bytes += std::min(field.size(), limits::kFailedFieldBytesMax);
  }
  return bytes;
}

// How many of `lines` go into the next chunk.
size_t ChunkLength(std::span<const PreparedLine> lines) {
  const size_t lines_max = std::min(lines.size(), limits::kChunkLinesMax);
  size_t bytes = 0;
  for (size_t length = 0; length < lines_max; ++length) {
    if (lines[length].line.outcome != Outcome::kAccepted) [[unlikely]] {
      bytes += KeptBytes(lines[length].line);
      if (bytes > kFailedBytesInChunkMax) {
        return length;
      }
    }
  }
  return lines_max;
}

// Is every chunk of the batch among these? Of the LSNs between them that have none here, one may be
// that of a chunk that is in the store.
bool AllPending(const LogStretch& pending, const BatchSum& sum) {
  const auto held =
      std::count_if(pending.chunks.begin(), pending.chunks.end(), [&](const LoggedChunk& chunk) {
        return chunk.lsn >= sum.first_lsn && chunk.lsn <= sum.last_lsn;
      });
  return static_cast<Lsn>(held) == sum.last_lsn - sum.first_lsn + 1;
}

}  // namespace

Status CheckName(std::string_view name, size_t bytes_max, std::string_view what) {
  const std::string prefix(what);
  if (name.empty()) {
    return Status::InvalidArgument(prefix + " is empty");
  }
  if (name.size() > bytes_max) {
    return Status::InvalidArgument(prefix + " has " + std::to_string(name.size()) +
                                   " bytes; at most " + std::to_string(bytes_max) + " are allowed");
  }
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control || !IsValidUtf8(name)) {
    return Status::InvalidArgument(prefix + " must be valid UTF-8 without control characters");
  }
  return Status::Ok();
}

void PrepareLines(std::span<const RawLine> lines, uint64_t first_line,
                  std::vector<PreparedLine>* prepared) {
  std::string scratch;
  prepared->clear();
  prepared->reserve(lines.size());
  for (const RawLine& line : lines) {
    PreparedLine& made = prepared->emplace_back(line);
    made.digest = DigestLine(first_line++, made.line, &scratch);
  }
}

BatchSession::BatchSession(Core* core, const IngestOptions& options, Tenant* tenant,
                           std::string batch)
    : core_(core),
      options_(options),
      tenant_(tenant),
      batch_(std::move(batch)),
      start_(std::chrono::steady_clock::now()) {}

// Of what is known here the store need not be asked, which may be far away. Nobody is waited for to
// find that out.
void BatchSession::LookAhead() {
  {
    const std::unique_lock lock(tenant_->mutex, std::try_to_lock);
    if (lock.owns_lock() && tenant_->batches.contains(batch_)) {
      return;
    }
  }
  ahead_ = tenant_->ReadBatch(batch_);
}

Status BatchSession::Begin() {
  TS_RETURN_IF_ERROR(tenant_->FindBatch(batch_, &state_, ahead_.has_value() ? &*ahead_ : nullptr));
  if (state_->writing) {
    return Status::Busy("batch '" + batch_ + "' of tenant '" + tenant_->name +
                        "' is being written by another BatchWriter");
  }
  before_ = CanaryIs(Canary::kResendBookedAgain) ? BatchSum{} : state_->sum;
  finished_before_ = before_.finished;
  lsn_ = state_->record_lsn;
  return Status::Ok();
}

void BatchSession::Release() {
  if (state_ != nullptr && !state_->writing && state_->record_lsn == 0) {
    tenant_->batches.erase(batch_);
  }
  state_ = nullptr;
}

Status BatchSession::Add(Workspace* work, std::span<const PreparedLine> lines, bool last,
                         std::vector<LineResult>* results) {
  const uint64_t known = before_.lines > position_ ? before_.lines - position_ : 0;
  const auto stored = lines.first(std::min<size_t>(lines.size(), known));
  const auto fresh = lines.subspan(stored.size());
  if (finished_before_ && !fresh.empty()) {
    return Conflict(before_.lines + 1,
                    "the batch was finished with " + std::to_string(before_.lines) + " lines");
  }
  TS_RETURN_IF_ERROR(CompareStored(stored, results));
  LetGoOfView();
  if (last && position_ + fresh.size() < before_.lines) {
    return Conflict(position_ + 1, "it is missing now; " + std::to_string(before_.lines) +
                                       " lines are stored, and this batch ends after " +
                                       std::to_string(position_));
  }
  if (finished_before_) {
    return Status::Ok();
  }
  return AppendNew(work, fresh, last, results);
}

// Where nobody asks what became of the lines, and all that is stored comes in one piece, the digest
// is enough.
Status BatchSession::CompareStored(std::span<const PreparedLine> lines,
                                   std::vector<LineResult>* results) {
  if (lines.empty()) {
    return Status::Ok();
  }
  const bool whole = position_ == 0 && lines.size() == before_.lines;
  BatchSum in_store;  // knows of lines that the store rejected
  if (whole && results == nullptr && before_.not_booked() == 0 &&
      (!tenant_->store()->GetBatch({tenant_->id, batch_}, &in_store).ok() ||
       in_store.rejected == before_.rejected)) {
    ContentDigest digest;
    for (const PreparedLine& line : lines) {
      tallystone::Add(line.digest, &digest);
    }
    if (digest == before_.digest) {
      digest_ = digest;
      position_ += lines.size();
      booked_ += lines.size();
      return Status::Ok();
    }
  }
  TS_RETURN_IF_ERROR(OpenStored());
  for (const PreparedLine& line : lines) {
    TS_RETURN_IF_ERROR(CompareLine(line));
    const LineResult& result = stored_->result();
    if (result.outcome == Outcome::kAccepted) {
      ++booked_;
    } else {
      NoteFailed(result.line, result.outcome, line.line.code);
    }
    if (results != nullptr) {
      results->push_back(result);
    }
  }
  return Status::Ok();
}

// A view of a server holds a connection, and many batches may be open at once; the tenant may move
// to another server before the next lines. Their chunk is read again then.
void BatchSession::LetGoOfView() {
  const bool compared = position_ >= before_.lines;
  if (stored_ != nullptr && (compared || OnServer())) {
    if (stored_->lsn() != 0) {
      chunk_lsn_ = stored_->lsn();
      lines_before_chunk_ = stored_->lines_before();
    }
    stored_.reset();
    view_.reset();
  }
}

bool BatchSession::OnServer() const {
  return !tenant_->lane.load()->name.empty();
}

Status BatchSession::OpenStored() {
  if (stored_ != nullptr) {
    return Status::Ok();
  }
  // Only what is durable has been folded and can be read back.
  TS_RETURN_IF_ERROR(core_->log->Sync(state_->record_lsn));
  BatchRef ref{tenant_->id, batch_};
  BatchSum rest = before_;
  if (chunk_lsn_ != 0) {
    rest.first_lsn = chunk_lsn_;
  }
  if (OnServer() && state_->record_lsn == 0) {
    stored_ = std::make_unique<StoredLines>(std::move(ref), rest, tenant_->store());
  } else {
    LogStretch pending = tenant_->windows()->Pending();
    if (!OnServer() || !AllPending(pending, rest)) {
      TS_RETURN_IF_ERROR(tenant_->store()->NewView(&view_));
    }
    stored_ =
        std::make_unique<StoredLines>(std::move(ref), rest, std::move(pending.chunks), view_.get());
  }
  for (uint64_t line = lines_before_chunk_; line < position_; ++line) {
    TS_RETURN_IF_ERROR(stored_->Next());
  }
  return Status::Ok();
}

Status BatchSession::CompareLine(const PreparedLine& line) {
  Status status = stored_->Next();
  if (status.IsNotFound()) {
    return Status::Corruption("batch '" + batch_ + "' should have " +
                              std::to_string(before_.lines) + " lines, but only " +
                              std::to_string(position_) + " are stored");
  }
  TS_RETURN_IF_ERROR(status);
  const ChunkLine& stored = stored_->line();
  TS_CHECK(stored.number == position_ + 1);
  NewItem item;
  if (stored.item != 0 && !tenant_->catalogue.View(stored.item, &item)) {
    return Status::Corruption("line " + std::to_string(stored.number) + " of batch '" + batch_ +
                              "' names item " + std::to_string(stored.item) +
                              ", which the catalogue does not have");
  }
  std::string scratch;
  const ContentDigest digest =
      DigestLine(stored.number, ReconstructLine(stored, item.code, item.description), &scratch);
  if (digest != line.digest) {
    return Conflict(stored.number, "it is stored with other content");
  }
  tallystone::Add(line.digest, &digest_);
  ++position_;
  return Status::Ok();
}

Status BatchSession::Conflict(uint64_t line, std::string_view why) const {
  return Status::Conflict("batch '" + batch_ + "' of tenant '" + tenant_->name +
                          "' was sent before with other content: first difference at line " +
                          std::to_string(line) + ": " + std::string(why) +
                          ". Nothing was changed; use another batch id for new content");
}

Status BatchSession::AppendNew(Workspace* work, std::span<const PreparedLine> lines, bool last,
                               std::vector<LineResult>* results) {
  do {
    const auto chunk = lines.first(ChunkLength(lines));
    lines = lines.subspan(chunk.size());
    if (!chunk.empty() || last) {
      TS_RETURN_IF_ERROR(AppendChunk(work, chunk, last && lines.empty(), results));
    }
  } while (!lines.empty());
  return Status::Ok();
}

Status BatchSession::AppendChunk(Workspace* work, std::span<const PreparedLine> lines, bool last,
                                 std::vector<LineResult>* results) {
  TS_RETURN_IF_ERROR(tenant_->windows()->WaitForRoom());
  for (const PreparedLine& line : lines) {
    tallystone::Add(line.digest, &digest_);
  }
  ChunkRequest request;
  request.tenant = tenant_;
  request.batch = batch_;
  const bool first = state_->record_lsn == 0 && state_->sum.accepted_at_us == 0;
  request.flags = static_cast<uint8_t>((first ? kChunkFirst : 0) | (last ? kChunkLast : 0));
  request.first_line = position_ + 1;
  request.digest = digest_;
  request.policy = {options_.unknown_items, options_.mapping};
  work->results.clear();
  TS_RETURN_IF_ERROR(work->maker.Append(request, lines, &work->results, &lsn_));

  uint64_t booked = 0;
  for (size_t index = 0; index < work->results.size(); ++index) {
    const LineResult& result = work->results[index];
    if (result.outcome == Outcome::kAccepted) {
      ++booked;
    } else {
      NoteFailed(result.line, result.outcome, lines[index].line.code);
    }
  }
  if (results != nullptr) {
    results->insert(results->end(), work->results.begin(), work->results.end());
  }
  state_->sum.Add(work->maker.Appended(lsn_));
  state_->record_lsn = lsn_;
  booked_ += booked;
  position_ += lines.size();
  return Status::Ok();
}

void BatchSession::NoteFailed(uint64_t line, Outcome outcome, std::string_view code) {
  if (failed_items_.size() < limits::kFailedItemsInResultMax) {
    failed_items_.push_back({line, std::string(code), outcome});
  }
}

Status BatchSession::TryAll(Workspace* work, std::span<const PreparedLine> lines,
                            std::vector<LineResult>* results) {
  ChunkRequest request;
  request.tenant = tenant_;
  request.batch = batch_;
  request.policy = {options_.unknown_items, options_.mapping};
  TS_RETURN_IF_ERROR(work->maker.Try(request, lines, results));
  for (size_t index = 0; index < results->size(); ++index) {
    const LineResult& result = (*results)[index];
    if (result.outcome != Outcome::kAccepted) {
      NoteFailed(result.line, result.outcome, lines[index].line.code);
    }
  }
  if (failed_items_.empty()) {
    results->clear();
    return Status::Ok();
  }
  position_ = lines.size();
  const FailedItem& first = failed_items_.front();
  return Status::Rejected("batch '" + batch_ + "' was refused whole: line " +
                          std::to_string(first.line) + ": " +
                          std::string(OutcomeText(first.error)));
}

Status BatchSession::ReadStored(BatchSum* sum) const {
  const std::shared_lock routes(core_->routes);
  return tenant_->store()->GetBatch({tenant_->id, batch_}, sum);
}

Status BatchSession::Result(BatchResult* result, std::vector<LineResult>* results) {
  Status status;
  if (options_.level == Durability::kApplied) {
    status = tenant_->windows()->WaitApplied(lsn_);
    BatchSum sum;
    if (status.ok() && ReadStored(&sum).ok() && sum.rejected > before_.rejected) {
      before_ = sum;
      status = RereadResults(results);
    }
  }
  ResultNow(result);
  return status;
}

void BatchSession::ResultNow(BatchResult* result) const {
  result->items_processed = booked_;
  result->items_failed = position_ - booked_;
  result->status = booked_ == position_ ? BatchStatus::kSuccess
                   : booked_ == 0       ? BatchStatus::kFailed
                                        : BatchStatus::kPartialSuccess;
  result->failed_items = failed_items_;
  result->processing_time_us =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                std::chrono::steady_clock::now() - start_)
                                .count());
  result->tenant = tenant_->name;
  result->batch = batch_;
  result->lsn = lsn_ != 0 ? lsn_ : before_.last_lsn;
  result->level = options_.level;
  result->resent = finished_before_;
  result->continued = continued();
}

void BatchSession::Count(const Status& status) const {
  IngestMetrics& metrics = core_->metrics.ingest;
  if (status.ok()) {
    (resent()      ? metrics.batches_resent
     : continued() ? metrics.batches_continued
                   : metrics.batches_new)
        .Add(1);
  } else if (status.Is(StatusCode::kConflict) || status.Is(StatusCode::kRejected) ||
             status.Is(StatusCode::kInvalidArgument)) {
    metrics.batches_refused.Add(1);
  }
}

Status BatchSession::RereadResults(std::vector<LineResult>* results) {
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(NewViewOf(core_, *tenant_, &view));
  StoredLines stored({tenant_->id, batch_}, before_, {}, view.get());
  booked_ = 0;
  failed_items_.clear();
  if (results != nullptr) {
    results->clear();
  }
  Status status;
  while ((status = stored.Next()).ok()) {
    const LineResult& line = stored.result();
    if (line.outcome == Outcome::kAccepted) {
      ++booked_;
    } else {
      std::lock_guard lock(tenant_->mutex);
      NewItem item;
      const bool known = line.item != 0 && tenant_->catalogue.View(line.item, &item);
      NoteFailed(line.line, line.outcome, known ? item.code : stored.line().code);
    }
    if (results != nullptr) {
      results->push_back(line);
    }
  }
  return status.IsNotFound() ? Status::Ok() : status;
}

}  // namespace tallystone
