// LogJudge: what a log is worth to the store beside it, from its entries.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "inspect/log_entries.h"
#include "model/ids.h"
#include "tallystone/log_inspector.h"

namespace tallystone {

// Not thread-safe.
class LogJudge {
 public:
  // `report` must outlive it.
  LogJudge(const StoreSide& side, LogReport* report)
      : kept_(side.kept),
        has_marker_(side.has_marker),
        applied_(side.marker.applied),
        next_(applied_ + 1),
        report_(report) {}

  // Of the entries, every one in log order.
  void TakeRecord(const LogRecord& record);
  // Counts it, and keeps the first ones.
  void TakeDamage(LogEntry entry);
  // There is no log, or its end is missing: `last` is its last record.
  void TakeEnd(Lsn last) {
    ends_early_ = true;
    last_ = last;
  }
  // Sets state and meaning.
  void Finish();

 private:
  void Strand(const LogRecord& record);
  [[nodiscard]] LogState State() const;
  [[nodiscard]] std::string Meaning() const;
  [[nodiscard]] std::string UsableText() const;
  [[nodiscard]] std::string StrandedText() const;

  const bool kept_;
  const bool has_marker_;
  const Lsn applied_;
  Lsn next_;  // that the store needs
  Lsn last_ = 0;
  bool ends_early_ = false;
  bool all_in_store_ = true;
  bool surely_lost_ = false;
  LogReport* const report_;
  // Of the stranded batches, where they are in the report.
  std::map<std::tuple<std::string, std::string, bool, bool>, size_t> places_;
};

}  // namespace tallystone
