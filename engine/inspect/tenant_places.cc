#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/text.h"
#include "ingest/server_list.h"
#include "inspect/opened_database.h"
#include "tallystone/tenants.h"

namespace tallystone {
namespace {

// A tenant, and the store that has it.
struct Place {
  std::string name;
  size_t store = 0;
  TenantHome home;
};

class Places {
 public:
  Status Open(const Options& options, const std::string& path);
  // The servers alone, without the log.
  Status OpenServers(const Options& options, const std::string& path);

  [[nodiscard]] const std::map<TenantId, Place>& all() const { return places_; }
  [[nodiscard]] Store* store(size_t index) const { return opened_.stores[index].get(); }
  [[nodiscard]] const std::vector<ServerEntry>& servers() const { return servers_; }

 private:
  Status Look(size_t index);

  OpenedDatabase opened_;
  std::vector<ServerEntry> servers_;
  std::map<TenantId, Place> places_;
};

Status Places::Open(const Options& options, const std::string& path) {
  FileSystem* const files = FileSystem::Posix();
  TS_RETURN_IF_ERROR(OpenToRead(options, path, files, nullptr, &opened_));
  TS_RETURN_IF_ERROR(ReadServerList(files, path, &servers_));
  for (size_t index = 0; index < opened_.stores.size(); ++index) {
    TS_RETURN_IF_ERROR(Look(index));
  }
  return Status::Ok();
}

Status Places::OpenServers(const Options& options, const std::string& path) {
  TS_RETURN_IF_ERROR(ReadServerList(FileSystem::Posix(), path, &servers_));
  if (servers_.empty()) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(OpenListedServers(options, path, FileSystem::Posix(), true, &opened_.stores));
  for (size_t index = 0; index < opened_.stores.size(); ++index) {
    TS_RETURN_IF_ERROR(Look(index));
  }
  return Status::Ok();
}

Status Places::Look(size_t index) {
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(store(index)->NewView(&view));
  std::map<TenantId, TenantHome> homes;
  TS_RETURN_IF_ERROR(view->ReadHomes(&homes));
  auto tenants = view->Tenants();
  for (tenants->SeekToFirst(); tenants->Valid(); tenants->Next()) {
    const auto& [tenant, name] = tenants->value();
    const TenantHome home = homes[tenant];
    if (!home.here) {
      continue;
    }
    const auto [place, fresh] = places_.try_emplace(tenant);
    if (fresh || place->second.home.generation < home.generation) {
      place->second = {name, index, home};
    }
  }
  return tenants->status();
}

}  // namespace

Status ListTenants(const Options& options, const std::string& path,
                   std::vector<TenantPlace>* tenants) {
  tenants->clear();
  Places places;
  TS_RETURN_IF_ERROR(places.Open(options, path));
  for (const auto& [number, place] : places.all()) {
    TenantPlace& listed = tenants->emplace_back();
    listed.tenant = place.name;
    listed.number = number;
    listed.server_id = HexText(places.store(place.store)->server_id());
    listed.moves_to = HexText(place.home.move_to);
    for (const ServerEntry& server : places.servers()) {
      if (server.id == places.store(place.store)->server_id()) {
        listed.server = server.connection;
      }
    }
  }
  return Status::Ok();
}

Status ListServers(const Options& options, const std::string& path,
                   std::vector<ServerPlace>* servers) {
  servers->clear();
  Places places;
  TS_RETURN_IF_ERROR(places.OpenServers(options, path));
  for (const ServerEntry& server : places.servers()) {
    ServerPlace& listed = servers->emplace_back();
    listed.server = server.connection;
    listed.server_id = HexText(server.id);
    for (const auto& [number, place] : places.all()) {
      listed.tenants += places.store(place.store)->server_id() == server.id;
    }
  }
  return Status::Ok();
}

Status RequestTenantMove(const Options& options, const std::string& path, std::string_view tenant,
                         const std::string& server, std::string* server_id) {
  Places places;
  TS_RETURN_IF_ERROR(places.Open(options, path));
  const auto found = std::find_if(places.all().begin(), places.all().end(),
                                  [&](const auto& entry) { return entry.second.name == tenant; });
  if (found == places.all().end()) {
    return Status::NotFound("no store has anything of tenant '" + std::string(tenant) + "' yet");
  }
  size_t index = 0;
  TS_RETURN_IF_ERROR(FindServer(places.servers(), server, &index));
  *server_id = HexText(places.servers()[index].id);
  const Place& place = found->second;
  const bool there = places.store(place.store)->server_id() == places.servers()[index].id;
  return places.store(place.store)
      ->RequestMove(found->first, there ? std::string() : places.servers()[index].id);
}

}  // namespace tallystone
