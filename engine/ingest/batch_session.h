// BatchSession: one batch being sent, from the first line to its result (laws L2, L5, L7).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ingest/core.h"
#include "ingest/stored_lines.h"
#include "ingest/workspace.h"
#include "tallystone/engine.h"

namespace tallystone {

// Validates names that go into keys: 1..bytes_max bytes, UTF-8, no control characters. `what` is
// the word for the message.
Status CheckName(std::string_view name, size_t bytes_max, std::string_view what);

// Checks lines and computes their digests; the first has number `first_line`.
void PrepareLines(std::span<const RawLine> lines, uint64_t first_line,
                  std::vector<PreparedLine>* prepared);

// The lines of one batch, given in order. Lines that an earlier send logged are compared with what
// is stored, the others are logged. Not thread-safe; every method but Result requires the tenant's
// mutex.
class BatchSession {
 public:
  BatchSession(Core* core, const IngestOptions& options, Tenant* tenant, std::string batch);

  // Reads what the store has of the batch, so that Begin need not do it with the tenant's mutex
  // held. Not required; must not hold the tenant's mutex.
  void LookAhead();
  // Looks the batch up. kBusy: a writer has it.
  Status Begin();
  // The next lines; `last`: the batch ends with them.
  Status Add(Workspace* work, std::span<const PreparedLine> lines, bool last,
             std::vector<LineResult>* results);
  // Policy kRejectBatch: would every line be booked? kRejected if not, with one result a line. Only
  // before any Add, and not for a batch of which something is logged.
  Status TryAll(Workspace* work, std::span<const PreparedLine> lines,
                std::vector<LineResult>* results);

  // Lets go of the batch. What was only read of it is not kept: sending old batches again takes no
  // memory (law L9).
  void Release();

  [[nodiscard]] uint64_t position() const { return position_; }
  [[nodiscard]] BatchState* state() const { return state_; }
  [[nodiscard]] Lsn lsn() const { return lsn_; }  // what must be durable for the answer
  [[nodiscard]] bool resent() const { return finished_before_; }
  [[nodiscard]] bool continued() const { return !finished_before_ && before_.lines > 0; }
  // Adds to the metrics that the batch ended, or what it was answered with. Once.
  void Count(const Status& status) const;

  // After everything up to lsn() is durable: waits for the level asked for and fills *result except
  // `lines`. *results, if given, is corrected where the store rejected lines. Must not hold the
  // tenant's mutex.
  Status Result(BatchResult* result, std::vector<LineResult>* results);
  // The same as far as it is known now, without waiting.
  void ResultNow(BatchResult* result) const;

 private:
  Status CompareStored(std::span<const PreparedLine> lines, std::vector<LineResult>* results);
  Status CompareLine(const PreparedLine& line);
  Status OpenStored();
  void LetGoOfView();
  [[nodiscard]] bool OnServer() const;
  Status AppendNew(Workspace* work, std::span<const PreparedLine> lines, bool last,
                   std::vector<LineResult>* results);
  Status AppendChunk(Workspace* work, std::span<const PreparedLine> lines, bool last,
                     std::vector<LineResult>* results);
  Status Conflict(uint64_t line, std::string_view why) const;
  Status ReadStored(BatchSum* sum) const;
  Status RereadResults(std::vector<LineResult>* results);
  void NoteFailed(uint64_t line, Outcome outcome, std::string_view code);

  Core* const core_;
  const IngestOptions options_;
  Tenant* const tenant_;
  const std::string batch_;
  const std::chrono::steady_clock::time_point start_;

  std::optional<StoredBatch> ahead_;
  BatchState* state_ = nullptr;
  BatchSum before_;  // what was logged when the session began
  bool finished_before_ = false;
  uint64_t position_ = 0;  // lines given
  ContentDigest digest_;   // of them
  Lsn lsn_ = 0;
  uint64_t booked_ = 0;
  std::vector<FailedItem> failed_items_;

  std::unique_ptr<StoreView> view_;
  std::unique_ptr<StoredLines> stored_;
  // Where the comparison stood when stored_ was let go of: its chunk, 0 = none, and the lines of
  // the batch before it.
  Lsn chunk_lsn_ = 0;
  uint64_t lines_before_chunk_ = 0;
};

}  // namespace tallystone
