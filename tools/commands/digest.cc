// tallystone digest: one number for everything that a database says.
#include "commands/command.h"
#include "output/json.h"
#include "output/progress.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

struct DigestOptions {
  std::string database;
  bool json = false;
};

ExitCode Run(const DigestOptions& options) {
  LetSignalsEndAtOnce();
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  DatabaseStatus status;
  Progress progress("reading " + options.database);
  const Status s = inspector->GetStatus(
      [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &status);
  progress.Clear();
  if (!s.ok()) {
    return Fail(s);
  }
  std::string text;
  if (options.json) {
    JsonWriter json(&text);
    json.BeginObject();
    json.Field("schema_version", uint64_t{kJsonSchemaVersion});
    json.Field("as_of_lsn", status.as_of_lsn);
    json.Field("state_digest", status.state_digest);
    json.EndObject();
  } else {
    text = status.state_digest + "  as of LSN " + std::to_string(status.as_of_lsn);
  }
  Sink::Stdout().Write(text + "\n");
  return Finish();
}

}  // namespace

void AddDigestCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("digest", "Print a digest of everything that the database says");
  command->footer(
      "Equal for equal balances, transactions and outcomes, however they came about: compare two\n"
      "copies, or the same before and after. Reads everything once.\n"
      "Examples:\n"
      "  tallystone digest --db stock.db\n"
      "  tallystone digest --db stock.db --json");
  auto options = std::make_shared<DigestOptions>();
  AddDatabaseOption(command, &options->database);
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
