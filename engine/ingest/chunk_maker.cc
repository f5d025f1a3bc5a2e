#include "ingest/chunk_maker.h"

#include <algorithm>

#include "base/canary.h"
#include "base/check.h"
#include "base/clock.h"
#include "catalog/match_index.h"
#include "tallystone/limits.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

constexpr Int128 kCheckedProduct = Int128{1} << limits::kCheckedProductBits;
constexpr Int128 kBalanceMax = Int128{1} << limits::kBalanceBits;

Int128 Magnitude(Int128 value) {
  return value < 0 ? -value : value;
}

void Fill(const CheckedLine& checked, uint64_t number, ChunkLine* line) {
  line->number = number;
  line->outcome = checked.outcome;
  line->quantity = checked.quantity;
  line->unit_cost = checked.unit_cost;
  line->code = checked.code;
  line->description = checked.description;
  line->vendor = checked.vendor;
  line->gtin = checked.gtin;
  line->unit = checked.unit;
  line->document = checked.document;
  line->time = checked.time;
  line->line_id = checked.line_id;
  line->vendor_code = checked.vendor_code;
  line->raw = checked.raw;
}

}  // namespace

Status ChunkMaker::Append(const ChunkRequest& request, std::span<const PreparedLine> lines,
                          std::vector<LineResult>* results, Lsn* lsn) {
  TS_CHECK(lines.size() <= limits::kChunkLinesMax);
  Status status = MapLines(request, lines);
  if (status.ok()) {
    status = Write(request.tenant, lsn);
  }
  if (!status.ok()) {
    // An item that only the catalogue knows would leave a gap in the log. Should the log have the
    // chunk after all, it takes nothing more until the engine is reopened, which reads the
    // catalogue anew.
    request.tenant->catalogue.Undo(chunk_.catalogue);
    return status;
  }
  core_->tenants.AddItems(chunk_.catalogue.items.size());
  Count();
  if (results != nullptr) {
    AppendResults(results);
  }
  return Status::Ok();
}

void ChunkMaker::AppendResults(std::vector<LineResult>* results) const {
  for (size_t index = 0; index < chunk_.lines.size(); ++index) {
    const ChunkLine& line = chunk_.lines[index];
    results->push_back({line.number, line.outcome, line.decided_by, line.item,
                        index < matches_.size() ? matches_[index] : nullptr});
  }
}

BatchSum ChunkMaker::Appended(Lsn lsn) const {
  ChunkHeader header = chunk_.header;
  header.lines = static_cast<uint32_t>(chunk_.lines.size());
  header.accepted = accepted_;
  return BatchSumOf(header, lsn);
}

Status ChunkMaker::Try(const ChunkRequest& request, std::span<const PreparedLine> lines,
                       std::vector<LineResult>* results) {
  Status status = MapLines(request, lines);
  AppendResults(results);
  request.tenant->catalogue.Undo(chunk_.catalogue);
  return status;
}

void ChunkMaker::Begin(const ChunkRequest& request) {
  chunk_.header = {};
  chunk_.header.flags = request.flags;
  chunk_.header.batch = request.batch;
  chunk_.header.first_line = request.first_line;
  chunk_.header.digest = request.digest;
  chunk_.catalogue.clear();
  chunk_.mapping_version = 0;
  chunk_.lines.clear();
  matches_.clear();
  pending_.clear();
  texts_.clear();
  accepted_ = 0;
  outcomes_.fill(0);
  rules_.fill(0);
}

Status ChunkMaker::AppendMade(const ChunkRequest& request, std::span<const ChunkLine> lines,
                              CatalogueChanges changes, Lsn* lsn) {
  Begin(request);
  chunk_.catalogue = std::move(changes);
  chunk_.lines.assign(lines.begin(), lines.end());
  accepted_ = static_cast<uint32_t>(lines.size());
  Status status = Write(request.tenant, lsn);
  if (!status.ok()) {
    request.tenant->catalogue.Undo(chunk_.catalogue);
    return status;
  }
  core_->tenants.AddItems(chunk_.catalogue.items.size());
  outcomes_[static_cast<size_t>(Outcome::kAccepted)] = accepted_;
  for (const ChunkLine& line : lines) {
    ++rules_[static_cast<size_t>(line.decided_by)];
  }
  Count();
  return Status::Ok();
}

Status ChunkMaker::MapLines(const ChunkRequest& request, std::span<const PreparedLine> lines) {
  Begin(request);
  chunk_.lines.reserve(lines.size());
  uint64_t number = request.first_line;
  for (size_t index = 0; index < lines.size(); ++index) {
    const size_t place = index % with_code_.size();
    if (place == 0) {
      FindItems(request.tenant->catalogue,
                lines.subspan(index, std::min(lines.size() - index, with_code_.size())));
    }
    const CheckedLine& checked = lines[index].line;
    ChunkLine& line = chunk_.lines.emplace_back();
    Fill(checked, number++, &line);
    if (line.outcome == Outcome::kAccepted) {
      TS_RETURN_IF_ERROR(MapLine(request, checked, with_code_[place], &line));
    }
    ++outcomes_[static_cast<size_t>(line.outcome)];
    if (line.outcome == Outcome::kAccepted) {
      ++accepted_;
      ++rules_[static_cast<size_t>(line.decided_by)];
    } else {
      KeepWhole(checked, request.attempts, &line);
    }
  }
  return Status::Ok();
}

void ChunkMaker::FindItems(const TenantCatalogue& catalogue, std::span<const PreparedLine> lines) {
  std::array<std::string_view, limits::kChunkLinesMax> codes;
  for (size_t index = 0; index < lines.size(); ++index) {
    codes[index] = lines[index].line.code;
  }
  catalogue.FindByCodes({codes.data(), lines.size()}, {with_code_.data(), lines.size()});
}

