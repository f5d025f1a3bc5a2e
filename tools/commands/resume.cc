// tallystone resume: finishes what an interruption left, as far as the database alone can.
#include <algorithm>

#include "commands/command.h"
#include "output/json.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

struct ResumeOptions {
  std::string database;
  std::vector<std::string> servers;
  bool take_over = false;
  bool json = false;
};

// What was left, and what was done about it.
struct Resumed {
  EngineStats stats;
  std::vector<BatchInfo> unfinished;  // the first kShownMax
  uint64_t unfinished_count = 0;
};

constexpr size_t kShownMax = 1000;
constexpr size_t kShownAsTextMax = 20;

Status FinishLog(Engine* engine, Resumed* resumed) {
  if (Status s = engine->Flush(); !s.ok()) {
    return s;
  }
  resumed->stats = engine->stats();
  std::unique_ptr<Cursor<BatchInfo>> cursor;
  if (Status s = engine->NewBatchCursor({}, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    if (cursor->value().finished) {
      continue;
    }
    ++resumed->unfinished_count;
    if (resumed->unfinished.size() < kShownMax) {
      resumed->unfinished.push_back(cursor->value());
    }
  }
  return cursor->status();
}

void PrintJson(const Resumed& resumed) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("lsn", resumed.stats.applied_lsn);
  json.Field("lines_replayed", resumed.stats.replayed_lines);
  json.Field("keys_replayed", resumed.stats.keys_replayed);
  json.Field("keys_rejected", resumed.stats.keys_rejected);
  json.Field("batches_unfinished", resumed.unfinished_count);
  json.Key("unfinished");
  json.BeginArray();
  for (const BatchInfo& batch : resumed.unfinished) {
    json.BeginObject();
    json.Field("tenant", batch.tenant);
    json.Field("batch", batch.batch);
    json.Field("lines", batch.lines);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

void PrintText(const Resumed& resumed, const std::string& database) {
  const EngineStats& stats = resumed.stats;
  std::string text;
  if (stats.replayed_lines == 0 && stats.keys_replayed == 0) {
    text = "nothing was left in the log: the store has everything up to LSN " +
           std::to_string(stats.applied_lsn) + "\n";
  } else {
    text = "finished: " + Counted(stats.replayed_lines, "line") +
           " of the log brought into the store, up to LSN " + std::to_string(stats.applied_lsn) +
           "\n";
  }
  if (stats.keys_replayed > 0) {
    text += "key replay: " + Counted(stats.keys_replayed, "key") + " written one by one, " +
            Thousands(stats.keys_rejected) + " refused\n";
  }
  if (resumed.unfinished_count == 0) {
    text += "no batch is unfinished\n";
  } else {
    text += Counted(resumed.unfinished_count, "batch is", "batches are") +
            " unfinished; sent again they continue where they stopped (review/...: the next "
            "`tallystone resume` goes on):\n";
  }
  const size_t shown = std::min(resumed.unfinished.size(), kShownAsTextMax);
  for (size_t index = 0; index < shown; ++index) {
    const BatchInfo& batch = resumed.unfinished[index];
    text += "  tenant " + PlainText(batch.tenant) + ", batch " + PlainText(batch.batch) + ": " +
            Counted(batch.lines, "line") + " so far\n";
  }
  if (resumed.unfinished_count > shown) {
    text += "  and " + Thousands(resumed.unfinished_count - shown) +
            " more: tallystone batches --unfinished --db " + ShellWord(database) + "\n";
  }
  Sink::Stdout().Write(text);
}

ExitCode Run(const ResumeOptions& options) {
  std::unique_ptr<Engine> engine;
  if (const Status s =
          OpenEngine(options.database, false, &engine, options.servers, nullptr, options.take_over);
      !s.ok()) {
    return Fail(s);
  }
  Resumed resumed;
  if (const Status s = FinishLog(engine.get(), &resumed); !s.ok()) {
    return Fail(s);
  }
  if (const Status s = engine->Close(); !s.ok()) {
    return Fail(s);
  }
  if (options.json) {
    PrintJson(resumed);
  } else {
    PrintText(resumed, options.database);
  }
  return Finish();
}

}  // namespace

void AddResumeCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand(
      "resume", "Finish what an interruption left in the log, and list unfinished batches");
  command->footer(
      "Any command that writes does the same when it opens the database.\n"
      "--store tells where servers that were known are reached now, and adds new ones: once for\n"
      "each server that there is then, also those where nothing changed. None can be taken out of\n"
      "the list: move its tenants away (tenant move); it must stay reachable.\n"
      "--take-over: another directory, a copy of this one or its original, wrote the servers "
      "since,\n"
      "or still does, and is to be no more. It is stopped. What only its log has is lost; what "
      "was\n"
      "logged here under LSNs that it gave to its own lines is passed over: send the latest "
      "batches\n"
      "again.\n"
      "Examples:\n"
      "  tallystone resume --db stock.db\n"
      "  tallystone resume --db stock.db --store 'host=db1 dbname=stock' "
      "--store 'host=db2 dbname=stock'");
  auto options = std::make_shared<ResumeOptions>();
  AddDatabaseOption(command, &options->database);
  AddStoreOption(command, &options->servers);
  command->add_flag("--take-over", options->take_over,
                    "Take servers over that another directory wrote since");
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
