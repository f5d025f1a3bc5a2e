// StressWriter: one thread's random steps on tenants of its own, each answer compared with the slow
// program.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "engine_support/ledger_model.h"
#include "model/random_source.h"
#include "tallystone/engine.h"

namespace tallystone::testing {

// A batch that the writer has an answer for. Readers may see more of it, never less.
struct AcknowledgedBatch {
  std::string tenant;
  std::string batch;
  uint64_t lines = 0;
};

class StressWriter {
 public:
  // `poison`: the store may refuse an item, so balances are not compared before a drain.
  StressWriter(uint64_t seed, int number, bool poison);

  // One random step. False: the engine answered an error that a fault may cause; the step is then
  // pending until Settle.
  bool Step(Engine* engine);
  // After a reopen: finds out how much of the pending step is there.
  void Settle(Engine* engine);
  // Sends every batch again, whole.
  void SendAllAgain(Engine* engine);

  // The first answer that was wrong, or "". To be read when no step runs.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  [[nodiscard]] LedgerModel& model() { return model_; }
  [[nodiscard]] uint64_t batches() const { return finished_; }
  [[nodiscard]] uint64_t lines() const { return lines_; }

  // A random batch that was acknowledged; false if there is none. From any thread.
  bool PickAcknowledged(uint64_t random, AcknowledgedBatch* batch) const;

 private:
  struct SentBatch {
    std::string tenant;
    std::string id;
    uint64_t seed = 0;
    uint64_t lines = 0;
    bool finished = false;
  };
  enum class Pending : uint8_t { kNothing, kSend, kRetry, kDrop };

  Batch LinesOf(const SentBatch& batch, uint64_t from, uint64_t to) const;
  // Was the answer what it must be? An error that a fault may cause makes the step pending.
  bool Answered(const Status& status, StatusCode expected, const char* what);
  void Wrong(const std::string& what);
  // The model has the first `to` lines of a batch.
  void BookTo(const SentBatch& batch, uint64_t to);
  void Acknowledge(const SentBatch& batch, uint64_t lines);
  void ExpectResult(const SentBatch& batch, const BatchResult& result);

  bool Send(Engine* engine);
  bool SendPieces(Engine* engine);
  bool Resend(Engine* engine);
  bool SendOtherContent(Engine* engine);
  bool Retry(Engine* engine);
  bool Drop(Engine* engine);
  bool FindLetter(DeadLetterKey* key);

  test::RandomSource random_;
  const int number_;
  const bool poison_;
  LedgerModel model_;
  std::vector<SentBatch> sent_;
  uint64_t finished_ = 0;
  uint64_t lines_ = 0;
  std::string wrong_;

  Pending pending_ = Pending::kNothing;
  size_t pending_batch_ = 0;
  DeadLetterKey pending_letter_;

  mutable std::mutex mutex_;
  std::vector<AcknowledgedBatch> acknowledged_;
};

}  // namespace tallystone::testing