void ChunkMaker::KeepWhole(const CheckedLine& checked, uint32_t attempts, ChunkLine* line) {
  const auto text = [this](std::string_view received, bool read, int64_t units) {
    return received.empty() && read
               ? std::string_view(texts_.emplace_back(Decimal::FromUnits(units).ToString()))
               : received;
  };
  line->attempts = attempts;
  line->quantity_text = text(checked.quantity_text, checked.quantity_read, checked.quantity);
  line->unit_cost_text = text(checked.unit_cost_text, checked.unit_cost_read, checked.unit_cost);
}

Status ChunkMaker::MapLine(const ChunkRequest& request, const CheckedLine& checked,
                           ItemId with_code, ChunkLine* line) {
  const uint64_t items = core_->tenants.room();
  const uint64_t taken = chunk_.catalogue.items.size();
  Decision decision = request.tenant->catalogue.Map(
      checked, request.policy, items > taken ? items - taken : 0, &chunk_.catalogue, with_code);
  line->outcome = decision.outcome;
  line->decided_by = decision.decided_by;
  line->item = decision.item;
  line->description_kind = decision.description_kind;
  if (line->decided_by == DecidedBy::kSorted) {
    chunk_.mapping_version = MatchVersion();
  }
  if (decision.match != nullptr) {
    RecordMatch(*decision.match, line);
    matches_.resize(chunk_.lines.size());
    matches_.back() = std::move(decision.match);
  }
  if (line->outcome != Outcome::kAccepted) {
    line->item = 0;
    return Status::Ok();
  }
  return CheckBalance(*request.tenant, line);
}

void ChunkMaker::RecordMatch(const Match& match, ChunkLine* line) {
  chunk_.mapping_version = match.version;
  line->score = match.score;
  for (const Candidate& candidate : match.candidates) {
    if (candidate.item != line->item) {
      line->runner_up = candidate.item;
      line->runner_up_score = candidate.score;
      break;
    }
  }
}

Status ChunkMaker::CheckBalance(const Tenant& tenant, ChunkLine* line) {
  const Int128 product = Int128{line->quantity} * line->unit_cost;
  if (Magnitude(product) <= kCheckedProduct) [[likely]] {
    return Status::Ok();
  }
  auto [found, fresh] = pending_.try_emplace(line->item, 0);
  if (fresh) {
    // Everything of this tenant that was appended must be folded, for the balance to be exact.
    TS_RETURN_IF_ERROR(core_->log->Sync(core_->log->last()));
    BalanceSum balance;
    Status status = tenant.windows()->GetBalance({tenant.id, line->item}, &balance);
    if (!status.ok() && !status.IsNotFound()) {
      return status;
    }
    found->second = balance.value;
  }
  if (Magnitude(found->second + product) > kBalanceMax && !CanaryIs(Canary::kOverflowWraps)) {
    line->outcome = Outcome::kBalanceOverflow;
    line->item = 0;
    line->decided_by = DecidedBy::kNone;
    return Status::Ok();
  }
  found->second += product;
  return Status::Ok();
}

Status ChunkMaker::Write(Tenant* tenant, Lsn* lsn) {
  chunk_.header.tenant = tenant->id;
  chunk_.header.accepted_at_us = NowMicros();
  if (tenant->adrift != nullptr) [[unlikely]] {
    return Status::Unavailable("whether tenant '" + tenant->name + "' moved to " +
                               tenant->adrift->name +
                               " is not known; the next open of the database finds out");
  }
  if (!tenant->logged) {
    chunk_.header.flags |= kChunkNewTenant;
    chunk_.header.tenant_name = tenant->name;
  }
  auto payload = std::make_shared<std::string>();
  EncodeChunk(chunk_, payload.get());
  TS_RETURN_IF_ERROR(core_->log->Append(std::move(payload), lsn));
  tenant->logged = true;
  return Status::Ok();
}

// Five additions for most chunks: an outcome, the chunk, and a rule or three.
void ChunkMaker::Count() const {
  IngestMetrics& metrics = core_->metrics.ingest;
  const auto add = [](const auto& counts, Counter* counters) {
    for (size_t index = 0; index < counts.size(); ++index) {
      if (counts[index] > 0) {
        counters[index].Add(counts[index]);
      }
    }
  };
  add(outcomes_, metrics.lines);
  add(rules_, metrics.decided_by);
  metrics.chunks.Add(1);
  const uint64_t failed = chunk_.lines.size() - accepted_;
  if ((chunk_.header.flags & kChunkRetry) != 0) {
    metrics.dead_letters_retried.Add(accepted_);
    metrics.dead_letters_failed_again.Add(failed);
  } else if (failed > 0) {
    metrics.dead_letters_booked.Add(failed);
  }
}

Status ChunkMaker::AppendDrop(Tenant* tenant, std::string_view batch, uint64_t line, Lsn* lsn) {
  chunk_ = {};
  accepted_ = 0;
  chunk_.header.flags = kChunkDrop;
  chunk_.header.batch = batch;
  chunk_.header.first_line = line;
  ChunkLine& dropped = chunk_.lines.emplace_back();
  dropped.number = line;
  dropped.outcome = Outcome::kStoreRejected;  // not accepted: carries no numbers
  TS_RETURN_IF_ERROR(Write(tenant, lsn));
  core_->metrics.ingest.chunks.Add(1);
  core_->metrics.ingest.dead_letters_dropped.Add(1);
  return Status::Ok();
}

}  // namespace tallystone
