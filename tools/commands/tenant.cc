// tallystone tenant: on which servers tenants are, and moving one.
#include <chrono>
#include <thread>

#include "commands/list.h"
#include "output/text.h"
#include "process/give_way.h"
#include "process/interrupt.h"
#include "tallystone/tenants.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

// Between two looks whether the tenant has moved.
constexpr std::chrono::milliseconds kPause(200);

struct MoveOptions {
  std::string database;
  std::string tenant;
  std::string server;
  bool no_wait = false;
};

// A signal ends the waits for a server.
Options Stoppable() {
  Options options;
  options.stop_waiting = &InterruptFlag();
  return options;
}

ExitCode RunList(const ListOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  std::vector<TenantPlace> tenants;
  if (const Status s = ListTenants(Stoppable(), options.database, &tenants); !s.ok()) {
    return Fail(s);
  }
  VectorCursor<TenantPlace> cursor(std::move(tenants));
  return ListRecords(
      options, {"tenants", inspector->as_of_lsn()},
      {{"tenant", Kind::kText},
       {"number", Kind::kCount},
       {"server", Kind::kText},
       {"server_id", Kind::kText},
       {"moves_to", Kind::kText}},
      &cursor, [](const TenantPlace&) { return true; },
      [](const TenantPlace& place, std::vector<std::string>* row) {
        *row = {place.tenant, std::to_string(place.number), place.server, place.server_id,
                place.moves_to};
      });
}

// The process that writes the database moves it.
Status AskForMove(const MoveOptions& options) {
  std::string server_id;
  Status s =
      RequestTenantMove(Stoppable(), options.database, options.tenant, options.server, &server_id);
  if (!s.ok()) {
    return s;
  }
  PrintMessage("another process writes " + options.database + "; it was asked to move tenant '" +
               options.tenant + "'");
  while (!options.no_wait) {
    std::vector<TenantPlace> tenants;
    s = ListTenants(Stoppable(), options.database, &tenants);
    if (!s.ok()) {
      return s;
    }
    for (const TenantPlace& place : tenants) {
      if (place.tenant == options.tenant && place.server_id == server_id) {
        return Status::Ok();
      }
    }
    if (Interrupted()) {
      return Status::Interrupted("no longer waiting; the tenant moves all the same, when it can");
    }
    if (LockHolder(options.database + "/LOCK") <= 0) {
      return Status::TryAgain("that process ended before it moved the tenant: run this once more");
    }
    std::this_thread::sleep_for(kPause);
  }
  return Status::Ok();
}

ExitCode RunMove(const MoveOptions& options) {
  std::unique_ptr<Engine> engine;
  Status s = OpenEngine(options.database, false, &engine);
  const bool asked = s.Is(StatusCode::kBusy);
  if (asked) {
    s = AskForMove(options);
  } else if (s.ok()) {
    s = engine->MoveTenant(options.tenant, options.server);
    const Status closed = engine->Close();
    s = s.ok() ? closed : s;
  }
  if (!s.ok()) {
    return Fail(s);
  }
  if (!asked || !options.no_wait) {
    PrintMessage("tenant '" + options.tenant + "' is on " + options.server);
  }
  return Finish();
}

}  // namespace

void AddTenantCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* tenant = parent->add_subcommand("tenant", "On which servers tenants are");
  tenant->require_subcommand(1);
  CLI::App* list = tenant->add_subcommand("list", "List tenants with their servers");
  list->footer(
      "Servers without tenants, too, are in `tallystone status`.\n"
      "Examples:\n"
      "  tallystone tenant list --db stock.db\n"
      "  tallystone tenant list --db stock.db --format csv");
  auto listing = std::make_shared<ListOptions>();
  AddDatabaseOption(list, &listing->database);
  AddFormatOption(list, &listing->format);
  list->callback([=] { chosen->run = [=] { return RunList(*listing); }; });

  CLI::App* move = tenant->add_subcommand("move", "Move a tenant to another server");
  move->footer(
      "Also while another process imports: that one is asked to move the tenant, which waits\n"
      "meanwhile; others go on. It comes over as one transaction of the other server: after a\n"
      "crash it is whole on one of the two, and the same command brings it where it shall be.\n"
      "Examples:\n"
      "  tallystone tenant move acme --to 26b06d --db stock.db\n"
      "  tallystone tenant move acme --to 'dbname=stock host=db2 user=stock' --db stock.db");
  auto options = std::make_shared<MoveOptions>();
  move->add_option("NAME", options->tenant, "Its name")->required();
  move->add_option("--to", options->server,
                   "The server: its identity or the beginning of it as `tenant list` shows it, or "
                   "how it is reached, as for --store")
      ->required()
      ->type_name("SERVER");
  AddDatabaseOption(move, &options->database);
  move->add_flag("--no-wait", options->no_wait, "Do not wait until another process has moved it");
  move->callback([=] { chosen->run = [=] { return RunMove(*options); }; });
}

}  // namespace tallystone::tool
