// RetriedLetters: the rows of `dead-letters retry`, held back until it is known what the store made
// of their lines.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "output/records.h"
#include "tallystone/engine.h"

namespace tallystone::tool {

// A line that was mapped is booked only when the store took it: a constraint of a server may refuse
// it, and then it is a dead letter again. The store is waited for once for many lines, and the dead
// letters are read once. Not thread-safe.
class RetriedLetters {
 public:
  static constexpr size_t kHeldMax = 16'384;

  // Neither is owned. `filter`: has the letters that are tried. `outcome`: the column of it.
  RetriedLetters(Engine* engine, Filter filter, size_t outcome, RecordWriter* writer);

  // A line that was tried, and its row. Settles when there are kHeldMax.
  Status Add(const DeadLetterKey& key, Outcome outcome, std::vector<std::string> row);
  // Waits until the store has what was tried, and writes the rows. After an error the rows are
  // written as the log has them; unsettled() says how many of them the store may yet refuse.
  Status Settle();

  [[nodiscard]] uint64_t failed() const { return failed_; }
  [[nodiscard]] uint64_t unsettled() const { return unsettled_; }

 private:
  Status FindRefused();

  Engine* const engine_;
  const Filter filter_;
  const size_t outcome_;
  RecordWriter* const writer_;
  std::vector<std::vector<std::string>> rows_;
  std::unordered_map<std::string, size_t> mapped_;  // to its row
  uint64_t logged_before_ = 0;                      // the last LSN before the first of them
  uint64_t failed_ = 0;
  uint64_t unsettled_ = 0;
};

}  // namespace tallystone::tool
