// Callbacks from the engine to its host.
#pragma once

#include <cstdint>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone {

enum class LogLevel : uint8_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// Where the engine's messages go. The engine prints nothing itself.
// [Threading] Called from any thread that works in the engine, also from several at once.
// [Locking] Engine locks may be held: do not call the engine from here, and return quickly.
// [Exceptions] Must not throw.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(LogLevel level, std::string_view message) = 0;
};

struct DrainEvent {
  uint64_t first_lsn = 0;
  uint64_t last_lsn = 0;
  uint64_t lines = 0;
  uint64_t keys = 0;      // distinct (tenant, item) pairs
  uint64_t micros = 0;    // time it took to sort and store
  bool ingested = false;  // loaded as SST files rather than DB::Write
  bool replayed = false;  // went key by key
};

struct ReplayKeyEvent {
  std::string_view tenant;
  uint32_t item = 0;
  uint64_t index = 0;  // of this key in the window, 0-based
  uint64_t count = 0;  // keys of the window
  bool rejected = false;
  std::string_view cause;  // the store's words, when rejected
};

// What Open found above the store's marker and did about it.
struct RecoveryEvent {
  uint64_t applied_lsn = 0;  // the store's marker as it was found
  uint64_t last_lsn = 0;     // the end of the log
  uint64_t chunks = 0;       // read back from the log
  uint64_t lines = 0;
  uint64_t micros = 0;            // that Open took
  bool log_tail_torn = false;     // something that was never acknowledged was cut
  bool replay_continued = false;  // a key replay was finished that had been interrupted
};

// What happens in the background.
// [Order] Events of one kind come in the order they happened. [Threading] The drain thread, or the
// thread in Open. [Locking] No engine lock is held. [Exceptions] Must not throw.
class Listener {
 public:
  virtual ~Listener() = default;
  // Once, before Open answers OK.
  virtual void OnRecovered(const RecoveryEvent&) {}
  virtual void OnDrained(const DrainEvent&) {}
  virtual void OnWindowRefused(const Status&, uint64_t /*first_lsn*/, uint64_t /*last_lsn*/) {}
  virtual void OnReplayKey(const ReplayKeyEvent&) {}
  // The store cannot be written (I/O error, no space, damage): the drain waits and tries again.
  virtual void OnStoreUnavailable(const Status&) {}
  virtual void OnStoreAvailable() {}
  // The log cannot be written: nothing more is taken until the database is reopened. Unlike the
  // others from the thread of a caller, with locks of the engine held: do not call it from here.
  virtual void OnLogStopped(const Status&) {}
};

}  // namespace tallystone
