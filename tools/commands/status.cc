// tallystone status: the state of a database.
#include <functional>

#include <fmt/format.h>

#include "commands/command.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

struct StatusOptions {
  std::string database;
  bool json = false;
};

void PrintJson(const DatabaseStatus& status) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("as_of_lsn", status.as_of_lsn);
  json.Field("applied_lsn", status.applied_lsn);
  json.Field("log_first_lsn", status.log_first_lsn);
  json.Field("log_last_lsn", status.log_last_lsn);
  json.Field("tail_lines", status.tail_lines);
  json.Flag("replay_unfinished", status.replay_unfinished);
  json.Flag("log_tail_torn", status.log_tail_torn);
  json.Field("tenants", status.tenants);
  json.Field("items", status.items);
  json.Field("balances", status.balances);
  json.Field("transactions", status.transactions);
  json.Field("batches", status.batches);
  json.Field("batches_unfinished", status.batches_unfinished);
  json.Field("dead_letters", status.dead_letters);
  json.Key("dead_letters_by_cause");
  json.BeginObject();
  for (int cause = 0; cause < kOutcomeCount; ++cause) {
    if (status.dead_letters_by_cause[cause] > 0) {
      json.Field(OutcomeName(static_cast<Outcome>(cause)), status.dead_letters_by_cause[cause]);
    }
  }
  json.EndObject();
  json.Field("log_bytes", status.log_bytes);
  json.Field("store_bytes", status.store_bytes);
  json.Field("state_digest", status.state_digest);
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

void PrintText(const DatabaseStatus& status) {
  std::string text;
  const auto entry = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<18}{}\n", name, value);
  };
  entry("as of LSN", std::to_string(status.as_of_lsn));
  entry("in the store", "up to LSN " + std::to_string(status.applied_lsn));
  entry("log", status.log_last_lsn == 0
                   ? std::string("empty")
                   : fmt::format("LSN {} to {}", status.log_first_lsn, status.log_last_lsn));
  entry("not yet in store", Thousands(status.tail_lines) + " lines");
  entry("tenants", Thousands(status.tenants));
  entry("items", Thousands(status.items));
  entry("balances", Thousands(status.balances));
  entry("transactions", Thousands(status.transactions));
  entry("batches", Thousands(status.batches) +
                       (status.batches_unfinished > 0
                            ? ", " + Thousands(status.batches_unfinished) + " unfinished"
                            : std::string()));
  entry("dead letters", Thousands(status.dead_letters));
  for (int cause = 0; cause < kOutcomeCount; ++cause) {
    if (status.dead_letters_by_cause[cause] > 0) {
      entry("  " + std::string(OutcomeName(static_cast<Outcome>(cause))),
            Thousands(status.dead_letters_by_cause[cause]));
    }
  }
  entry("on disk", "log " + Bytes(status.log_bytes) + ", store " + Bytes(status.store_bytes));
  entry("state digest", status.state_digest);
  if (status.replay_unfinished) {
    entry("note", "a key replay was interrupted; `tallystone resume` finishes it");
  }
  if (status.log_tail_torn) {
    entry("note", "the log ends in a record that was never acknowledged; it is cut when opened");
  }
  Sink::Stdout().Write(text);
}

ExitCode Run(const StatusOptions& options) {
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
  if (options.json) {
    PrintJson(status);
  } else {
    PrintText(status);
  }
  return Finish();
}

}  // namespace

void AddStatusCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("status", "Show the state of a database");
  command->footer(
      "Reads everything once, for the state digest: equal for equal content.\n"
      "Examples:\n"
      "  tallystone status --db stock.db\n"
      "  tallystone status --db stock.db --json");
  auto options = std::make_shared<StatusOptions>();
  AddDatabaseOption(command, &options->database);
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
