#include "commands/command.h"

#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "commands/log_report.h"
#include "commands/next_step.h"
#include "output/repeats.h"
#include "output/terminal.h"
#include "output/text.h"
#include "process/give_way.h"
#include "process/interrupt.h"
#include "tallystone/server_name.h"

namespace tallystone::tool {
namespace {

class StderrLogger : public Logger {
 public:
  void Log(LogLevel level, std::string_view message) override {
    // While a server is away, each attempt says the same.
    if (level >= LogLevel::kWarning &&
        repeats_.IsToBeShown(message, std::chrono::steady_clock::now())) {
      PrintMessage(message);
    }
  }
  void Forget() { repeats_.Forget(); }

 private:
  Repeats repeats_;
};

StderrLogger* EngineLogger() {
  static StderrLogger logger;  // outlives every engine
  return &logger;
}

// An engine says itself what is wrong with the text.
void WarnOfPassword(const std::string& server) {
  std::string shown;
  bool has_password = false;
  if (ShowServer(server, &shown, &has_password).ok() && has_password) {
    PrintMessage(
        "the password in --store can be read by everyone on this machine, in the list of "
        "processes: set PGPASSWORD or ~/.pgpass");
  }
}

// Who has it, and what may be done meanwhile.
Status NameHolder(const Status& status, const std::string& database) {
  const pid_t holder = LockHolder(database + "/LOCK");
  return {status.code(), status.message() +
                             (holder > 0 ? " (process " + std::to_string(holder) + ")" : "") +
                             "; commands that only look work meanwhile"};
}

}  // namespace

void AddDatabaseOption(CLI::App* command, std::string* database) {
  command->add_option("--db", *database, "Directory of the database")
      ->required()
      ->type_name("DIR")
      ->check([](const std::string& text) {
        return text.empty() ? std::string("the directory has no name") : std::string();
      });
}

void AddStoreOption(CLI::App* command, std::vector<std::string>* servers, bool one) {
  const std::string text =
      "PostgreSQL server that holds the tenants, instead of a store in DIR: "
      "postgresql://user@host/database";
  command
      ->add_option("--store", *servers,
                   text + (one ? "" : "; may be given several times") +
                       ". DIR keeps the log. A password comes from PGPASSWORD or ~/.pgpass")
      ->each(WarnOfPassword)
      ->type_name("SERVER")
      ->expected(1)
      ->take_all();
}

void AddFormatOption(CLI::App* command, Format* format) {
  const auto set = [format](const std::string& name) {
    static const std::map<std::string, Format> kFormats = {{"table", Format::kTable},
                                                           {"csv", Format::kCsv},
                                                           {"json", Format::kJson},
                                                           {"ndjson", Format::kNdjson}};
    *format = kFormats.at(name);
  };
  command->add_option_function<std::string>("--format", set, "table (default), csv, json or ndjson")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "csv", "json", "ndjson"}));
  command->add_flag_callback(
      "--json", [format] { *format = Format::kJson; }, "The same as --format json");
  AddSpreadsheetFlag(command, format);
  command->add_flag_callback("--wide", ShowWholeCells,
                             "Whole cells in a table, also where the terminal is too narrow");
}

std::string CheckPositive(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number > 0;
  return whole ? std::string() : "expected a whole number from 1 up, not " + text;
}

void AddLimitOption(CLI::App* command, const std::string& help, uint64_t* limit) {
  command->add_option("--limit", *limit, help)->type_name("N")->check(CheckPositive);
}

void AddSpreadsheetFlag(CLI::App* command, Format* format) {
  // CLI11 takes options in the order in which they were added: the format is known.
  command->add_flag_callback(
      "--spreadsheet-safe",
      [format] {
        if (*format != Format::kCsv) {
          throw CLI::ValidationError("--spreadsheet-safe", "it is for --format csv");
        }
        *format = Format::kSpreadsheetCsv;
      },
      "With csv: an apostrophe before texts that a spreadsheet would take for formulas");
}

void AddJsonOption(CLI::App* command, bool* json) {
  command->add_flag("--json", *json, "Print one JSON object");
}

void WarnOfAbsentLog(const std::string& database) {
  LogReport report;
  if (JudgeLog(database, &report).ok() && report.state == LogState::kAbsent) {
    PrintMessage("THE LOG IS NOT SOUND: " + report.meaning +
                 "; what to do: " + SalvageCommand(database));
  }
}

Status OpenInspector(const std::string& database, std::unique_ptr<Inspector>* inspector) {
  static bool told = false;
  GiveWayToWriter(database);
  const Status s = Inspector::Open(Options{}, database, inspector);
  if (s.ok() && (*inspector)->log_absent() && !told) {
    told = true;
    WarnOfAbsentLog(database);
  }
  return s;
}

Status OpenEngine(const std::string& database, bool create, std::unique_ptr<Engine>* engine,
                  const std::vector<std::string>& servers, Listener* listener, bool take_over) {
  Options options;
  options.create_if_missing = create;
  options.logger = EngineLogger();
  options.servers = servers;
  options.take_over = take_over;
  options.listener = listener;
  options.stop_waiting = &InterruptFlag();
  options.wait_for_servers = listener != nullptr;
  const Status s = Engine::Open(options, database, engine);
  return s.Is(StatusCode::kBusy) ? NameHolder(s, database) : s;
}

void ForgetEngineMessages() {
  EngineLogger()->Forget();
}

ExitCode Finish(ExitCode code) {
  const Status s = Sink::Stdout().Flush();
  return s.ok() ? code : Fail(s);
}

ExitCode WithEngine(const std::string& database, bool create,
                    const std::function<Status(Engine*)>& work) {
  std::unique_ptr<Engine> engine;
  if (const Status s = OpenEngine(database, create, &engine); !s.ok()) {
    return Fail(s);
  }
  Status s = work(engine.get());
  if (const Status closed = engine->Close(); s.ok()) {
    s = closed;
  } else {
    closed.PermitUnchecked();
  }
  const ExitCode written = Finish();
  return s.ok() ? written : Fail(s);
}

}  // namespace tallystone::tool
