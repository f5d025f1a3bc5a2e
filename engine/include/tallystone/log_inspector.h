// LogInspector: looks at the batch log of a database record by record, sound or not.
//
// Where an Inspector refuses a damaged log, this one says what is damaged, what that means for
// whom, and goes on with the next sound record. It takes no lock and writes nothing; a writer may
// be at work and release segments meanwhile, which is never taken for damage.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tallystone/inspector.h"

namespace tallystone {

// A file of the log.
struct LogSegment {
  uint64_t sequence = 0;  // of a free one: of its last life
  std::string file;       // name in the log's directory
  bool live = false;      // false = it waits to be written again, and says nothing
  uint64_t first_lsn = 0;
  uint64_t last_lsn = 0;  // 0 = no record
  uint64_t records = 0;   // sound ones
  uint64_t bytes_used = 0;
  uint64_t bytes = 0;      // of the file
  bool in_store = false;   // the store has every record of it
  uint64_t damage = 0;     // places that cannot be read
  bool torn_tail = false;  // it ends in something that was never acknowledged
};

// A line of a record, as it was decided. Of a failed line the numbers are as received.
struct LogLine {
  uint64_t line = 0;  // within the batch, from 1
  Outcome outcome = Outcome::kAccepted;
  DecidedBy decided_by = DecidedBy::kNone;
  uint32_t item = 0;  // 0 = none
  std::string quantity, unit_cost;
  // Code and description are empty where they are the item's and the item is not known.
  std::string code, description, vendor, vendor_code, gtin, unit, document, time, line_id;
  std::string raw, detail;  // of a failed line
  uint32_t attempts = 1;    // of a failed line: how often it was tried
  uint32_t score = 0;       // of kFuzzy and kReview, in thousandths
  uint32_t runner_up = 0;   // the next best item, 0 = none
  uint32_t runner_up_score = 0;
};

// A record: a chunk of one batch.
struct LogRecord {
  uint64_t lsn = 0;
  uint64_t accepted_at_us = 0;  // microseconds since 1970 UTC
  std::string tenant;           // "#3" where the name of number 3 is not known
  std::string batch;
  bool first = false;       // of its batch
  bool last = false;        // of its batch
  bool retry = false;       // its lines are dead letters, tried again
  bool drop = false;        // its lines are dead letters that a person gave up
  bool new_tenant = false;  // it is the first of its tenant
  uint64_t first_line = 0;
  uint64_t lines = 0;
  uint64_t accepted = 0;
  uint64_t failed = 0;
  uint64_t new_items = 0;
  uint64_t aliases = 0;
  uint64_t records = 0;  // other changes of the catalogue
  uint64_t payload_bytes = 0;
  std::vector<LogLine> content;  // if it was asked for
};

// Where a batch stands at the edge of something that cannot be read.
struct LogNeighbour {
  uint64_t lsn = 0;  // 0 = there is none
  std::string tenant, batch;
  uint64_t line = 0;  // the last one before, or the first one behind
};

// Bytes that cannot be trusted.
struct LogDamage {
  std::string what;           // one sentence: what is expected, what is there
  uint64_t first_lsn = 0;     // records that are missing; 0 = it is not known which
  uint64_t last_lsn = 0;      // 0 = it is not known how many
  bool in_store = false;      // the store has all of them: no line is lost
  bool nothing_lost = false;  // no record stood there
  LogNeighbour before, behind;
  std::string meaning;  // for a person: who lost what, and what to do
};

enum class LogEntryKind : uint8_t {
  kRecord = 0,
  kDamage = 1,
  kTornTail = 2,  // the log ends in something that was never acknowledged: no damage
  kReleased = 3,  // a writer released the segment meanwhile: the store has it
};

struct LogEntry {
  LogEntryKind kind = LogEntryKind::kRecord;
  uint64_t segment = 0;     // sequence; 0 = of the log as a whole
  std::string file;         // path
  uint64_t offset = 0;      // where it begins in the file, bytes
  uint64_t end_offset = 0;  // where the next record may begin
  LogRecord record;         // kRecord
  LogDamage damage;         // kDamage
};

// What a log is worth to the store beside it. Every command takes its word from here.
enum class LogState : uint8_t {
  kSound = 0,      // the engine opens it; it may end in something that was never acknowledged
  kNotNeeded = 1,  // damaged, but what cannot be read is in the store: no line is lost
  kLost = 2,       // records that the store does not have cannot be read, or are missing
  kAbsent = 3,     // there is none, or it ends before the store does: what it had is not known
  kUnknown = 4,    // damaged, and no store says what it has of it
};
std::string_view LogStateName(LogState state);  // "not_needed"

// Records of one batch that can be read, but stand behind some that cannot: the engine never books
// a record without those before it.
struct StrandedBatch {
  std::string tenant;  // "#3" where the name of number 3 is not known
  std::string batch;
  bool retry = false;  // its dead letters, tried again
  bool drop = false;   // its dead letters, given up
  uint64_t first_lsn = 0, last_lsn = 0;
  uint64_t records = 0;
  uint64_t lines = 0;
  uint64_t first_line = 0, last_line = 0;  // of the batch
};

struct LogReport {
  bool sound = true;  // state is kSound
  LogState state = LogState::kSound;
  std::string meaning;  // of the state, for a person; "" where it is sound
  // Records above the store's marker that follow it without a gap: the engine books them, if need
  // be after SalvageLog. 0 = there is none.
  uint64_t usable_first_lsn = 0, usable_last_lsn = 0;
  uint64_t usable_lines = 0;
  std::vector<StrandedBatch> stranded;  // by LSN
  uint64_t stranded_records = 0;
  uint64_t stranded_last_lsn = 0;
  uint64_t stranded_lines = 0;
  uint64_t segments = 0;  // live ones
  uint64_t free_segments = 0;
  uint64_t records = 0;
  uint64_t lines = 0;
  uint64_t bytes = 0;     // of the records
  uint64_t released = 0;  // segments that a writer released meanwhile
  bool torn_tail = false;
  std::string torn_at;           // "log/0000000002.log at byte 8192"
  std::vector<LogEntry> damage;  // the first 100
  uint64_t damage_count = 0;
};

// Not thread-safe. Shows the state of the moment it was opened.
class LogInspector {
 public:
  // kNotFound: there is no database at `path`. A store that cannot be read is no error: see
  // store_problem.
  static Status Open(const Options& options, const std::string& path,
                     std::unique_ptr<LogInspector>* inspector);
  // Of a log that a repair put aside in the database's directory, by its name ("log.damaged-1").
  // The store went on without it, under LSNs of its own: its marker says nothing of this log.
  // kNotFound, kInvalidArgument.
  static Status OpenKept(const Options& options, const std::string& path, const std::string& name,
                         std::unique_ptr<LogInspector>* inspector);
  virtual ~LogInspector() = default;

  // Live ones by sequence, then free ones.
  [[nodiscard]] virtual const std::vector<LogSegment>& segments() const = 0;

  // In log order; of `filter` the tenant, the batch and the LSNs count. `content`: with the lines.
  // Damage is shown wherever a record that passes may have stood. Must be destroyed before its
  // inspector.
  virtual Status NewCursor(const Filter& filter, bool content,
                           std::unique_ptr<Cursor<LogEntry>>* cursor) = 0;

  // Reads and decodes every record; compares the log's ends with the store's marker. Sound is what
  // Engine::Open takes, as far as the log goes, and nothing else.
  virtual Status Verify(const ProgressFunction& progress, LogReport* report) = 0;

  [[nodiscard]] virtual uint64_t as_of_lsn() const = 0;    // the last record
  [[nodiscard]] virtual uint64_t applied_lsn() const = 0;  // the store has everything up to here
  // Why the store could not be read: names of tenants and what the store has are then not known.
  // "" = it could.
  [[nodiscard]] virtual const std::string& store_problem() const = 0;
};

}  // namespace tallystone
