// Engine: a database of batches of stock lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/batch.h"
#include "tallystone/compact.h"
#include "tallystone/metrics.h"
#include "tallystone/options.h"
#include "tallystone/records.h"
#include "tallystone/review.h"
#include "tallystone/status.h"

namespace tallystone {

// A position in a sorted set of records. Usage:
//
//     for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) use(cursor->value());
//     Status s = cursor->status();   // why it ended
//
// Sees the state of the moment it was made. Not thread-safe. Must be destroyed before its engine.
template <typename Record>
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual void SeekToFirst() = 0;
  [[nodiscard]] virtual bool Valid() const = 0;
  virtual void Next() = 0;
  // Valid until the next call of Next or SeekToFirst. Requires Valid().
  [[nodiscard]] virtual const Record& value() const = 0;
  [[nodiscard]] virtual Status status() const = 0;
};

// What a cursor shows. Empty fields do not restrict.
struct Filter {
  std::string tenant;
  std::string batch;
  std::string code;   // of the item; needs `tenant`
  uint32_t item = 0;  // number of the item; needs `tenant`
  uint64_t first_lsn = 0;
  uint64_t last_lsn = 0;  // 0 = to the end
};

// The figures that most programs want; MetricsSnapshot has all.
struct EngineStats {
  uint64_t logged_lsn = 0;   // the last chunk that is durable in the log
  uint64_t applied_lsn = 0;  // the last chunk that is in the store
  uint64_t log_first_lsn = 0;
  uint64_t tenants = 0;
  uint64_t items = 0;
  uint64_t batches = 0;       // kept in memory; without those of tenants busy at this moment
  uint64_t window_lines = 0;  // lines that wait for the drain
  uint64_t lines_logged = 0;  // since Open
  uint64_t log_syncs = 0;     // since Open
  uint64_t windows_drained = 0;
  uint64_t windows_ingested = 0;
  uint64_t keys_replayed = 0;
  uint64_t keys_rejected = 0;
  uint64_t replayed_lines = 0;  // lines that Open read back from the log
};

// A batch in pieces, for batches larger than memory. One thread at a time.
// A writer that is destroyed without Finish leaves its batch unfinished: what was logged stays, and
// the same batch id can be continued by a new writer that is given the same lines from the first
// on.
class BatchWriter {
 public:
  virtual ~BatchWriter() = default;

  // Adds the next lines (the batch's tenant and id are not looked at). Lines that an earlier,
  // interrupted run logged are compared and not logged again. *results gets one LineResult per
  // line, appended; it may be null. Lines are logged, not yet synced: see Engine::Sync and Finish.
  // kConflict: same id, other content; the message names the first differing line. The writer is
  // then dead.
  virtual Status Add(const Batch& lines, std::vector<LineResult>* results) = 0;

  // Ends the batch and waits for the durability of IngestOptions::level. *result has no `lines`.
  virtual Status Finish(BatchResult* result) = 0;

  // Ends the batch without waiting; it is durable after the next Engine::Sync. *result may be null.
  virtual Status FinishNoWait(BatchResult* result) = 0;

  // Lines given so far.
  [[nodiscard]] virtual uint64_t lines() const = 0;
};

// Thread-safe. One process at a time may have a database open (Open answers kBusy to the second).
class Engine {
 public:
  // Opens the database in the directory `path`: reads the marker, replays the tail of the log,
  // finishes an interrupted key replay. On error *engine is null.
  static Status Open(const Options& options, const std::string& path,
                     std::unique_ptr<Engine>* engine);

  virtual ~Engine() = default;

  // Books a batch and answers when it is as durable as `options.level` asks. s: the engine;
  // *result: the lines. Safe to repeat with the same batch after any error or crash (laws L2, L7).
  // kInvalidArgument: bad tenant or id, over a limit. kConflict: same id, other content. kRejected:
  // policy kRejectBatch and a bad line (*result names them). All of these change nothing.
  // kUnavailable, kIoError, kNoSpace: not acknowledged; may or may not be found after a reopen.
  virtual Status Ingest(const IngestOptions& options, const Batch& batch, BatchResult* result) = 0;

  // Begins or continues a batch in pieces. kBusy: another writer has this batch.
  virtual Status NewBatchWriter(const IngestOptions& options, std::string_view tenant,
                                std::string_view id, std::unique_ptr<BatchWriter>* writer) = 0;

