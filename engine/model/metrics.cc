#include "model/metrics.h"

namespace tallystone {

MetricsSnapshot Metrics::Snapshot() const {
  MetricsSnapshot snapshot;
  for (int outcome = 0; outcome < kOutcomeCount; ++outcome) {
    snapshot.lines[outcome] = ingest.lines[outcome].value();
  }
  for (int rule = 0; rule < kDecidedByCount; ++rule) {
    snapshot.decided_by[rule] = ingest.decided_by[rule].value();
  }
  snapshot.chunks = ingest.chunks.value();
  snapshot.batches_new = ingest.batches_new.value();
  snapshot.batches_continued = ingest.batches_continued.value();
  snapshot.batches_resent = ingest.batches_resent.value();
  snapshot.batches_refused = ingest.batches_refused.value();
  snapshot.ingest_micros = ingest.ingest_micros.Snapshot();
  snapshot.stall_micros = ingest.stall_micros.Snapshot();
  snapshot.dead_letters_booked = ingest.dead_letters_booked.value();
  snapshot.dead_letters_retried = ingest.dead_letters_retried.value();
  snapshot.dead_letters_failed_again = ingest.dead_letters_failed_again.value();
  snapshot.dead_letters_dropped = ingest.dead_letters_dropped.value();

  snapshot.log_sync_micros = log.sync_micros.Snapshot();
  snapshot.log_sync_records = log.sync_records.Snapshot();
  snapshot.log_bytes_written = log.bytes_written.value();
  snapshot.logged_lsn = logged_lsn.value();
  snapshot.recovered_chunks = recovery.chunks.value();
  snapshot.recovered_lines = recovery.lines.value();
  snapshot.recovery_micros = recovery.micros.value();

  snapshot.drain_micros = drain.micros.Snapshot();
  snapshot.drained_lines = drain.lines.Snapshot();
  snapshot.drained_keys = drain.keys.Snapshot();
  snapshot.windows_ingested = drain.windows_ingested.value();
  snapshot.windows_refused = drain.windows_refused.value();
  snapshot.keys_replayed = drain.keys_replayed.value();
  snapshot.keys_rejected = drain.keys_rejected.value();
  snapshot.lines_store_rejected = drain.lines_rejected.value();
  snapshot.store_retries = drain.store_retries.value();
  snapshot.store_failures = drain.store_failures.value();
  return snapshot;
}

}  // namespace tallystone
