// Metrics: what an engine counts, and how long its work takes. docs/metrics.md has each one's
// meaning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tallystone/histogram.h"
#include "tallystone/outcome.h"
#include "tallystone/overview.h"

namespace tallystone {

// The figures of one moment. Counted since Open, unless another thing is said; never reset.
struct MetricsSnapshot {
  // --- what came in ---
  uint64_t lines[kOutcomeCount] = {};         // logged, by outcome; those of retries too
  uint64_t decided_by[kDecidedByCount] = {};  // of the accepted ones, by DecidedBy
  uint64_t chunks = 0;                        // logged
  uint64_t batches_new = 0;        // finished, of which nothing had been logged when they came
  uint64_t batches_continued = 0;  // finished, of which a part had been logged before
  uint64_t batches_resent = 0;     // had been finished before: nothing was logged
  uint64_t batches_refused = 0;    // with kConflict, kRejected or kInvalidArgument: nothing changed
  HistogramSnapshot ingest_micros;  // Engine::Ingest, of the batches that were not refused

  // --- the log ---
  HistogramSnapshot log_sync_micros;   // the sync alone, without the write before it
  HistogramSnapshot log_sync_records;  // chunks that one sync made durable
  uint64_t log_bytes_written = 0;      // records and what is written ahead of them
  uint64_t logged_lsn = 0;             // now: the last chunk that is durable
  uint64_t recovered_chunks = 0;       // above the store's marker, read back by Open
  uint64_t recovered_lines = 0;
  uint64_t recovery_micros = 0;  // that Open took

  // --- windows and the store ---
  HistogramSnapshot stall_micros;  // waits of a writer for room in a full window
  HistogramSnapshot
      drain_micros;  // sorting and storing a window; attempts that failed are left out
  HistogramSnapshot drained_lines;    // booked, of one window
  HistogramSnapshot drained_keys;     // (tenant, item) pairs of one window
  uint64_t windows_ingested = 0;      // loaded as sorted files
  uint64_t windows_refused = 0;       // went key by key
  uint64_t keys_replayed = 0;         // written alone, or refused
  uint64_t keys_rejected = 0;         // of them, refused
  uint64_t lines_store_rejected = 0;  // accepted, then refused with their key
  uint64_t store_retries = 0;         // writes that were repeated for a passing cause
  uint64_t store_failures = 0;        // times the store could not be written
  bool store_unavailable = false;     // now
  uint64_t applied_lsn = 0;           // now: the last chunk that is in the store
  uint64_t window_lines = 0;          // now: lines that wait for the drain, of both windows
  uint64_t window_lines_max = 0;      // Options::window_lines_max, of one window

  // --- dead letters ---
  uint64_t dead_letters_booked = 0;        // lines that became one
  uint64_t dead_letters_retried = 0;       // retries that booked the line
  uint64_t dead_letters_failed_again = 0;  // retries that did not
  uint64_t dead_letters_dropped = 0;

  // --- memory, now ---
  uint64_t tenants = 0;
  uint64_t items = 0;
  uint64_t batches = 0;  // without those of tenants busy at this moment
};

// In the text format of Prometheus (version 0.0.4): durations in seconds, sizes in bytes, names
// that begin with "tallystone_".
std::string PrometheusText(const MetricsSnapshot& metrics);

// The same of a database as another process sees it; names begin with "tallystone_database_".
// `name` becomes the label `database` of each sample, whatever is in it.
std::string PrometheusText(const DatabaseOverview& overview, std::string_view name);

// A database that cannot be read: tallystone_database_readable is 0, and nothing else is there.
std::string PrometheusUnreadable(std::string_view name);

}  // namespace tallystone
