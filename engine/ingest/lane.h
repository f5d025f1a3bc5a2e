// Lane: the way from the log to one store. An engine has one for each server that it writes to, and
// one if its store is embedded; every tenant goes by one of them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/window_set.h"
#include "store/store.h"

namespace tallystone {

struct Lane {
  std::string name;  // of the server, as it was given; "" = the embedded store
  std::unique_ptr<Store> store;
  // Holds the chunks of the lane's tenants, and passes the places of the others: so its marker
  // passes them too.
  std::unique_ptr<WindowSet> windows;
  // The store's marker as it was last read back: the log is released below the lowest.
  std::atomic<Lsn> stored = 0;

  // What its messages begin with.
  [[nodiscard]] std::string Prefix() const { return name.empty() ? name : name + ": "; }
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

// The lane of a tenant that no store has yet: the one whose server's identity and the tenant's name
// hash highest together (rendezvous hashing: D. Thaler, C. Ravishankar, Using Name-Based Mappings
// to Increase Hit Rates, 1998). A server more takes its share from all others and moves nothing
// else.
Lane* LaneForNewTenant(const Lanes& lanes, std::string_view tenant);

// What may not be in one of the stores yet: those of its chunks that a lane holds. Take views of
// the stores after, not before.
LogStretch PendingChunks(const Lanes& lanes);

// The lowest of Lane::stored.
Lsn LowestStored(const Lanes& lanes);

}  // namespace tallystone
