// Inspector: looks at a database without opening it for writing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/engine.h"
#include "tallystone/explain.h"
#include "tallystone/inspected.h"
#include "tallystone/overview.h"
#include "tallystone/setting.h"
#include "tallystone/store_entries.h"

namespace tallystone {

struct DatabaseStatus {
  uint64_t as_of_lsn = 0;      // everything up to here is in the answers
  uint64_t applied_lsn = 0;    // of which this much is in the store
  uint64_t log_first_lsn = 0;  // 0 = the log is empty
  uint64_t log_last_lsn = 0;
  uint64_t tail_lines = 0;         // lines in the log and not yet in the store
  bool replay_unfinished = false;  // a key replay was interrupted
  bool log_tail_torn = false;      // the log ends in a record that was never acknowledged
  uint64_t tenants = 0;
  uint64_t items = 0;
  uint64_t balances = 0;
  uint64_t transactions = 0;
  uint64_t batches = 0;
  uint64_t batches_unfinished = 0;
  uint64_t dead_letters = 0;
  uint64_t dead_letters_by_cause[kOutcomeCount] = {};
  uint64_t log_bytes = 0;    // on disk
  uint64_t store_bytes = 0;  // on disk
  // 32 hex digits. Equal for equal content (balances, transactions, outcomes), however it came
  // about: crashes, resumes, other windows or segments do not change it.
  std::string state_digest;
};

struct TransferBlock;  // transfer.h

struct VerifyFinding {
  std::string what;  // one sentence: where, what is expected, what is there
  std::string tenant;
  std::string batch;  // the first batch concerned, if it can be named
};

struct VerifyReport {
  bool sound = true;
  uint64_t lines_checked = 0;
  uint64_t balances_checked = 0;
  uint64_t batches_checked = 0;
  uint64_t dead_letters_checked = 0;
  uint64_t tenants_summed = 0;          // whose server was asked for its own sums, too; see Verify
  std::vector<VerifyFinding> findings;  // the first 100
  uint64_t findings_count = 0;
};

// Called now and then with (done, total) lines; `total` may be 0 while unknown.
using ProgressFunction = std::function<void(uint64_t, uint64_t)>;

// Opens the store read-only and folds the log's tail above its marker in memory; takes no lock,
// writes nothing, sees the state of the moment it was opened. Not thread-safe.
class Inspector {
 public:
  // kNotFound: there is no database at `path`; nothing is created. kCorruption, kFormatMismatch:
  // says where.
  static Status Open(const Options& options, const std::string& path,
                     std::unique_ptr<Inspector>* inspector);
  // An inspector of nothing, for previews where there is no database yet.
  static std::unique_ptr<Inspector> OpenEmpty(const Options& options);
  virtual ~Inspector() = default;

  virtual Status GetStatus(const ProgressFunction& progress, DatabaseStatus* status) = 0;
  // The state without the digest, and without reading everything: takes about as long as opening
  // the inspector did. What there is much of is estimated, and says so.
  virtual Status GetOverview(const OverviewOptions& options, DatabaseOverview* overview) = 0;

  // Proves the laws L4 and L5 on what is stored; on servers, which others can write, too, also that
  // what the server itself counts and sums, and its markers, are what the blocks say. A Status
  // other than OK means it could not be examined.
  virtual Status Verify(const ProgressFunction& progress, VerifyReport* report) = 0;
  // The same without reading a single transaction: compares the per-item accumulators of balances
  // and postings. Seconds for millions of items. Finds what was lost, doubled or mixed up between
  // the two; only Verify finds a wrong sum that both agree on.
  virtual Status VerifyQuick(const ProgressFunction& progress, VerifyReport* report) = 0;

  // Says what would become of `batch` (its outcomes, its items) without booking it. Sees what
  // earlier previews of this inspector would have created. Does not look at the batch id.
  virtual Status Preview(const IngestOptions& options, const Batch& batch,
                         std::vector<LineResult>* results) = 0;
  // The same of Engine::RetryDeadLetter, and with its errors. What the store would refuse cannot be
  // foreseen.
  virtual Status PreviewRetry(const IngestOptions& options, const DeadLetterKey& key,
                              const TextLine* corrected, LineResult* result) = 0;

