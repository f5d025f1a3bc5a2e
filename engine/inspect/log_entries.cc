#include "inspect/log_entries.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "model/line_rebuild.h"

namespace tallystone {
namespace {

std::string LsnText(uint64_t first, uint64_t last) {
  const std::string from = first == 0 ? "up to" : std::to_string(first);
  if (first == last && first != 0) {
    return "LSN " + from;
  }
  return "LSN " + from + (first == 0 ? " " : " to ") +
         (last == 0 ? "the end" : std::to_string(last));
}

std::string Place(const LogNeighbour& neighbour) {
  return "line " + std::to_string(neighbour.line) + " of batch '" + neighbour.batch +
         "' of tenant '" + neighbour.tenant + "'";
}

std::string NumberText(int64_t units) {
  return Decimal::FromUnits(units).ToString();
}

}  // namespace

LogEntries::LogEntries(FileSystem* files, const std::string& log, StoreSide* side, bool content)
    : side_(side), content_(content), walk_(files, log, side->marker.database_id) {}

Status LogEntries::Next(LogEntry* entry, bool* end) {
  while (!ended_ && (waiting_.empty() || open_damage_)) {
    batchlog::LogStep step;
    TS_RETURN_IF_ERROR(walk_.Next(&step));
    TS_RETURN_IF_ERROR(Take(step));
  }
  *end = waiting_.empty();
  if (!*end) {
    *entry = std::move(waiting_.front());
    waiting_.pop_front();
  }
  return Status::Ok();
}

Status LogEntries::Take(const batchlog::LogStep& step) {
  using batchlog::LogStepKind;
  switch (step.kind) {
    case LogStepKind::kSegment:
      break;
    case LogStepKind::kRecord:
      TakeRecord(step);
      break;
    case LogStepKind::kDamage:
      TakeDamage(step);
      break;
    case LogStepKind::kTornTail:
    case LogStepKind::kReleased: {
      LogEntry entry;
      entry.kind =
          step.kind == LogStepKind::kTornTail ? LogEntryKind::kTornTail : LogEntryKind::kReleased;
      entry.segment = step.sequence;
      entry.file = walk_.PathOf(step.sequence);
      entry.offset = step.offset;
      entry.end_offset = step.end_offset;
      entry.damage.what = step.what;
      Push(std::move(entry));
      break;
    }
    case LogStepKind::kEnd:
      ended_ = true;
      for (LogEntry& entry : waiting_) {
        Explain(&entry);
      }
      break;
  }
  return Status::Ok();
}

void LogEntries::Push(LogEntry entry) {
  waiting_.push_back(std::move(entry));
}

void LogEntries::TakeDamage(const batchlog::LogStep& step) {
  LogEntry entry;
  entry.kind = LogEntryKind::kDamage;
  entry.segment = step.sequence;
  entry.file = walk_.PathOf(step.sequence);
  entry.offset = step.offset;
  entry.end_offset = step.end_offset;
  entry.damage.what = step.what;
  entry.damage.first_lsn = step.first_lost;
  entry.damage.last_lsn = step.last_lost;
  entry.damage.nothing_lost = step.nothing_lost;
  entry.damage.in_store =
      side_->has_marker && step.last_lost != 0 && step.last_lost <= side_->marker.applied;
  entry.damage.before = before_;
  Push(std::move(entry));
  open_damage_ = true;
}

void LogEntries::TakeRecord(const batchlog::LogStep& step) {
  if (const Status decoded = DecodeChunk(step.payload, &chunk_); !decoded.ok()) {
    batchlog::LogStep damage = step;
    damage.first_lost = damage.last_lost = step.lsn;
    damage.what = walk_.PathOf(step.sequence) + " at byte " + std::to_string(step.offset) +
                  ": record " + std::to_string(step.lsn) +
                  " is as it was written, but is not a chunk: " + decoded.message();
    TakeDamage(damage);
    return;
  }
  Learn();
  LogEntry entry;
  entry.segment = step.sequence;
  entry.file = walk_.PathOf(step.sequence);
  entry.offset = step.offset;
  entry.end_offset = step.end_offset;
  FillRecord(step, &entry.record);
  LogNeighbour here{entry.record.lsn, entry.record.tenant, entry.record.batch,
                    entry.record.first_line};
  for (LogEntry& waiting : waiting_) {
    if (waiting.kind == LogEntryKind::kDamage && waiting.damage.behind.lsn == 0) {
      waiting.damage.behind = here;
      Explain(&waiting);
    }
  }
  open_damage_ = false;
  before_ = std::move(here);
  before_.line += entry.record.lines - std::min<uint64_t>(1, entry.record.lines);
  Push(std::move(entry));
}

void LogEntries::Explain(LogEntry* entry) const {
  if (entry->kind != LogEntryKind::kDamage || !entry->damage.meaning.empty()) {
    return;
  }
  LogDamage& damage = entry->damage;
  const bool unknown = damage.first_lsn == 0 && damage.last_lsn == 0;
  if (damage.nothing_lost) {
    damage.meaning =
        "no record stood there: no line is lost, but the engine does not open such a log";
    return;
  }
  if (side_->kept) {
    damage.meaning = LsnText(damage.first_lsn, damage.last_lsn) + " of this log cannot be read";
  } else if (!side_->has_marker) {
    damage.meaning = "whether the store has what stood there cannot be said: it cannot be read";
  } else if (damage.in_store) {
    damage.meaning = "the store has " + LsnText(damage.first_lsn, damage.last_lsn) +
                     ": no line is lost, but the engine does not open such a log";
  } else if (unknown) {
    damage.meaning = "it is not known which records stood there";
  } else {
    const uint64_t first =
        damage.first_lsn == 0 ? 0 : std::max(damage.first_lsn, side_->marker.applied + 1);
    damage.meaning =
        LsnText(first, damage.last_lsn) +
        (damage.last_lsn == 0 ? ": if there were such records, their lines are lost"
                              : ": acknowledged and not in the store; unless a program that "
                                "has the database open brings them there, their "
                                "lines are lost") +
        " until their batches are sent again";
  }
  if (!damage.in_store && damage.before.lsn != 0) {
    damage.meaning += "; before it: " + Place(damage.before);
  }
  if (!damage.in_store && damage.behind.lsn != 0) {
    damage.meaning += "; behind it: " + Place(damage.behind);
  }
}

std::string LogEntries::TenantName(TenantId tenant) const {
  if (const auto found = tenants_.find(tenant); found != tenants_.end()) {
    return found->second;
  }
  const std::string stored = side_->names == nullptr ? "" : side_->names->TenantName(tenant);
  return stored.empty() ? "#" + std::to_string(tenant) : stored;
}

void LogEntries::Learn() {
  const ChunkHeader& header = chunk_.header;
  if ((header.flags & kChunkNewTenant) != 0) {
    tenants_[header.tenant] = header.tenant_name;
  }
  if (!content_) {
    return;
  }
  for (const NewItem& item : chunk_.catalogue.items) {
    items_[{header.tenant, item.item}] = {std::string(item.code), std::string(item.description)};
  }
  for (const ItemDescription& now : chunk_.catalogue.descriptions) {
    const StockKey key{header.tenant, now.item};
    NameOf(key);
    items_[key].description = now.description;
  }
}

const LogEntries::ItemName& LogEntries::NameOf(StockKey key) {
  const auto [found, is_new] = items_.try_emplace(key);
  StoredItem item;
  if (is_new && side_->names != nullptr && side_->names->GetItem(key, &item).ok()) {
    found->second = {std::move(item.code), std::move(item.description)};
  }
  return found->second;
}

void LogEntries::FillRecord(const batchlog::LogStep& step, LogRecord* record) {
  const ChunkHeader& header = chunk_.header;
  const auto has = [&](ChunkFlags flag) { return (header.flags & flag) != 0; };
  record->lsn = step.lsn;
  record->accepted_at_us = header.accepted_at_us;
  record->tenant = TenantName(header.tenant);
  record->batch = header.batch;
  record->first = has(kChunkFirst);
  record->last = has(kChunkLast);
  record->retry = has(kChunkRetry);
  record->drop = has(kChunkDrop);
  record->new_tenant = has(kChunkNewTenant);
  record->first_line = header.first_line;
  record->lines = header.lines;
  record->accepted = header.accepted;
  record->failed = header.lines - header.accepted;
  record->new_items = chunk_.catalogue.items.size();
  record->aliases = chunk_.catalogue.aliases.size();
  record->records = chunk_.catalogue.records.size();
  record->payload_bytes = step.payload.size();
  if (content_) {
    FillLines(record);
  }
}

void LogEntries::FillLines(LogRecord* record) {
  static const ItemName kNone;
  record->content.reserve(chunk_.lines.size());
  for (const ChunkLine& line : chunk_.lines) {
    const bool accepted = line.outcome == Outcome::kAccepted;
    const ItemName& name = line.item == 0 ? kNone : NameOf({chunk_.header.tenant, line.item});
    const CheckedLine whole = ReconstructLine(line, name.code, name.description);
    LogLine shown;
    shown.line = line.number;
    shown.outcome = line.outcome;
    shown.decided_by = line.decided_by;
    shown.item = line.item;
    shown.quantity = accepted ? NumberText(line.quantity) : std::string(line.quantity_text);
    shown.unit_cost = accepted ? NumberText(line.unit_cost) : std::string(line.unit_cost_text);
    shown.code = whole.code;
    shown.description = whole.description;
    shown.vendor = whole.vendor;
    shown.vendor_code = whole.vendor_code;
    shown.gtin = whole.gtin;
    shown.unit = whole.unit;
    shown.document = whole.document;
    shown.time = whole.time;
    shown.line_id = whole.line_id;
    shown.raw = line.raw;
    shown.detail = line.detail;
    shown.attempts = line.attempts;
    shown.score = line.score;
    shown.runner_up = line.runner_up;
    shown.runner_up_score = line.runner_up_score;
    record->content.push_back(std::move(shown));
  }
}

}  // namespace tallystone
