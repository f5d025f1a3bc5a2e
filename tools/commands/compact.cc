// tallystone compact: the store written anew, as small as it gets.
#include "tallystone/compact.h"

#include <poll.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "commands/command.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

constexpr int kLookMillis = 50;

struct CompactCommandOptions {
  std::string database;
  bool json = false;
};

// Sets a flag when a signal comes, for work that looks at nothing else.
class SignalWatch {
 public:
  SignalWatch()
      : thread_([this] {
          while (!ended_ && !Interrupted()) {
            pollfd signal = {.fd = InterruptFd(), .events = POLLIN, .revents = 0};
            poll(&signal, 1, kLookMillis);
          }
          interrupted_ = Interrupted();
        }) {}
  ~SignalWatch() {
    ended_ = true;
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  std::atomic<bool>* flag() { return &interrupted_; }

 private:
  std::atomic<bool> ended_ = false;
  std::atomic<bool> interrupted_ = false;
  std::thread thread_;
};

void Print(const CompactReport& report, uint64_t lsn, double seconds, bool as_json) {
  std::string text;
  if (report.by_server && !as_json) {
    Sink::Stdout().Write(
        "nothing to do: the store is on PostgreSQL servers, whose autovacuum does it. What it\n"
        "cannot give back to the disk, VACUUM FULL does, run by the owner of the tables while\n"
        "nobody imports\n");
    return;
  }
  if (as_json) {
    JsonWriter json(&text);
    json.BeginObject();
    json.Field("schema_version", uint64_t{kJsonSchemaVersion});
    json.Field("as_of_lsn", lsn);
    json.Field("bytes_before", report.bytes_before);
    json.Field("bytes_after", report.bytes_after);
    json.Seconds("seconds", seconds);
    if (report.by_server) {
      json.Flag("by_server", true);
    }
    json.EndObject();
  } else {
    text = "compacted: the store has " + Bytes(report.bytes_after) + " now, " +
           Bytes(report.bytes_before) + " before, in " + Duration(seconds) + ", as of LSN " +
           std::to_string(lsn);
  }
  Sink::Stdout().Write(text + "\n");
}

ExitCode Run(const CompactCommandOptions& options) {
  SignalWatch watch;
  return WithEngine(options.database, false, [&](Engine* engine) {
    const auto start = std::chrono::steady_clock::now();
    Progress progress("compacting " + options.database);
    CompactOptions work;
    work.cancel = watch.flag();
    work.progress = [&](std::string_view part, uint64_t done, uint64_t total) {
      progress.Step(std::string(part) + ", " + Bytes(done) + " of " + Bytes(total) + " done");
    };
    CompactReport report;
    const Status s = engine->Compact(work, &report);
    progress.Clear();
    if (s.ok()) {
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      Print(report, engine->stats().applied_lsn, seconds.count(), options.json);
    }
    return s;
  });
}

}  // namespace

void AddCompactCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("compact", "Write the store anew so that it takes the least room");
  command->footer(
      "Takes the database's lock, and needs room for a second store meanwhile. Interrupted, what "
      "is\n"
      "done stays done. What the database says does not change. A store on servers is left to "
      "them.\n"
      "Examples:\n"
      "  tallystone compact --db stock.db");
  auto options = std::make_shared<CompactCommandOptions>();
  AddDatabaseOption(command, &options->database);
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