  virtual Status GetItem(const ItemKey& key, ItemInfo* item) = 0;
  virtual Status GetBalance(const ItemKey& key, Balance* balance) = 0;
  virtual Status GetBatch(std::string_view tenant, std::string_view id, BatchInfo* info) = 0;
  virtual Status GetDeadLetter(const DeadLetterKey& key, DeadLetter* letter) = 0;
  virtual Status NewBalanceCursor(const Filter& filter,
                                  std::unique_ptr<Cursor<Balance>>* cursor) = 0;
  virtual Status NewItemCursor(const Filter& filter, std::unique_ptr<Cursor<ItemInfo>>* cursor) = 0;
  virtual Status NewTransactionCursor(const Filter& filter,
                                      std::unique_ptr<Cursor<Transaction>>* cursor) = 0;
  virtual Status NewBatchCursor(const Filter& filter,
                                std::unique_ptr<Cursor<BatchInfo>>* cursor) = 0;
  virtual Status NewDeadLetterCursor(const Filter& filter,
                                     std::unique_ptr<Cursor<DeadLetter>>* cursor) = 0;
  virtual Status NewReviewCursor(const Filter& filter, std::unique_ptr<Cursor<Review>>* cursor) = 0;
  virtual Status GetMapping(std::string_view tenant, MappingSettings* settings) = 0;
  // Why a line would be mapped as it would. kNotFound: there is no such tenant.
  virtual Status Explain(std::string_view tenant, const MappingQuery& query,
                         MappingExplanation* explanation) = 0;
  virtual Status GetLineResults(std::string_view tenant, std::string_view id,
                                std::vector<LineResult>* results) = 0;
  // What the store keeps, as it is kept. In the order of its keys, unless StoreFamily says
  // otherwise. kInvalidArgument: a key of the range cannot be one of `family`.
  virtual Status NewEntryCursor(StoreFamily family, const EntryRange& range,
                                std::unique_ptr<Cursor<StoreEntry>>* cursor) = 0;
  // Everything that is in effect: the options of this inspector, formats and versions, the
  // tenants' settings, the store's.
  virtual Status GetSettings(std::vector<Setting>* settings) = 0;

  // Chunks that have lines, in log order. Of Filter: tenant, batch and LSNs.
  virtual Status NewChunkCursor(const Filter& filter,
                                std::unique_ptr<Cursor<ChunkInfo>>* cursor) = 0;
  // The lines of one batch, in order. kNotFound: there is no such batch.
  virtual Status NewLineCursor(std::string_view tenant, std::string_view id,
                               std::unique_ptr<Cursor<BatchLine>>* cursor) = 0;
  // Everything that is in the database, as blocks: LSNs 1, 2, 3, ... as_of_lsn() (transfer.h).
  virtual Status NewBlockCursor(std::unique_ptr<Cursor<TransferBlock>>* cursor) = 0;
  // The names that mean an item, in no useful order: one walk over all there are. Of Filter: tenant
  // and item; of an item that was merged into another, that too.
  virtual Status NewNameCursor(const Filter& filter, std::unique_ptr<Cursor<ItemName>>* cursor) = 0;
  // The first chunk that was accepted at `accepted_at_us` (microseconds since 1970 UTC) or later;
  // as_of_lsn() + 1 if there is none. Believes the clock of the machine that accepted: where it was
  // set back meanwhile the answer is one of several that are right.
  virtual Status FindLsn(uint64_t accepted_at_us, uint64_t* lsn) = 0;
  [[nodiscard]] virtual uint64_t as_of_lsn() const = 0;
  // There is no log beside a store that has something: the answers are the store's, and whether
  // more was acknowledged, nobody can say. The engine does not open such a database; see
  // LogInspector::Verify.
  [[nodiscard]] virtual bool log_absent() const = 0;
};

}  // namespace tallystone
