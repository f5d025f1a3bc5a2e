// Progress: one line on stderr that is rewritten while work goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallystone::tool {

// Silent unless stderr is a terminal. At most 10 updates a second. Not thread-safe. One at a time.
class Progress {
 public:
  // `label` says what is going on: "importing stock.csv".
  explicit Progress(std::string_view label);
  // For tests: writes updates to `fd` whatever it is.
  Progress(std::string_view label, int fd);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `lines` so far; `done` of `total` units of work (bytes, lines), total 0 = unknown.
  void Update(uint64_t lines, uint64_t done, uint64_t total);
  // What is done now, for work that is not counted in lines: "label: step". Shown at once.
  void Step(std::string_view step);
  // Wipes the line, for messages and the end.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  void Show(std::string text);

  std::string label_;
  int fd_ = -1;  // -1: silent
  bool shown_ = false;
  Clock::time_point start_;
  Clock::time_point next_;
};

// Wipes the line of whatever Progress shows one, for a message of anybody. [Threading] Any thread.
void WipeProgress();

// The text of an update, for example "importing a.csv: 120,000 lines, 800,000 lines/s, 22 %,
// ETA 2.10 s".
std::string ProgressText(std::string_view label, uint64_t lines, double seconds, uint64_t done,
                         uint64_t total);

}  // namespace tallystone::tool
