// Which metrics there are, by their public names. docs/metrics.md is compared with this by a test.
#include "base/prometheus_writer.h"
#include "tallystone/metrics.h"

namespace tallystone {
namespace {

using Unit = PrometheusUnit;

// The last bucket that is shown: 2^26 microseconds are 67 seconds; a group of the log has at most
// some thousand records, a window four million lines.
constexpr int kSecondsLast = 26;
constexpr int kRecordsLast = 14;
constexpr int kLinesLast = 22;

void WriteIngest(const MetricsSnapshot& metrics, PrometheusWriter* out) {
  out->Begin("tallystone_lines_total", "counter",
             "Lines logged since Open, by outcome, those of retries too.");
  for (int outcome = 0; outcome < kOutcomeCount; ++outcome) {
    out->Sample({{"outcome", OutcomeName(static_cast<Outcome>(outcome))}}, metrics.lines[outcome]);
  }
  out->Begin("tallystone_lines_decided_total", "counter",
             "Accepted lines, by the rule that found their item.");
  for (int rule = 1; rule < kDecidedByCount; ++rule) {  // 0: no item
    out->Sample({{"decided_by", DecidedByName(static_cast<DecidedBy>(rule))}},
                metrics.decided_by[rule]);
  }
  out->AddCounter("tallystone_chunks_total", "Chunks logged.", metrics.chunks);
  out->Begin("tallystone_batches_total", "counter", "Batches, by what became of them.");
  out->Sample({{"result", "new"}}, metrics.batches_new);
  out->Sample({{"result", "continued"}}, metrics.batches_continued);
  out->Sample({{"result", "resent"}}, metrics.batches_resent);
  out->Sample({{"result", "refused"}}, metrics.batches_refused);
  out->AddHistogram("tallystone_ingest_seconds", "From the call of Ingest to its answer.",
                    metrics.ingest_micros, kSecondsLast, Unit::kMicros);
}

void WriteLog(const MetricsSnapshot& metrics, PrometheusWriter* out) {
  out->AddHistogram("tallystone_log_sync_seconds", "Syncs of the log.", metrics.log_sync_micros,
                    kSecondsLast, Unit::kMicros);
  out->AddHistogram("tallystone_log_sync_records", "Chunks that one sync of the log made durable.",
                    metrics.log_sync_records, kRecordsLast, Unit::kCount);
  out->AddCounter("tallystone_log_written_bytes_total",
                  "Bytes written to the log, with what is written ahead.",
                  metrics.log_bytes_written);
  out->AddGauge("tallystone_logged_lsn", "The last chunk that is durable in the log.",
                metrics.logged_lsn);
  out->AddGauge("tallystone_recovered_chunks", "Chunks that Open read back from the log.",
                metrics.recovered_chunks);
  out->AddGauge("tallystone_recovered_lines", "Lines that Open read back from the log.",
                metrics.recovered_lines);
  out->AddGauge("tallystone_recovery_seconds", "Time that Open took.", metrics.recovery_micros,
                Unit::kMicros);
}

void WriteStore(const MetricsSnapshot& metrics, PrometheusWriter* out) {
  out->AddHistogram("tallystone_stall_seconds", "Waits of a writer for room in a full window.",
                    metrics.stall_micros, kSecondsLast, Unit::kMicros);
  out->AddHistogram("tallystone_drain_seconds", "Sorting and storing a window.",
                    metrics.drain_micros, kSecondsLast, Unit::kMicros);
  out->AddHistogram("tallystone_drained_window_lines", "Lines booked, of one window.",
                    metrics.drained_lines, kLinesLast, Unit::kCount);
  out->AddHistogram("tallystone_drained_window_keys", "Stock keys of one window.",
                    metrics.drained_keys, kLinesLast, Unit::kCount);
  out->AddCounter("tallystone_windows_ingested_total", "Windows that were loaded as sorted files.",
                  metrics.windows_ingested);
  out->AddCounter("tallystone_windows_refused_total", "Windows that went key by key.",
                  metrics.windows_refused);
  out->AddCounter("tallystone_keys_replayed_total",
                  "Keys of refused windows, written alone or refused.", metrics.keys_replayed);
  out->AddCounter("tallystone_keys_rejected_total", "Keys that the store refused.",
                  metrics.keys_rejected);
  out->AddCounter("tallystone_lines_store_rejected_total",
                  "Lines that were accepted and then refused with their key.",
                  metrics.lines_store_rejected);
  out->AddCounter("tallystone_store_retries_total",
                  "Writes to the store that were repeated for a passing cause.",
                  metrics.store_retries);
  out->AddCounter("tallystone_store_failures_total", "Times the store could not be written.",
                  metrics.store_failures);
  out->AddGauge("tallystone_store_unavailable", "1 while the store cannot be written.",
                metrics.store_unavailable ? 1 : 0);
  out->AddGauge("tallystone_applied_lsn", "The last chunk that is in the store.",
                metrics.applied_lsn);
  out->AddGauge("tallystone_window_lines", "Lines that wait for the drain, of both windows.",
                metrics.window_lines);
  out->AddGauge("tallystone_window_lines_max", "Lines at which a window is full.",
                metrics.window_lines_max);
}

void WriteLettersAndMemory(const MetricsSnapshot& metrics, PrometheusWriter* out) {
  out->AddCounter("tallystone_dead_letters_booked_total", "Lines that became dead letters.",
                  metrics.dead_letters_booked);
  out->Begin("tallystone_dead_letters_retried_total", "counter",
             "Retries of dead letters, by what became of them.");
  out->Sample({{"result", "booked"}}, metrics.dead_letters_retried);
  out->Sample({{"result", "failed"}}, metrics.dead_letters_failed_again);
  out->AddCounter("tallystone_dead_letters_dropped_total", "Dead letters that were dropped.",
                  metrics.dead_letters_dropped);
  out->AddGauge("tallystone_tenants", "Tenants.", metrics.tenants);
  out->AddGauge("tallystone_items", "Items of all tenants.", metrics.items);
  out->AddGauge("tallystone_batches_in_memory", "Batches kept in memory.", metrics.batches);
}

void WriteReadable(bool readable, PrometheusWriter* out) {
  out->AddGauge("tallystone_database_readable", "0 if the database could not be read.",
                readable ? 1 : 0);
}

void WriteTail(const DatabaseOverview& overview, PrometheusWriter* out) {
  out->AddGauge("tallystone_database_logged_lsn", "The last chunk that is durable in the log.",
                overview.as_of_lsn);
  out->AddGauge("tallystone_database_applied_lsn", "The last chunk that is in the store.",
                overview.applied_lsn);
  out->AddGauge("tallystone_database_log_first_lsn",
                "The first chunk in the log, 0 if it is empty.", overview.log_first_lsn);
  out->AddGauge("tallystone_database_tail_chunks", "Chunks in the log that are not in the store.",
                overview.tail_chunks);
  out->AddGauge("tallystone_database_tail_lines", "Lines of these chunks.", overview.tail_lines);
  out->AddGauge("tallystone_database_tail_bytes", "Bytes of these chunks.", overview.tail_bytes);
  const uint64_t oldest = overview.tail_oldest_at_us;
  out->AddGauge("tallystone_database_tail_age_seconds",
                "Age of the oldest chunk that is not in the store, 0 if there is none.",
                oldest == 0 || oldest > overview.read_at_us ? 0 : overview.read_at_us - oldest,
                Unit::kMicros);
  out->AddGauge("tallystone_database_replay_unfinished", "1 while a key replay is not finished.",
                overview.replay_unfinished ? 1 : 0);
  out->AddGauge("tallystone_database_log_tail_torn",
                "1 if the log ends in a record that was never acknowledged.",
                overview.log_tail_torn ? 1 : 0);
}

void WriteContents(const DatabaseOverview& overview, PrometheusWriter* out) {
  out->AddGauge("tallystone_database_tenants", "Tenants.", overview.tenants);
  out->AddGauge("tallystone_database_items", "Items of all tenants.", overview.items.value);
  out->AddGauge("tallystone_database_batches", "Batches.", overview.batches.value);
  out->AddGauge("tallystone_database_batches_unfinished", "Batches that have not ended.",
                overview.batches_unfinished.value);
  out->AddGauge("tallystone_database_transactions", "Lines booked.", overview.transactions.value);
  out->Begin("tallystone_database_dead_letters", "gauge", "Dead letters, by cause.");
  for (int cause = 1; cause < kOutcomeCount; ++cause) {  // 0: accepted
    out->Sample({{"cause", OutcomeName(static_cast<Outcome>(cause))}},
                overview.dead_letters_by_cause[cause]);
  }
  out->AddGauge("tallystone_database_oldest_dead_letter_timestamp_seconds",
                "When the oldest dead letter failed, seconds since 1970, 0 if there is none.",
                overview.oldest_dead_letter_at_us, Unit::kMicros);
  out->AddGauge(
      "tallystone_database_estimated",
      "1 if one of the counts is an estimate, for there is much to count.",
      overview.items.exact && overview.batches.exact && overview.dead_letters.exact ? 0 : 1);
}

}  // namespace

std::string PrometheusText(const MetricsSnapshot& metrics) {
  PrometheusWriter out;
  WriteIngest(metrics, &out);
  WriteLog(metrics, &out);
  WriteStore(metrics, &out);
  WriteLettersAndMemory(metrics, &out);
  return out.text();
}

std::string PrometheusText(const DatabaseOverview& overview, std::string_view name) {
  PrometheusWriter out({"database", name});
  WriteReadable(true, &out);
  WriteTail(overview, &out);
  WriteContents(overview, &out);
  out.AddGauge("tallystone_database_log_bytes", "Size of the log on disk.", overview.log_bytes);
  out.AddGauge("tallystone_database_store_bytes", "Size of the store on disk.",
               overview.store_bytes);
  out.Begin("tallystone_database_family_bytes", "gauge",
            "Size of the sorted files of the store, by column family.");
  for (const FamilySize& family : overview.families) {
    out.Sample({{"family", family.name}}, family.bytes);
  }
  return out.text();
}

std::string PrometheusUnreadable(std::string_view name) {
  PrometheusWriter out({"database", name});
  WriteReadable(false, &out);
  return out.text();
}

}  // namespace tallystone
