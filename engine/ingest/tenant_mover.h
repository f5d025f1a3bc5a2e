// Tenants move from one server to another while the engine works.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "ingest/core.h"

namespace tallystone {

// Moves the tenant to the lane. Its callers wait meanwhile, those of other tenants do not. What it
// has comes over as one transaction of the other server, which decides: a crash before it leaves
// the tenant where it was, one behind it is finished at the next open. OK: it is there. An error:
// it is where it was, unless Tenant::adrift is set: whether it moved is not known, and somebody
// stopped waiting for the answer.
Status MoveTenant(Core* core, Tenant* tenant, Lane* to);

// The lane of a server, by what FindServer takes.
Status FindLane(const Core& core, const std::string& server, Lane** lane);

// Moves the tenants for which somebody wrote down that they shall (Store::RequestMove). A move that
// fails stays written down and is tried again, later each time; one that is refused for what the
// tenant has does not. Not thread-safe.
class RequestedMoves {
 public:
  explicit RequestedMoves(Core* core) : core_(core) {}

  // One round.
  void Run();

 private:
  using Clock = std::chrono::steady_clock;
  // A tenant that could not move.
  struct Wait {
    std::string to;  // server_id
    Clock::time_point until;
    std::chrono::milliseconds delay{};
  };

  void Try(Tenant* tenant, Lane* from, const std::string& server_id);

  Core* const core_;
  std::map<TenantId, Wait> waits_;
};

}  // namespace tallystone
