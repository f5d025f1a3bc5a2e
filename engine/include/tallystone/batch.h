// Batch: the caller's unit, and what became of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/line.h"
#include "tallystone/outcome.h"

namespace tallystone {

class BatchLines;  // engine/model/batch_lines.h

// (tenant, batch id) + lines. The id is the idempotency key: a resend of the same content is
// harmless, other content under the same id is refused. Not thread-safe.
class Batch {
 public:
  // Copies both. Validity of the names is checked by Ingest.
  Batch(std::string_view tenant, std::string_view id);
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  // Adds the next line; its number is 1 + the lines before it. Copies all texts.
  void Add(const Line& line);
  void AddText(const TextLine& line);
  // Adds a line that its reader could not make sense of: it fails with `outcome` (kBadColumns,
  // kBadTenant or kBadBatch) and is kept as `raw`.
  void AddUnreadable(Outcome outcome, std::string_view raw);

  [[nodiscard]] const std::string& tenant() const;
  [[nodiscard]] const std::string& id() const;
  [[nodiscard]] size_t size() const;

  [[nodiscard]] const BatchLines& lines() const { return *lines_; }  // for the engine

 private:
  std::string tenant_;
  std::string id_;
  std::unique_ptr<BatchLines> lines_;
};

enum class BatchStatus : uint8_t {
  kSuccess = 0,         // every line was booked
  kPartialSuccess = 1,  // some were, the others are dead letters
  kFailed = 2,          // none was
};
std::string_view BatchStatusName(BatchStatus status);  // "success", "partial_success", "failed"

// How far a batch is when its caller gets the answer.
enum class Durability : uint8_t {
  kLogged = 0,   // synced in the batch log (law L1)
  kApplied = 1,  // also in the store: the store's refusals are in the result
};

// An item that a line may mean.
struct Candidate {
  uint32_t item = 0;   // number within the tenant
  uint32_t score = 0;  // how like their names are, in thousandths: 1000 = alike
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// Of a line that no exact rule mapped, in MappingMode kSuggest or kAuto.
struct Match {
  uint32_t score = 0;                 // of the item that it was booked on; 0 = it made a new one
  uint8_t version = 0;                // of the algorithm
  std::vector<Candidate> candidates;  // best first, at most limits::kCandidatesMax
};

// What became of one line.
struct LineResult {
  uint64_t line = 0;  // 1 = first of the batch
  Outcome outcome = Outcome::kAccepted;
  DecidedBy decided_by = DecidedBy::kNone;
  uint32_t item = 0;                             // the item's number within its tenant; 0 = none
  std::shared_ptr<const Match> match = nullptr;  // null = nothing was looked for
};

struct FailedItem {
  uint64_t line = 0;
  std::string code;
  Outcome error = Outcome::kAccepted;
};

// What became of a batch. `items_processed + items_failed` is the number of lines submitted (law
// L5).
struct BatchResult {
  BatchStatus status = BatchStatus::kSuccess;
  uint64_t items_processed = 0;          // lines booked
  uint64_t items_failed = 0;             // lines that are dead letters
  std::vector<FailedItem> failed_items;  // the first limits::kFailedItemsInResultMax of them
  uint64_t processing_time_us = 0;
  std::string tenant;
  std::string batch;
  uint64_t lsn = 0;  // of the batch's last chunk in the log
  Durability level = Durability::kLogged;
  bool resent = false;     // it was finished before; nothing was changed
  bool continued = false;  // it was unfinished before and went on where it stopped
  // One per line, in order. Empty when IngestOptions::line_results is off.
  std::vector<LineResult> lines;
};

}  // namespace tallystone
