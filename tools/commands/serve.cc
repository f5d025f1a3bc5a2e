// tallystone serve: the inspection page, live, for a browser on this machine.
#include "commands/command.h"
#include "output/terminal.h"
#include "serve/page_server.h"

namespace tallystone::tool {
namespace {

ExitCode Run(const ServeOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.snapshot.database, &inspector); !s.ok()) {
    return Fail(s);  // now, rather than in the browser
  }
  inspector.reset();
  const Status s = ServePage(options, [](const std::string& url) {
    Sink::Stdout().Write(url + "\n");
    Sink::Stdout().Flush().PermitUnchecked();  // told again by Finish
    if (IsTerminal(2)) {
      PrintMessage("serving; open the address in a browser, Ctrl-C ends");
    }
  });
  return s.ok() ? Finish() : Fail(s);
}

}  // namespace

void AddServeCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand(
      "serve", "Show the inspection page, live, to a browser on this machine");
  command->footer(
      "Prints the address on standard output and answers until Ctrl-C. Only programs of this "
      "machine\n"
      "can reach it, only who knows the address can read, nothing can be changed. The address is "
      "new\n"
      "each time: treat it like a password.\n"
      "Examples:\n"
      "  tallystone serve --db stock.db\n"
      "  tallystone serve --db stock.db --port 8090");
  auto options = std::make_shared<ServeOptions>();
  options->snapshot.live = true;
  AddDatabaseOption(command, &options->snapshot.database);
  command->add_option("--port", options->port, "Port; 0 (default) = any that is free")
      ->type_name("P")
      ->check(CLI::Range(0, 65535));
  command->add_flag("--verify", options->snapshot.full_proof,
                    "Prove every balance by its lines, as `verify` does; else as `verify --quick`");
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
