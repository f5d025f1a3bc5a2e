// What a tenant that moved to another server leaves behind, and how it is removed: beside the
// writer, on a connection of its own, under the same epoch.
#pragma once

#include <cstdint>
#include <functional>

#include "store/postgres/connection.h"
#include "store/store.h"

namespace tallystone::postgres {

struct Leavings {
  TenantId tenant = 0;
  uint64_t epoch = 0;       // of the writer
  uint64_t generation = 0;  // or a lower one
};

// The tenant is not here any more; one statement. OK also where it was not here. kFenced: another
// writer took over.
Status MarkLeaving(Connection* connection, const Leavings& leavings);

// Removes what is left, some thousand rows a transaction, and says that it is gone. kInterrupted:
// stop() between two of them.
Status RemoveLeavings(Connection* connection, const Leavings& leavings,
                      const std::function<bool()>& stop);

}  // namespace tallystone::postgres
