// tallystone backup: a consistent archive of a database that may be at work.
#include "commands/backup.h"

#include <fmt/format.h>

#include "output/progress.h"
#include "output/text.h"
#include "process/give_way.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

struct CommandOptions {
  std::string database;
  std::string to;
  std::string list;
  std::string check;
  bool no_digest = false;
  bool json = false;
};

std::string Entry(std::string_view name, const std::string& value) {
  return fmt::format("{:<18}{}\n", name, value);
}

ExitCode RunBackup(const CommandOptions& options) {
  GiveWayToWriter(options.database);
  WarnOfAbsentLog(options.database);
  Progress progress("backing up " + options.database);
  BackupOptions backup;
  backup.digest = !options.no_digest;
  backup.stop = Interrupted;
  BackupReport report;
  const Status s = BackUp(
      {}, options.database, options.to, backup,
      [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &report);
  progress.Clear();
  if (!s.ok()) {
    return Fail(s);
  }
  std::string text;
  if (options.json) {
    JsonWriter json(&text);
    json.BeginObject();
    json.Field("schema_version", uint64_t{kJsonSchemaVersion});
    json.Field("blocks_written", report.blocks_written);
    json.Field("lines_written", report.lines_written);
    json.Field("bytes_written", report.bytes_written);
    WriteBackupFields(report.backup, &json);
    json.EndObject();
    text += "\n";
  } else {
    text = fmt::format("as of LSN {}: {} blocks with {} lines written, {}\n", report.backup.lsn,
                       Thousands(report.blocks_written), Thousands(report.lines_written),
                       Bytes(report.bytes_written));
  }
  Sink::Stdout().Write(text);
  return Finish();
}

void PrintCheckJson(const BackupInfo& info, const BackupCheck& check) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("as_of_lsn", info.lsn);
  json.Flag("sound", check.sound);
  json.Field("blocks", check.blocks);
  json.Field("lines", check.lines);
  json.Field("whole_up_to_lsn", check.whole_up_to_lsn);
  json.Field("damages_count", check.damages_count);
  json.Key("damages");
  json.BeginArray();
  for (const BackupDamage& damage : check.damages) {
    json.BeginObject();
    json.Field("file", damage.file);
    json.Field("offset", damage.offset);
    json.Field("what", damage.what);
    json.Field("first_lsn_lost", damage.first_lsn);
    json.Field("last_lsn_lost", damage.last_lsn);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

void PrintCheck(const BackupInfo& info, const BackupCheck& check) {
  std::string text = check.sound ? "sound" : "DAMAGED in " + Counted(check.damages_count, "place");
  text +=
      fmt::format(": {} blocks with {} lines can be read, of {} blocks, as of LSN {}\n",
                  Thousands(check.blocks), Thousands(check.lines), Thousands(info.lsn), info.lsn);
  for (const BackupDamage& damage : check.damages) {
    text += fmt::format("  {} at byte {}: LSN {}..{} are lost: {}\n", damage.file, damage.offset,
                        damage.first_lsn, damage.last_lsn, PlainText(damage.what));
  }
  if (check.damages_count > check.damages.size()) {
    text += "  and " + Thousands(check.damages_count - check.damages.size()) + " more\n";
  }
  if (!check.sound) {
    text += fmt::format("the state up to LSN {} can be restored: tallystone restore --as-of {}\n",
                        check.whole_up_to_lsn, check.whole_up_to_lsn);
  }
  Sink::Stdout().Write(text);
}

ExitCode RunCheck(const CommandOptions& options) {
  BackupInfo info;
  if (const Status s = ReadBackup(options.check, &info); !s.ok()) {
    return Fail(s);
  }
  Progress progress("checking " + options.check);
  BackupCheck check;
  const Status s = CheckBackup(
      options.check, [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); },
      Interrupted, &check);
  progress.Clear();
  if (!s.ok()) {
    return Fail(s);
  }
  if (options.json) {
    PrintCheckJson(info, check);
  } else {
    PrintCheck(info, check);
  }
  return Finish(check.sound ? kExitOk : kExitCorruption);
}

ExitCode Run(const CommandOptions& options) {
  if (!options.list.empty()) {
    return ListBackup(options.list, options.json);
  }
  if (!options.check.empty()) {
    return RunCheck(options);
  }
  if (options.database.empty() || options.to.empty()) {
    PrintMessage("a backup needs --db and --to; --list and --check need neither");
    return kExitUsage;
  }
  return RunBackup(options);
}

}  // namespace

