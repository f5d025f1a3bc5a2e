// LogEntries: the entries of a log one after the other, decoded, with names.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "batchlog/log_walk.h"
#include "model/chunk.h"
#include "store/live_view.h"
#include "tallystone/log_inspector.h"

namespace tallystone {

// What the store says about a log beside it.
struct StoreSide {
  std::vector<std::unique_ptr<Store>> stores;  // one, or one for each server
  std::unique_ptr<LiveView> names;             // null = not readable
  Marker marker;
  std::string problem;  // why marker, or names, are not known
  bool has_marker = false;
  bool kept = false;  // a repair put the log aside: the store's LSNs are not those of the log
};

// Not thread-safe.
class LogEntries {
 public:
  // `side` must outlive it. `content`: with the lines.
  LogEntries(FileSystem* files, const std::string& log, StoreSide* side, bool content);

  // *end: there is no further entry.
  Status Next(LogEntry* entry, bool* end);

  [[nodiscard]] const batchlog::LogWalk& walk() const { return walk_; }

 private:
  struct ItemName {
    std::string code, description;
  };

  Status Take(const batchlog::LogStep& step);
  void TakeRecord(const batchlog::LogStep& step);
  void TakeDamage(const batchlog::LogStep& step);
  void Learn();
  void FillRecord(const batchlog::LogStep& step, LogRecord* record);
  void FillLines(LogRecord* record);
  const ItemName& NameOf(StockKey key);
  std::string TenantName(TenantId tenant) const;
  // Of damage whose neighbour behind is known by now, or will never be.
  void Explain(LogEntry* entry) const;
  void Push(LogEntry entry);

  StoreSide* const side_;
  const bool content_;
  batchlog::LogWalk walk_;
  std::deque<LogEntry> waiting_;  // damage waits for the record behind it
  bool open_damage_ = false;      // the last that waits has none yet
  bool ended_ = false;
  LogNeighbour before_;
  Chunk chunk_;                              // of the record that was taken last
  std::map<TenantId, std::string> tenants_;  // that the log named
  std::map<StockKey, ItemName> items_;       // that the log named, or the store was asked for
};

}  // namespace tallystone
