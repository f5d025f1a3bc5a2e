#include "inspect/log_state.h"

#include <algorithm>
#include <utility>

namespace tallystone {
namespace {

constexpr size_t kDamageShownMax = 100;

std::string Range(Lsn first, Lsn last) {
  return first == last ? "LSN " + std::to_string(first)
                       : "LSN " + std::to_string(first) + " to " + std::to_string(last);
}

std::string Counted(uint64_t number, const char* one, const char* several) {
  return std::to_string(number) + " " + (number == 1 ? one : several);
}

}  // namespace

std::string_view LogStateName(LogState state) {
  switch (state) {
    case LogState::kSound:
      return "sound";
    case LogState::kNotNeeded:
      return "not_needed";
    case LogState::kLost:
      return "lost";
    case LogState::kAbsent:
      return "absent";
    case LogState::kUnknown:
      return "unknown";
  }
  return "";
}

void LogJudge::TakeRecord(const LogRecord& record) {
  ++report_->records;
  report_->lines += record.lines;
  if (!has_marker_ || record.lsn <= applied_) {
    return;
  }
  if (record.lsn == next_) {
    ++next_;
    report_->usable_first_lsn = applied_ + 1;
    report_->usable_last_lsn = record.lsn;
    report_->usable_lines += record.lines;
    return;
  }
  Strand(record);
}

void LogJudge::Strand(const LogRecord& record) {
  ++report_->stranded_records;
  report_->stranded_last_lsn = record.lsn;
  report_->stranded_lines += record.lines;
  const auto [place, is_new] = places_.try_emplace(
      {record.tenant, record.batch, record.retry, record.drop}, report_->stranded.size());
  if (is_new) {
    report_->stranded.push_back({.tenant = record.tenant,
                                 .batch = record.batch,
                                 .retry = record.retry,
                                 .drop = record.drop,
                                 .first_lsn = record.lsn,
                                 .first_line = record.first_line});
  }
  StrandedBatch& batch = report_->stranded[place->second];
  batch.last_lsn = record.lsn;
  ++batch.records;
  batch.lines += record.lines;
  batch.last_line =
      std::max(batch.last_line, record.first_line + std::max<uint64_t>(record.lines, 1) - 1);
}

void LogJudge::TakeDamage(LogEntry entry) {
  ++report_->damage_count;
  const LogDamage& damage = entry.damage;
  if (!damage.in_store && !damage.nothing_lost) {
    all_in_store_ = false;
    surely_lost_ = surely_lost_ || damage.last_lsn != 0;
  }
  if (report_->damage.size() < kDamageShownMax) {
    report_->damage.push_back(std::move(entry));
  }
}

LogState LogJudge::State() const {
  if (report_->damage_count == 0) {
    return LogState::kSound;
  }
  if (!has_marker_) {
    return LogState::kUnknown;
  }
  if (!all_in_store_ || report_->stranded_records > 0) {
    return LogState::kLost;
  }
  return ends_early_ ? LogState::kAbsent : LogState::kNotNeeded;
}

std::string LogJudge::UsableText() const {
  const LogReport& report = *report_;
  return report.usable_last_lsn == 0
             ? ""
             : "; a repair keeps " + Range(report.usable_first_lsn, report.usable_last_lsn) +
                   " with " + Counted(report.usable_lines, "line", "lines") +
                   ", which the store does not have yet";
}

std::string LogJudge::StrandedText() const {
  const LogReport& report = *report_;
  if (report.stranded_records == 0) {
    return "; send the latest batches again";
  }
  return "; " + Counted(report.stranded_records, "record", "records") + " with " +
         Counted(report.stranded_lines, "line", "lines") + " of " +
         Counted(report.stranded.size(), "batch", "batches") +
         " behind that can be read but not booked: send these again, and the latest ones";
}

std::string LogJudge::Meaning() const {
  const LogReport& report = *report_;
  switch (report.state) {
    case LogState::kSound:
      return "";
    case LogState::kNotNeeded:
      return "no line is lost: the store has everything that cannot be read" + UsableText();
    case LogState::kAbsent:
      return (last_ == 0 ? "there is no log beside the store, which has everything up to LSN "
                         : "the log ends with LSN " + std::to_string(last_) +
                               ", before the store, which has everything up to LSN ") +
             std::to_string(applied_) + "; what was logged behind LSN " + std::to_string(applied_) +
             " is lost, if anything was: send the latest batches again";
    case LogState::kLost:
      return (surely_lost_ ? std::string("records that the store does not have cannot be read")
                           : "what cannot be read may be records that the store does not have") +
             UsableText() + StrandedText();
    case LogState::kUnknown:
      return kept_ ? "a repair put this log aside; the store went on without it, under LSNs of its "
                     "own"
                   : "the store cannot be read, so that nobody knows what of the log it has";
  }
  return "";
}

void LogJudge::Finish() {
  if (report_->damage_count == 0 && report_->stranded_records > 0) {
    // A writer released what was before them: the store has it by now.
    report_->usable_first_lsn = report_->stranded.front().first_lsn;
    report_->usable_last_lsn = report_->stranded_last_lsn;
    report_->usable_lines = report_->stranded_lines;
    report_->stranded.clear();
    report_->stranded_records = report_->stranded_lines = report_->stranded_last_lsn = 0;
  }
  report_->state = State();
  report_->sound = report_->state == LogState::kSound;
  report_->meaning = Meaning();
}

}  // namespace tallystone
