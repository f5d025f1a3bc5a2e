#include "ingest/tenant_mover.h"

#include <chrono>

#include "base/text.h"
#include "ingest/server_list.h"
#include "ingest/store_retry.h"

namespace tallystone {
namespace {

constexpr std::chrono::milliseconds kSettlePause(200);

// What the tenant's store says of it. `view` shows everything that was logged of it.
Status LookAt(Core* core, const Tenant& tenant, std::unique_ptr<StoreView>* view,
              TenantArrival* arrival) {
  TS_RETURN_IF_ERROR(core->log->Sync(core->log->last()));
  const Lsn last = core->log->last();
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

// Whether it arrived must be known: lines that were booked at the one server after the other had
// taken over would be lost. Who no longer waits to know it (Options::stop_waiting) ends the lane
// that it comes from until the next open, which finds out.
Status MoveIn(Core* core, Lane* leaves, Lane* to, const TenantArrival& arrival, StoreView* from) {
  {
    std::unique_ptr<StoreView> reached;
    TS_RETURN_IF_ERROR(to->store->NewView(&reached));
  }
  for (;;) {
    Status status = to->store->MoveIn(arrival, from);
    const bool settled = status.ok() || RemedyFor(status) == Remedy::kReplay ||
                         status.Is(StatusCode::kFenced) || status.Is(StatusCode::kNoSpace);
    if (settled || core->closed) {
      return status;
    }
    if (core->options.stop_waiting != nullptr && *core->options.stop_waiting) {
      status = Status::Interrupted("whether tenant '" + arrival.name +
                                   "' arrived is not known: the next open of the database finds "
                                   "out (" +
                                   status.message() + ")");
      leaves->windows->SetStalled(status);
      return status;
    }
    core->Log(LogLevel::kWarning, to->Prefix() + "whether tenant '" + arrival.name +
                                      "' arrived is not known yet: " + status.ToString());
    to->windows->Pause(kSettlePause);
  }
}

}  // namespace

Status MoveTenant(Core* core, Tenant* tenant, Lane* to) {
  // Nothing of the tenant is mapped or appended until it is there.
  const std::lock_guard lock(tenant->mutex);
  Lane* const from = tenant->lane;
  if (from == to) {
    return from->store->RequestMove(tenant->id, "");  // it need not move any more
  }
  TenantArrival arrival;
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(LookAt(core, *tenant, &view, &arrival));
  core->Log(LogLevel::kInfo,
            "tenant '" + tenant->name + "' moves from " + from->name + " to " + to->name);
  TS_RETURN_IF_ERROR(MoveIn(core, from, to, arrival, view.get()));
  view.reset();
  to->windows->ForgetBalances();
  tenant->lane = to;
  ++tenant->forgotten;
  // Views of the servers are made one after the other: none may see the tenant before it came to
  // the one and after it left the other.
  const std::unique_lock routes(core->routes);
  const Status left = from->store->MoveOut(tenant->id, arrival.generation - 1);
  if (!left.ok()) {
    core->Log(LogLevel::kWarning,
              from->Prefix() + "what it had of tenant '" + tenant->name +
                  "', which moved, is removed at the next open: " + left.ToString());
  }
  from->windows->ForgetBalances();
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

void RunRequestedMoves(Core* core) {
  for (const auto& lane : core->lanes) {
    std::map<TenantId, TenantHome> homes;
    std::unique_ptr<StoreView> view;
    Status status = lane->store->NewView(&view);
    if (status.ok()) {
      status = view->ReadHomes(&homes);
    }
    view.reset();
    if (!status.ok()) {
      continue;  // the drain says what is wrong with this server
    }
    for (const auto& [id, home] : homes) {
      Tenant* const tenant = core->tenants.Find(id);
      if (home.move_to.empty() || !home.here || tenant == nullptr || tenant->lane != lane.get()) {
        continue;
      }
      Lane* to = nullptr;
      status = FindLane(*core, HexText(home.move_to), &to);
      if (status.ok()) {
        status = MoveTenant(core, tenant, to);
      }
      if (!status.ok()) {
        core->Log(LogLevel::kWarning,
                  "tenant '" + tenant->name + "' could not move: " + status.ToString());
      }
    }
  }
}

}  // namespace tallystone
