// What an open engine counts. Callers add a handful of times a chunk, the log's leader a few times
// a sync, the drain a few times a window: far too seldom for them to wait for each other's cache
// lines, so nothing is kept per thread. Each kind of thread has its own lines all the same.
#pragma once

#include <cstdint>

#include "base/counters.h"
#include "tallystone/metrics.h"
#include "tallystone/outcome.h"

namespace tallystone {

inline constexpr size_t kCacheLineBytes = 64;

struct alignas(kCacheLineBytes) IngestMetrics {
  Counter lines[kOutcomeCount];
  Counter decided_by[kDecidedByCount];
  Counter chunks;
  Counter batches_new;
  Counter batches_continued;
  Counter batches_resent;
  Counter batches_refused;
  Counter dead_letters_booked;
  Counter dead_letters_retried;
  Counter dead_letters_failed_again;
  Counter dead_letters_dropped;
  Histogram ingest_micros;
  Histogram stall_micros;
};

struct alignas(kCacheLineBytes) LogMetrics {
  Histogram sync_micros;
  Histogram sync_records;
  Counter bytes_written;
};

struct alignas(kCacheLineBytes) DrainMetrics {
  Histogram micros;
  Histogram lines;
  Histogram keys;
  Counter windows_ingested;
  Counter windows_refused;
  Counter keys_replayed;
  Counter keys_rejected;
  Counter lines_rejected;
  Counter store_retries;
  Counter store_failures;
};

// Set once, by Open.
struct RecoveryMetrics {
  Counter chunks;
  Counter lines;
  Counter micros;
};

struct Metrics {
  IngestMetrics ingest;
  LogMetrics log;
  DrainMetrics drain;
  RecoveryMetrics recovery;
  Counter logged_lsn;  // set by the log's leader

  // Everything but what is only known elsewhere: the state of windows, store and memory.
  [[nodiscard]] MetricsSnapshot Snapshot() const;
};

}  // namespace tallystone
