// History: how many lines and batches were accepted, over time.
#pragma once

#include <cstdint>

#include "output/json.h"
#include "report/time_series.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

// Can be read on by one inspector of the database after another: each reads the new chunks only.
class History {
 public:
  // A pause longer than this ends a run.
  static constexpr uint64_t kPauseMicros = 60'000'000;

  Status ReadOn(Inspector* inspector);
  void Add(const ChunkInfo& chunk);

  // Since the database was made.
  [[nodiscard]] const TimeSeries& whole() const { return whole_; }
  // Since the last pause.
  [[nodiscard]] const TimeSeries& latest_run() const { return latest_run_; }

 private:
  uint64_t last_lsn_ = 0;
  uint64_t last_us_ = 0;
  TimeSeries whole_;
  TimeSeries latest_run_;
};

void WriteHistory(const History& history, JsonWriter* json);

}  // namespace tallystone::tool
