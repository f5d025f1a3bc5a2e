// tallystone restore: a new database from a backup.
#include <fmt/format.h>

#include "commands/backup.h"
#include "output/progress.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

struct CommandOptions {
  std::string from;
  std::string database;
  uint64_t as_of_lsn = 0;
  std::vector<std::string> servers;
  bool list = false;
  bool verify = false;
  bool json = false;
};

void PrintJson(const CommandOptions& options, const RestoreReport& report) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("as_of_lsn", report.lsn);
  json.Field("blocks", report.blocks);
  json.Field("lines", report.lines);
  json.Field("database_id", report.database_id);
  json.Field("state_digest", report.state_digest);
  json.Flag("digest_compared", report.digest_compared);
  json.Flag("verified", options.verify);
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

void PrintText(const CommandOptions& options, const RestoreReport& report) {
  std::string text = fmt::format("{} as of LSN {}: {} blocks with {} lines were booked again\n",
                                 PlainText(options.database), report.lsn, Thousands(report.blocks),
                                 Thousands(report.lines));
  text += "state digest " + report.state_digest +
          (report.digest_compared ? ": that of the backup\n"
                                  : ": not compared, the backup has none of this LSN\n");
  if (options.verify) {
    text += fmt::format("sound: {}, {}, {}, {} checked\n",
                        Counted(report.verified.lines_checked, "line"),
                        Counted(report.verified.balances_checked, "balance"),
                        Counted(report.verified.batches_checked, "batch", "batches"),
                        Counted(report.verified.dead_letters_checked, "dead letter"));
  }
  Sink::Stdout().Write(text);
}

ExitCode Run(const CommandOptions& options) {
  if (options.list) {
    return ListBackup(options.from, options.json);
  }
  if (options.database.empty()) {
    PrintMessage("a restore needs --db, where the new database will be");
    return kExitUsage;
  }
  Progress progress("restoring " + options.database);
  RestoreOptions restore;
  restore.as_of_lsn = options.as_of_lsn;
  restore.verify = options.verify;
  restore.stop = Interrupted;
  RestoreReport report;
  Options made;
  made.servers = options.servers;
  const Status s = Restore(
      made, options.from, options.database, restore,
      [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &report);
  progress.Clear();
  if (!s.ok()) {
    return Fail(s);
  }
  if (options.json) {
    PrintJson(options, report);
  } else {
    PrintText(options, report);
  }
  return Finish();
}

}  // namespace

void AddRestoreCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("restore", "Make a new database from a backup");
  command->footer(
      "Nothing may be at --db. The database is made in --db with .restoring behind it, and gets "
      "its "
      "name\n"
      "when it is whole and has the state digest of the backup.\n"
      "It has an identity of its own: back it up into another directory. Its store is inside, or,\n"
      "with --store, in that empty database of a server, wherever the one that was backed up had "
      "it.\n"
      "Examples:\n"
      "  tallystone restore --from /backup/stock --db stock.db --verify\n"
      "  tallystone restore --from /backup/stock --db before.db --as-of 1200\n"
      "  tallystone restore --from /backup/stock --list");
  auto options = std::make_shared<CommandOptions>();
  command->add_option("--from", options->from, "Directory of the backup")
      ->required()
      ->type_name("DIR");
  AddDatabaseOption(command, &options->database);
  command->get_option("--db")->required(false);
  AddStoreOption(command, &options->servers, true);
  command
      ->add_option("--as-of", options->as_of_lsn,
                   "Restore the state as of this LSN; without it, all")
      ->type_name("LSN")
      ->check(CheckPositive);
  command->add_flag("--verify", options->verify, "Prove the new database, as `verify` does");
  command->add_flag("--list", options->list, "Show what the backup holds, restore nothing");
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
