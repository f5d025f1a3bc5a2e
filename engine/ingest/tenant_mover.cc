#include "ingest/tenant_mover.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "ingest/server_list.h"
#include "ingest/store_retry.h"

namespace tallystone {
namespace {

constexpr std::chrono::milliseconds kSettlePause(200);
// Between two tries of a move that somebody wrote down; doubled each time.
constexpr std::chrono::milliseconds kDelayMin(1000), kDelayMax(60'000);

// What the tenant's store says of it. `view` shows everything that was logged of it.
Status LookAt(Core* core, const Tenant& tenant, std::unique_ptr<StoreView>* view,
              TenantArrival* arrival) {
  // Nothing of the tenant is appended meanwhile. What others append from now on is not waited for:
  // who appends it may be waiting for the tenant before he syncs it.
  const Lsn last = core->log->last();
  TS_RETURN_IF_ERROR(core->log->Sync(last));
  TS_RETURN_IF_ERROR(tenant.windows()->WaitApplied(last));
  TS_RETURN_IF_ERROR(tenant.store()->NewView(view));
  std::map<TenantId, TenantHome> homes;
  TS_RETURN_IF_ERROR((*view)->ReadHomes(&homes));
  const auto home = homes.find(tenant.id);
  arrival->tenant = tenant.id;
  arrival->name = tenant.name;
  arrival->applied = last;
  arrival->generation = (home == homes.end() ? 0 : home->second.generation) + 1;
  return Status::Ok();
}

// What a tenant that moved left.
struct Departure {
  Lane* from = nullptr;  // null: it did not move
  uint64_t generation = 0;
  Status status;  // of MoveOut
};

bool StopsWaiting(const Core& core) {
  return core.closed || (core.options.stop_waiting != nullptr && *core.options.stop_waiting);
}

// What the lane still has of the tenant from the last time that it was there.
Status MakeRoom(Core* core, const Lane& to, const TenantArrival& arrival) {
  TS_RETURN_IF_ERROR(to.store->MoveOut(arrival.tenant, arrival.generation - 1));
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(to.store->NewView(&view));
  std::map<TenantId, TenantHome> homes;
  TS_RETURN_IF_ERROR(view->ReadHomes(&homes));
  const auto home = homes.find(arrival.tenant);
  return home != homes.end() && home->second.leaving
             ? to.store->RemoveLeft(arrival.tenant, arrival.generation - 1,
                                    [core] { return StopsWaiting(*core); })
             : Status::Ok();
}

// Whether it arrived must be known: lines that were booked at the one server after the other had
// taken over would be lost. Until it is, the tenant is adrift. A call that is known to have brought
// nothing, since one of the servers failed before, ends the move.
Status MoveIn(Core* core, Tenant* tenant, Lane* to, const TenantArrival& arrival, StoreView* from) {
  TS_RETURN_IF_ERROR(MakeRoom(core, *to, arrival));
  bool unknown = tenant->adrift != nullptr;
  for (;;) {
    Status status = to->store->MoveIn(arrival, from, &unknown);
    tenant->adrift = unknown ? to : nullptr;
    if (!unknown || status.Is(StatusCode::kFenced)) {
      return status;
    }
    if (StopsWaiting(*core)) {
      return Status::Interrupted("whether tenant '" + arrival.name +
                                 "' arrived is not known: the next open of the database finds out "
                                 "(" +
                                 status.message() + ")");
    }
    core->Log(LogLevel::kWarning, to->Prefix() + "whether tenant '" + arrival.name +
                                      "' arrived is not known yet: " + status.ToString());
    to->windows->Pause(kSettlePause);
  }
}

// When it is done, the tenant is there, and goes by that lane.
Status BringOver(Core* core, Tenant* tenant, Lane* to, Departure* departure) {
  // Nothing of the tenant is mapped or appended until it is there.
  const std::lock_guard lock(tenant->mutex);
  Lane* const from = tenant->lane;
  if (tenant->adrift != nullptr && tenant->adrift != to) {
    return Status::Unavailable("whether tenant '" + tenant->name + "' moved to " +
                               tenant->adrift->name + " is not known");
  }
  if (!tenant->logged) {
    // No store has it, and the next open may give its number to another.
    return Status::NotFound("nothing of tenant '" + tenant->name +
                            "' was logged yet: there is nothing to move");
  }
  if (from == to) {
    return from->store->RequestMove(tenant->id, "");  // it need not move any more
  }
  TenantArrival arrival;
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(LookAt(core, *tenant, &view, &arrival));
  arrival.stop = [core] { return StopsWaiting(*core); };
  core->Log(LogLevel::kInfo,
            "tenant '" + tenant->name + "' moves from " + from->name + " to " + to->name);
  TS_RETURN_IF_ERROR(MoveIn(core, tenant, to, arrival, view.get()));
  view.reset();
  to->windows->ForgetBalances();
  tenant->lane = to;
  ++tenant->forgotten;
  // Views of the servers are made one after the other: none may see the tenant before it came to
  // the one and after it left the other.
  const std::unique_lock routes(core->routes);
  departure->from = from;
  departure->generation = arrival.generation - 1;
  departure->status = from->store->MoveOut(tenant->id, departure->generation);
  from->windows->ForgetBalances();
  return Status::Ok();
}

}  // namespace

Status MoveTenant(Core* core, Tenant* tenant, Lane* to) {
  Departure departure;
  TS_RETURN_IF_ERROR(BringOver(core, tenant, to, &departure));
  if (departure.from == nullptr) {
    return Status::Ok();
  }
  // Nobody waits for this.
  if (departure.status.ok()) {
    departure.status = departure.from->store->RemoveLeft(tenant->id, departure.generation,
                                                         [core] { return StopsWaiting(*core); });
  }
  if (!departure.status.ok()) {
    core->Log(LogLevel::kWarning,
              departure.from->Prefix() + "what it had of tenant '" + tenant->name +
                  "', which moved, is removed at the next open: " + departure.status.ToString());
  }
  return Status::Ok();
}

Status FindLane(const Core& core, const std::string& server, Lane** lane) {
  std::vector<ServerEntry> servers;
  for (const auto& each : core.lanes) {
    if (!each->name.empty()) {
      servers.push_back({each->store->server_id(), each->name});
    }
  }
  size_t index = 0;
  TS_RETURN_IF_ERROR(FindServer(servers, server, &index));
  *lane = core.lanes[index].get();
  return Status::Ok();
}

void RequestedMoves::Run() {
  std::map<TenantId, Wait> waits;  // of those that are still wanted
  for (const auto& lane : core_->lanes) {
    std::map<TenantId, TenantHome> homes;
    std::unique_ptr<StoreView> view;
    Status status = lane->store->NewView(&view);
    if (status.ok()) {
      status = view->ReadHomes(&homes);
    }
    view.reset();
    if (!status.ok()) {
      waits.insert(waits_.begin(), waits_.end());
      continue;  // the drain says what is wrong with this server
    }
    for (const auto& [id, home] : homes) {
      Tenant* const tenant = core_->tenants.Find(id);
      if (home.move_to.empty() || !home.here || tenant == nullptr || tenant->lane != lane.get()) {
        continue;
      }
      const auto known = waits_.find(id);
      Wait wait = known == waits_.end() ? Wait{} : known->second;
      if (wait.to != home.move_to) {
        wait = {home.move_to, Clock::time_point::min(), {}};
      }
      if (Clock::now() >= wait.until) {
        Try(tenant, lane.get(), home.move_to);
        wait.delay = std::clamp(wait.delay * 2, kDelayMin, kDelayMax);
        wait.until = Clock::now() + wait.delay;
      }
      waits[id] = wait;
    }
  }
  waits_ = std::move(waits);
}

void RequestedMoves::Try(Tenant* tenant, Lane* from, const std::string& server_id) {
  Lane* to = nullptr;
  Status status = FindLane(*core_, HexText(server_id), &to);
  if (status.ok()) {
    status = MoveTenant(core_, tenant, to);
  }
  if (status.ok()) {
    return;
  }
  // Each try copies the tenant while its callers wait: what is refused for the data will be again.
  const bool refused = RemedyFor(status) == Remedy::kReplay;
  if (refused) {
    from->store->RequestMove(tenant->id, "").PermitUnchecked();  // else it is tried again later
  }
  core_->Log(LogLevel::kWarning, "tenant '" + tenant->name + "' could not move" +
                                     (refused ? ", and is not tried again: " : ": ") +
                                     status.ToString());
}

}  // namespace tallystone
