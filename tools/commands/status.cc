// tallystone status: the state of a database.
#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "commands/command.h"
#include "commands/log_report.h"
#include "commands/next_step.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"
#include "process/interrupt.h"
#include "tallystone/tenants.h"

namespace tallystone::tool {
namespace {

// A drain takes a window after two seconds: what waits longer waits for something.
constexpr uint64_t kTailAgeUsualMicros = 60'000'000;

// Of a server's 32 digits, enough to tell a few dozen apart (`tenant move --to`).
constexpr size_t kServerIdShown = 8;

struct StatusOptions {
  std::string database;
  bool json = false;
  bool quick = false;
};

struct State {
  LogReport log;                       // judged where there is none
  DatabaseOverview overview;           // its counts are exact where there is a `full`
  std::vector<ServerPlace> servers;    // none: the store is in the directory
  std::optional<DatabaseStatus> full;  // what needs a full read
};

// Something that a person should know.
struct Note {
  std::string_view name;  // for scripts
  std::string text;       // what it means
  std::string next;       // what to run; may be empty
};

uint64_t TailAgeMicros(const DatabaseOverview& overview) {
  const uint64_t oldest = overview.tail_oldest_at_us;
  return oldest == 0 || oldest > overview.read_at_us ? 0 : overview.read_at_us - oldest;
}

double Seconds(uint64_t micros) {
  return static_cast<double>(micros) / 1e6;
}

std::vector<Note> NotesOf(const State& state, const std::string& database) {
  const DatabaseOverview& overview = state.overview;
  std::vector<Note> notes;
  if (!state.log.sound) {
    notes.push_back(
        {"log_absent", "THE LOG IS NOT SOUND: " + state.log.meaning, SalvageCommand(database)});
  }
  const std::string db = " --db " + ShellWord(database);
  if (overview.replay_unfinished) {
    notes.push_back(
        {"replay_unfinished",
         "the store refused a window, which goes key by key, and this is not done yet: " +
             Thousands(overview.replay_keys_done) +
             " keys are. Nothing is lost. If no program is at work on the database, "
             "finish it",
         "tallystone resume" + db});
  }
  if (overview.log_tail_torn) {
    notes.push_back({"log_tail_torn",
                     "the log ends in a record that was never acknowledged, as a crash or a power "
                     "loss leaves it. The next program that opens the database for writing cuts it "
                     "off; whoever sent it got no answer and should send it again",
                     {}});
  }
  if (TailAgeMicros(overview) > kTailAgeUsualMicros && !overview.replay_unfinished) {
    notes.push_back({"tail_old",
                     "lines in the log have not come into the store for " +
                         Duration(Seconds(TailAgeMicros(overview))) +
                         ". They are safe, and every answer contains them. Either no program has "
                         "the database open, then bring them in; or its store cannot be written, "
                         "then its messages say why",
                     "tallystone resume" + db});
  }
  if (overview.batches_unfinished.value > 0) {
    notes.push_back(
        {"batches_unfinished",
         "batches have begun and not ended: their sender is at work, or was interrupted. "
         "Sent again with the same id they go on where they stopped",
         "tallystone batches --unfinished" + db});
  }
  if (overview.dead_letters.value > 0) {
    notes.push_back({"dead_letters",
                     "lines could not be booked and are kept whole, until they are mended and "
                     "retried, or dropped",
                     "tallystone dead-letters list" + db});
  }
  return notes;
}

void WriteNumbers(const State& state, JsonWriter* json) {
  const DatabaseOverview& overview = state.overview;
  json->Field("as_of_lsn", overview.as_of_lsn);
  json->Field("applied_lsn", overview.applied_lsn);
  json->Field("log_first_lsn", overview.log_first_lsn);
  json->Field("log_last_lsn", overview.log_last_lsn);
  json->Field("tail_chunks", overview.tail_chunks);
  json->Field("tail_lines", overview.tail_lines);
  json->Field("tail_bytes", overview.tail_bytes);
  json->Seconds("tail_age_seconds", Seconds(TailAgeMicros(overview)));
  json->Flag("replay_unfinished", overview.replay_unfinished);
  json->Field("replay_keys_done", overview.replay_keys_done);
  json->Flag("log_tail_torn", overview.log_tail_torn);
  json->Field("tenants", overview.tenants);
  json->Field("items", overview.items.value);
  json->Field("transactions", overview.transactions.value);
  json->Field("batches", overview.batches.value);
  json->Field("batches_unfinished", overview.batches_unfinished.value);
  json->Field("dead_letters", overview.dead_letters.value);
  json->Key("dead_letters_by_cause");
  json->BeginObject();
  for (int cause = 0; cause < kOutcomeCount; ++cause) {
    if (overview.dead_letters_by_cause[cause] > 0) {
      json->Field(OutcomeName(static_cast<Outcome>(cause)), overview.dead_letters_by_cause[cause]);
    }
  }
  json->EndObject();
}

void WriteOldest(const DatabaseOverview& overview, JsonWriter* json) {
  json->Key("oldest_dead_letter");
  if (overview.oldest_dead_letter_cause == Outcome::kAccepted) {
    json->Null();
    return;
  }
  json->BeginObject();
  json->Field("tenant", overview.oldest_dead_letter.tenant);
  json->Field("batch", overview.oldest_dead_letter.batch);
  json->Field("line", overview.oldest_dead_letter.line);
  json->Field("cause", OutcomeName(overview.oldest_dead_letter_cause));
  json->Field("failed_at", UtcTime(overview.oldest_dead_letter_at_us));
  json->EndObject();
}

void PrintJson(const State& state, const std::vector<Note>& notes) {
  const DatabaseOverview& overview = state.overview;
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Flag("quick", !state.full.has_value());
  json.Field("database_id", overview.database_id);
  json.Field("read_at", UtcTime(overview.read_at_us));
  WriteNumbers(state, &json);
  WriteOldest(overview, &json);
  json.Key("estimated");
  json.BeginArray();
  for (const auto& [name, count] :
       {std::pair("items", &overview.items), std::pair("batches", &overview.batches),
        std::pair("batches_unfinished", &overview.batches_unfinished),
        std::pair("transactions", &overview.transactions),
        std::pair("dead_letters", &overview.dead_letters)}) {
    if (!count->exact) {
      json.Text(name);
    }
  }
  json.EndArray();
  json.Field("log_bytes", overview.log_bytes);
  if (overview.store_size_known) {
    json.Field("store_bytes", overview.store_bytes);
  } else {
    json.Key("store_bytes");
    json.Null();
  }
  json.Key("family_bytes");
  json.BeginObject();
  for (const FamilySize& family : overview.families) {
    json.Field(family.name, family.bytes);
  }
  json.EndObject();
  json.Key("servers");
  json.BeginArray();
  for (const ServerPlace& server : state.servers) {
    json.BeginObject();
    json.Field("server", server.server);
    json.Field("server_id", server.server_id);
    json.Field("tenants", server.tenants);
    json.EndObject();
  }
  json.EndArray();
  if (state.full.has_value()) {
    json.Field("balances", state.full->balances);
    json.Field("state_digest", state.full->state_digest);
  }
  json.Key("notes");
  json.BeginArray();
  for (const Note& note : notes) {
    json.BeginObject();
    json.Field("name", note.name);
    json.Field("text", note.text);
    json.Field("next", note.next);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

std::string CountText(const Count& count) {
  return (count.exact ? "" : "about ") + Thousands(count.value);
}

std::string TailText(const DatabaseOverview& overview) {
  std::string text = Counted(overview.tail_lines, "line");
  if (overview.tail_chunks > 0) {
    text += " in " + Counted(overview.tail_chunks, "chunk") + " (" + Bytes(overview.tail_bytes) +
            "), the oldest logged " + Duration(Seconds(TailAgeMicros(overview))) + " ago";
  }
  return text;
}

void PrintText(const State& state, const std::vector<Note>& notes) {
  const DatabaseOverview& overview = state.overview;
  std::string text;
  size_t width = 18;  // of the names; a cause may have a longer one
  for (int cause = 0; cause < kOutcomeCount; ++cause) {
    if (overview.dead_letters_by_cause[cause] > 0) {
      width = std::max(width, OutcomeName(static_cast<Outcome>(cause)).size() + 4);
    }
  }
  const auto entry = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<{}}{}\n", name, width, value);
  };
  entry("as of LSN", std::to_string(overview.as_of_lsn));
  entry("in the store", "up to LSN " + std::to_string(overview.applied_lsn));
  entry("log", !state.log.sound ? std::string("GONE")
               : overview.log_last_lsn == 0
                   ? std::string("empty")
                   : fmt::format("LSN {} to {}", overview.log_first_lsn, overview.log_last_lsn));
  entry("not yet in store", TailText(overview));
  text += "\n";
  entry("tenants", Thousands(overview.tenants));
  entry("items", CountText(overview.items));
  if (state.full.has_value()) {
    entry("balances", Thousands(state.full->balances));
  }
  entry("transactions", CountText(overview.transactions));
  entry("batches", CountText(overview.batches) +
                       (overview.batches_unfinished.value > 0
                            ? ", " + CountText(overview.batches_unfinished) + " unfinished"
                            : std::string()));
  entry("dead letters", CountText(overview.dead_letters));
  for (int cause = 0; cause < kOutcomeCount; ++cause) {
    if (overview.dead_letters_by_cause[cause] > 0) {
      entry("  " + std::string(OutcomeName(static_cast<Outcome>(cause))),
            CountText({overview.dead_letters_by_cause[cause], overview.dead_letters.exact}));
    }
  }
  if (overview.oldest_dead_letter_cause != Outcome::kAccepted) {
    const DeadLetterKey& key = overview.oldest_dead_letter;
    entry("  the oldest",
          fmt::format("{} line {} of batch {}, tenant {}: {}",
                      UtcTime(overview.oldest_dead_letter_at_us), key.line, PlainText(key.batch),
                      PlainText(key.tenant), OutcomeName(overview.oldest_dead_letter_cause)));
  }
  text += "\n";
  if (!state.servers.empty()) {
    entry("servers", Thousands(state.servers.size()));
  }
  for (const ServerPlace& server : state.servers) {
    entry("  " + server.server_id.substr(0, kServerIdShown),
          Counted(server.tenants, "tenant") + ", " + PlainText(server.server));
  }
  entry("on disk", "log " + Bytes(overview.log_bytes) + ", store " +
                       (overview.store_size_known ? Bytes(overview.store_bytes)
                                                  : "of a size that its servers do not tell"));
  for (const FamilySize& family : overview.families) {
    if (family.bytes > 0) {
      entry("  " + family.name, Bytes(family.bytes));
    }
  }
  if (state.full.has_value()) {
    entry("state digest", state.full->state_digest);
  }
  for (const Note& note : notes) {
    text += "\nnote: " + PlainText(note.text) + "\n";
    text += note.next.empty() ? "" : "  run: " + PlainText(note.next) + "\n";
  }
  Sink::Stdout().Write(text);
}

// Reads everything, and makes the counts of the overview exact.
Status ReadAll(const StatusOptions& options, Inspector* inspector, State* state) {
  state->full.emplace();
  Progress progress("reading " + options.database);
  const Status s = inspector->GetStatus(
      [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &*state->full);
  progress.Clear();
  if (!s.ok()) {
    return s;
  }
  const DatabaseStatus& full = *state->full;
  DatabaseOverview& overview = state->overview;
  overview.items = {full.items, true};
  overview.batches = {full.batches, true};
  overview.batches_unfinished = {full.batches_unfinished, true};
  overview.transactions = {full.transactions, true};
  overview.dead_letters = {full.dead_letters, true};
  std::copy(std::begin(full.dead_letters_by_cause), std::end(full.dead_letters_by_cause),
            std::begin(overview.dead_letters_by_cause));
  return s;
}

ExitCode Run(const StatusOptions& options) {
  LetSignalsEndAtOnce();
  std::unique_ptr<Inspector> inspector;
  if (const Status s = Inspector::Open(Options{}, options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  State state;
  Status s = inspector->GetOverview({}, &state.overview);
  if (s.ok() && inspector->log_absent()) {
    s = JudgeLog(options.database, &state.log);
  }
  if (s.ok()) {
    s = ListServers(Options{}, options.database, &state.servers);
  }
  if (s.ok() && !options.quick) {
    s = ReadAll(options, inspector.get(), &state);
  }
  if (!s.ok()) {
    return Fail(s);
  }
  const std::vector<Note> notes = NotesOf(state, options.database);
  if (options.json) {
    PrintJson(state, notes);
  } else {
    PrintText(state, notes);
  }
  return Finish(state.log.sound ? kExitOk : kExitCorruption);
}

}  // namespace

void AddStatusCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("status", "Show the state of a database");
  command->footer(
      "Reads everything once, for the state digest: equal for equal content. --quick leaves\n"
      "digest and balances out and reads little; of more than 100,000 batches or dead letters\n"
      "it then estimates the numbers, and says \"about\" (in JSON: `estimated` names them).\n"
      "Exit code 5: something is damaged; where the store can be read, a note says what.\n"
      "Examples:\n"
      "  tallystone status --db stock.db\n"
      "  tallystone status --db stock.db --quick\n"
      "  tallystone status --db stock.db --json");
  auto options = std::make_shared<StatusOptions>();
  AddDatabaseOption(command, &options->database);
  command->add_flag("--quick", options->quick, "Without what needs a full read");
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