  // Waits until everything logged so far is durable.
  virtual Status Sync() = 0;
  // Waits until everything logged so far is in the store.
  virtual Status Flush() = 0;
  // Flushes, and rewrites the store so that it takes the least room and the fewest steps to read.
  // Calls go on meanwhile. Needs room for about a second store. kInterrupted: it was cancelled.
  virtual Status Compact(const CompactOptions& options, CompactReport* report) = 0;
  // Moves a tenant to another of the servers that Options::servers names: `server` is its name as
  // given there, or its identity (32 hexadecimal digits, or the beginning of them). Calls for this
  // tenant wait meanwhile; as long as it takes to copy all that it has. Safe to repeat after any
  // error or crash: the tenant is whole on one server or on the other. kNotFound: there is no such
  // server, or no such tenant, or nothing of it was logged yet. kInvalidArgument: the database has
  // no servers. Any other error: it is where it was, unless nobody could say so before
  // Options::stop_waiting or Close ended the wait: then it takes no lines until it is known.
  virtual Status MoveTenant(std::string_view tenant, const std::string& server) = 0;
  // Flushes and releases everything. A failure means: not everything is in the store; it is in the
  // log. Called by the destructor if it was not called, its Status is then lost.
  virtual Status Close() = 0;

  // --- reading: sees everything acknowledged, also what is not in the store yet ---

  virtual Status GetItem(const ItemKey& key, ItemInfo* item) = 0;
  virtual Status GetBalance(const ItemKey& key, Balance* balance) = 0;
  virtual Status GetBatch(std::string_view tenant, std::string_view id, BatchInfo* info) = 0;
  virtual Status GetDeadLetter(const DeadLetterKey& key, DeadLetter* letter) = 0;
  // In the order (tenant number, item number).
  virtual Status NewBalanceCursor(const Filter& filter,
                                  std::unique_ptr<Cursor<Balance>>* cursor) = 0;
  virtual Status NewItemCursor(const Filter& filter, std::unique_ptr<Cursor<ItemInfo>>* cursor) = 0;
  // In log order.
  virtual Status NewTransactionCursor(const Filter& filter,
                                      std::unique_ptr<Cursor<Transaction>>* cursor) = 0;
  // In the order (tenant number, batch id).
  virtual Status NewBatchCursor(const Filter& filter,
                                std::unique_ptr<Cursor<BatchInfo>>* cursor) = 0;
  virtual Status NewDeadLetterCursor(const Filter& filter,
                                     std::unique_ptr<Cursor<DeadLetter>>* cursor) = 0;
  // The outcome of every line of one batch, in order.
  virtual Status GetLineResults(std::string_view tenant, std::string_view id,
                                std::vector<LineResult>* results) = 0;

  // --- dead letters ---

  // Books the line again, as it is or as `corrected`, under its own identity (tenant, batch, line):
  // it can never be booked twice. *result says what became of it now; a line that fails again stays
  // a dead letter with one attempt more. Half of a move between two items (review.h) is booked on
  // its own item, whatever its name means by now. kNotFound: there is no such dead letter (it may
  // be booked already). kInvalidArgument: such a half was to be corrected.
  virtual Status RetryDeadLetter(const IngestOptions& options, const DeadLetterKey& key,
                                 const TextLine* corrected, LineResult* result) = 0;
  // Gives the line up, for good. Recorded in the log and counted in its batch.
  virtual Status DropDeadLetter(const DeadLetterKey& key) = 0;

  // --- review (review.h) ---

  // In the order (tenant number, item number).
  virtual Status NewReviewCursor(const Filter& filter, std::unique_ptr<Cursor<Review>>* cursor) = 0;
  // The item under review is the other item. kNotFound: it is not under review, or there is no such
  // item. kBusy: its lines are being moved. kConflict: it was accepted as another item; says how
  // its lines come off that one. kRejected: a balance would overflow. Nothing was changed then.
  virtual Status AcceptReview(const AcceptAnswer& answer, ReviewResult* result) = 0;
  virtual Status RejectReview(const RejectAnswer& answer, ReviewResult* result) = 0;
  // result->item is the new item.
  virtual Status SplitItem(const SplitRequest& request, ReviewResult* result) = 0;

  // Recorded in the log; counts for the lines that come after.
  virtual Status SetMapping(std::string_view tenant, const MappingSettings& settings) = 0;
  virtual Status GetMapping(std::string_view tenant, MappingSettings* settings) = 0;

  // --- figures; neither waits for a call under way, so a Listener may ask for them ---

  // Nothing but zeros once Close has begun.
  [[nodiscard]] virtual EngineStats stats() const = 0;
  // After Close: the last ones.
  [[nodiscard]] virtual MetricsSnapshot metrics() const = 0;
};

}  // namespace tallystone