void WriteBackupFields(const BackupInfo& info, JsonWriter* json) {
  json->Field("as_of_lsn", info.lsn);
  json->Field("final_lsn", info.final_lsn);
  json->Field("database_id", info.database_id);
  json->Field("backups", info.backups);
  json->Field("taken_at", UtcTime(info.taken_at_us));
  json->Field("lines", info.lines);
  json->Field("state_digest", info.state_digest);
  json->Field("bytes", info.bytes);
  json->Key("files");
  json->BeginArray();
  for (const BackupFile& file : info.files) {
    json->BeginObject();
    json->Field("name", file.name);
    json->Field("first_lsn", file.first_lsn);
    json->Field("last_lsn", file.last_lsn);
    json->Field("bytes", file.bytes);
    json->Flag("final", file.final);
    json->EndObject();
  }
  json->EndArray();
}

std::string BackupText(const BackupInfo& info) {
  std::string text = Entry("as of LSN", std::to_string(info.lsn));
  text += Entry("final", "up to LSN " + std::to_string(info.final_lsn));
  text += Entry("taken at", UtcTime(info.taken_at_us));
  text += Entry("backups so far", Thousands(info.backups));
  text += Entry("database", info.database_id);
  text += Entry("lines", Thousands(info.lines));
  text += Entry("state digest", info.state_digest.empty() ? "not computed" : info.state_digest);
  text += Entry("on disk", Bytes(info.bytes) + " in " + Counted(info.files.size(), "file"));
  for (const BackupFile& file : info.files) {
    text += fmt::format("  {}  LSN {}..{}, {}{}\n", file.name, file.first_lsn, file.last_lsn,
                        Bytes(file.bytes), file.final ? "" : ", replaced by the next backup");
  }
  return text;
}

ExitCode ListBackup(const std::string& directory, bool as_json) {
  BackupInfo info;
  if (const Status s = ReadBackup(directory, &info); !s.ok()) {
    return Fail(s);
  }
  std::string text;
  if (as_json) {
    JsonWriter json(&text);
    json.BeginObject();
    json.Field("schema_version", uint64_t{kJsonSchemaVersion});
    WriteBackupFields(info, &json);
    json.EndObject();
    text += "\n";
  } else {
    text = BackupText(info);
  }
  Sink::Stdout().Write(text);
  return Finish();
}

void AddBackupCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("backup", "Bring a backup up to date, list it, or prove it");
  command->footer(
      "The database may be at work: a backup takes no lock of it, and sees one moment. A second "
      "backup\n"
      "into the same directory adds what is new. Interrupted, it leaves the earlier backup as it "
      "was.\n"
      "--check reads every byte of a backup. Exit code 5: it is damaged.\n"
      "Examples:\n"
      "  tallystone backup --db stock.db --to /backup/stock\n"
      "  tallystone backup --list /backup/stock\n"
      "  tallystone backup --check /backup/stock");
  auto options = std::make_shared<CommandOptions>();
  AddDatabaseOption(command, &options->database);
  CLI::Option* database = command->get_option("--db")->required(false);
  CLI::Option* to =
      command->add_option("--to", options->to, "Directory of the backup")->type_name("DIR");
  CLI::Option* list =
      command->add_option("--list", options->list, "Show what the backup in DIR holds")
          ->type_name("DIR");
  CLI::Option* check =
      command->add_option("--check", options->check, "Prove the backup in DIR")->type_name("DIR");
  list->excludes(database)->excludes(to)->excludes(check);
  check->excludes(database)->excludes(to);
  command->add_flag("--no-digest", options->no_digest,
                    "Do not read every line for the state digest; a restore compares nothing then");
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
