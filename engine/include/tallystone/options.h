// Options of an engine and of a batch.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/batch.h"
#include "tallystone/listener.h"

namespace tallystone {

struct Options {
  // --- what the engine does ---

  // Make the database if it is not there. Off: Open answers kNotFound and creates nothing.
  bool create_if_missing = true;
  // The servers that hold the tenants, instead of a store in the database's directory: each as
  // libpq takes it, a URL or pairs. Passwords are not written down: they come with each Open, from
  // PGPASSWORD or from ~/.pgpass. Empty: as the database has it; a new one has its store inside.
  // All servers of a database must be named, or none. More may be named than before.
  std::vector<std::string> servers = {};
  // Take over servers that another directory wrote since, a copy of this one or its original: that
  // one is gone for good. What only its log has is lost, and what was logged here under LSNs that
  // it gave to its own lines is passed over. It is stopped also where the open is then refused
  // because the log is too old: what it has can be copied once more.
  bool take_over = false;
  // The most items of all tenants together; a line that needs one more fails as kCatalogueFull.
  // 1 .. 4,000,000,000. Price: about 200 bytes of memory each, more with long descriptions.
  uint64_t items_max = 20'000'000;
  // While a server is away, calls that need it (a full window, Flush, Close) answer its error at
  // once; with this they wait for it, until *stop_waiting is true. From then on a server is given a
  // second to take what is under way; after that an answer that does not come for 0.2 s ends its
  // connection, in Open too. What was under way is settled by the next Open. A login that is given
  // up goes on in a thread of its own, for 10 s a host at most (`connect_timeout`): a program that
  // ends before had better do so by _exit, which tears nothing down under it. For an embedded store
  // it changes nothing. Not owned, must outlive the engine.
  const std::atomic<bool>* stop_waiting = nullptr;
  // False: stop_waiting only ends waits for an answer; a server that is away is an error at once.
  bool wait_for_servers = true;
  // Neither is owned; both must outlive the engine. May be null.
  Logger* logger = nullptr;
  Listener* listener = nullptr;

  // --- how fast, and at what price ---

  // Lines of a window before it is drained to the store. 500 .. 4,194,304. Larger: fewer, better
  // sorted writes; price: memory (about 100 bytes a line, two windows) and a longer replay of the
  // log at open.
  size_t window_lines_max = 262'144;
  // A window with fewer lines than this is written by DB::Write, one with more is loaded as sorted
  // files. 0 = always load.
  size_t ingest_lines_min = 32'768;
  // A window older than this is drained even if it is not full. Milliseconds; 0 = never by age.
  uint32_t window_age_ms_max = 2'000;
  // Size of a segment of the batch log, bytes. 64 KiB .. 1 GiB, a multiple of 4096.
  size_t log_segment_bytes = 16u << 20;
  // Memory of RocksDB's block cache, bytes.
  size_t block_cache_bytes = 32u << 20;
  // Times a transient refusal of the store is tried again before the window goes key by key, and
  // the wait before the first, doubled each time.
  uint32_t store_retries_max = 5;
  uint32_t store_retry_delay_ms = 10;
};

// What to do with a line that matches no item.
enum class UnknownItemPolicy : uint8_t {
  kCreate = 0,  // make the item
  kReject = 1,  // the line fails as kUnknownItem
};

// How far a line without a known code, GTIN or name is mapped. Every mode maps by the exact rules
// first.
enum class MappingMode : uint8_t {
  kOfTenant = 0,  // as the tenant has it (Engine::SetMapping), kExact if it has nothing
  kExact = 1,     // no further
  kSuggest = 2,   // the items that it may mean are written down for review (kReview)
  kAuto = 3,      // booked on the one item that it means but for misspelled words (kFuzzy); else
                  // suggested
};
// "tenant", "exact", "suggest", "auto".
std::string_view MappingModeName(MappingMode mode);
// The inverse. False for an unknown name; *mode is then unchanged.
bool ParseMappingMode(std::string_view name, MappingMode* mode);

// What to do with a batch that has bad lines.
enum class BadLinePolicy : uint8_t {
  kContinue = 0,  // book the good lines, the bad ones become dead letters
  kRejectBatch =
      1,  // refuse the batch whole: Status kRejected, nothing logged; the result names the lines
};

struct IngestOptions {
  Durability level = Durability::kLogged;
  UnknownItemPolicy unknown_items = UnknownItemPolicy::kCreate;
  MappingMode mapping = MappingMode::kOfTenant;
  BadLinePolicy bad_lines = BadLinePolicy::kContinue;  // not for a BatchWriter
  bool line_results = true;                            // fill BatchResult::lines
};

}  // namespace tallystone
