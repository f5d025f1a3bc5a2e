// Drainer: brings the windows of a lane to its store and releases the log behind them (DESIGN 4.4
// to 4.6).
#pragma once

#include <thread>

#include "ingest/core.h"
#include "window/sort_window.h"

namespace tallystone {

class Drainer {
 public:
  Drainer(Core* core, Lane* lane) : core_(core), lane_(lane) {}
  ~Drainer() { Stop(); }
  Drainer(const Drainer&) = delete;
  Drainer& operator=(const Drainer&) = delete;

  // Starts the background thread.
  void Start();
  // Drains what there is, unless the store is stalled, and ends the thread. Harmless when repeated.
  void Stop();

  // Takes the next due window and drains it in the calling thread, one attempt. For recovery,
  // before Start; requires that a window is due.
  Status DrainOne();

 private:
  void Run();
  // Until the window is in the store, the engine stops while the store is stalled, or another
  // writer took over.
  void Drain(const Window& window);
  // One attempt. OK = the window is in the store.
  Status Attempt(const Window& window);
  // Fills sorted_ with what of the window is not in the store yet.
  Status Sort(const Window& window);
  // *replayed: the store refused it, and it went key by key.
  Status Apply(const Window& window, const Marker& before, ApplyInfo* info, bool* replayed);
  // The sorted window is in the store, after `micros`.
  void Note(uint64_t micros, bool ingested, bool replayed);
  void Finish(const Window& window);

  Core* const core_;
  Lane* const lane_;
  // Of the window that drains, used again for the next one.
  WindowSorter sorter_;
  SortedWindow sorted_;
  std::thread thread_;
};

}  // namespace tallystone
