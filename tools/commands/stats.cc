// tallystone stats: what a database at work does now.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "commands/command.h"
#include "output/terminal.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = Column::Kind;

// Records looked at for one sample: some milliseconds.
constexpr uint64_t kRecordsMax = 10'000;
// A database that is being made, opened or put in the place of another one may look damaged for a
// moment.
constexpr int kErrorsMax = 3;
constexpr int kRowsPerHeading = 20;

struct StatsOptions {
  std::string database;
  Format format = Format::kTable;
  bool watch = false;
  double interval = 2;  // seconds
  uint64_t count = 0;   // samples; 0 = no end
};

struct Reading {
  DatabaseOverview overview;
  Clock::time_point at;
};

// A reading, and what happened since the one before.
struct Sample {
  DatabaseOverview now;
  bool has_rates = false;          // there is one before, of the same database
  uint64_t acknowledged_rate = 0;  // lines a second
  uint64_t applied_rate = 0;
  int64_t dead_letters_change = 0;
  double seconds = 0;  // since the one before
  uint64_t lag_micros = 0;
};

Sample Compare(const std::optional<Reading>& before, const Reading& now) {
  Sample sample;
  sample.now = now.overview;
  const uint64_t oldest = now.overview.tail_oldest_at_us;
  sample.lag_micros =
      oldest == 0 || oldest > now.overview.read_at_us ? 0 : now.overview.read_at_us - oldest;
  if (!before.has_value()) {
    return sample;
  }
  sample.has_rates = true;
  sample.seconds = std::max(std::chrono::duration<double>(now.at - before->at).count(), 1e-3);
  const auto rate = [&](uint64_t lines) {
    return static_cast<uint64_t>(std::llround(static_cast<double>(lines) / sample.seconds));
  };
  // What came in and did not wait longer is in the store.
  const uint64_t came = now.overview.lines_since;
  const uint64_t left = came + before->overview.tail_lines;
  sample.acknowledged_rate = rate(came);
  sample.applied_rate = rate(left - std::min(left, now.overview.tail_lines));
  sample.dead_letters_change = static_cast<int64_t>(now.overview.dead_letters.value) -
                               static_cast<int64_t>(before->overview.dead_letters.value);
  return sample;
}

// Where samples go.
class Output {
 public:
  virtual ~Output() = default;
  virtual void Show(const Sample& sample) = 0;
  // There is nothing to show yet.
  virtual void Wait(const Status& why) {
    if (!told_) {
      told_ = true;
      PrintMessage("waiting: " + why.message());
    }
  }
  virtual void End() {}

 private:
  bool told_ = false;
};

// For programs.
class Records : public Output {
 public:
  explicit Records(Format format)
      : writer_(NewRecordWriter(format,
                                {{"at", Kind::kText},
                                 {"as_of_lsn", Kind::kCount},
                                 {"applied_lsn", Kind::kCount},
                                 {"acknowledged_lines_per_second", Kind::kCount},
                                 {"applied_lines_per_second", Kind::kCount},
                                 {"lag_chunks", Kind::kCount},
                                 {"lag_lines", Kind::kCount},
                                 {"lag_milliseconds", Kind::kCount},
                                 {"batches_unfinished", Kind::kCount},
                                 {"dead_letters", Kind::kCount},
                                 {"dead_letters_estimated", Kind::kBool},
                                 {"log_bytes", Kind::kCount},
                                 {"store_bytes", Kind::kCount},
                                 {"database_id", Kind::kText}},
                                {"samples", std::nullopt}, 0, &Sink::Stdout())) {}

  void Show(const Sample& sample) override {
    const DatabaseOverview& now = sample.now;
    const auto rate = [&](uint64_t lines) {
      return sample.has_rates ? std::to_string(lines) : std::string();
    };
    writer_->Write(
        {UtcTime(now.read_at_us), std::to_string(now.as_of_lsn), std::to_string(now.applied_lsn),
         rate(sample.acknowledged_rate), rate(sample.applied_rate), std::to_string(now.tail_chunks),
         std::to_string(now.tail_lines), std::to_string(sample.lag_micros / 1000),
         std::to_string(now.batches_unfinished.value), std::to_string(now.dead_letters.value),
         now.dead_letters.exact ? "false" : "true", std::to_string(now.log_bytes),
         std::to_string(now.store_bytes), now.database_id});
  }
  void End() override { writer_->End(); }

 private:
  const std::unique_ptr<RecordWriter> writer_;
};

std::string Rate(const Sample& sample, uint64_t lines) {
  return sample.has_rates ? Thousands(lines) : "-";
}

std::string Letters(const Count& count) {
  return (count.exact ? "" : "~") + Thousands(count.value);
}

// For people, where the screen cannot be rewritten.
class Lines : public Output {
 public:
  void Show(const Sample& sample) override {
    const DatabaseOverview& now = sample.now;
    std::string text;
    if (rows_++ % kRowsPerHeading == 0) {
      text = Row("time", "acked lines/s", "applied lines/s", "lag lines", "lag", "dead letters",
                 "log", "store");
    }
    text += Row(UtcTime(now.read_at_us), Rate(sample, sample.acknowledged_rate),
                Rate(sample, sample.applied_rate), Thousands(now.tail_lines),
                Duration(static_cast<double>(sample.lag_micros) / 1e6), Letters(now.dead_letters),
                Bytes(now.log_bytes), Bytes(now.store_bytes));
    Sink::Stdout().Write(text);
  }

 private:
  static std::string Row(std::string_view time, std::string_view acknowledged,
                         std::string_view applied, std::string_view lines, std::string_view lag,
                         std::string_view letters, std::string_view log, std::string_view store) {
    return fmt::format("{:<20}  {:>13}  {:>15}  {:>10}  {:>11}  {:>12}  {:>9}  {:>9}\n", time,
                       acknowledged, applied, lines, lag, letters, log, store);
  }

  int rows_ = 0;
};

// For people, at a terminal: always the same lines.
class Screen : public Output {
 public:
  Screen(const StatsOptions& options)
      : title_(fmt::format("{}, every {:g} s (Ctrl-C ends)", PlainText(options.database),
                           options.interval)) {}

  void Show(const Sample& sample) override {
    const DatabaseOverview& now = sample.now;
    const std::string change =
        sample.has_rates
            ? fmt::format(" ({:+} in {:.1f} s)", sample.dead_letters_change, sample.seconds)
            : std::string();
    Draw({title_, UtcTime(now.read_at_us) + ", as of LSN " + std::to_string(now.as_of_lsn), "",
          "acknowledged   " + Rate(sample, sample.acknowledged_rate) + " lines/s",
          "applied        " + Rate(sample, sample.applied_rate) + " lines/s, up to LSN " +
              std::to_string(now.applied_lsn),
          "lag            " + Counted(now.tail_chunks, "chunk") + ", " +
              Counted(now.tail_lines, "line") + ", " +
              Duration(static_cast<double>(sample.lag_micros) / 1e6),
          "unfinished     " + Letters(now.batches_unfinished) + " batches" +
              (now.replay_unfinished
                   ? ", key replay: " + Thousands(now.replay_keys_done) + " keys done"
                   : std::string()),
          "dead letters   " + Letters(now.dead_letters) + change,
          "on disk        log " + Bytes(now.log_bytes) + ", store " + Bytes(now.store_bytes)});
  }
  void Wait(const Status& why) override { Draw({title_, "waiting: " + PlainText(why.message())}); }

 private:
  // In the place of what was drawn before.
  void Draw(const std::vector<std::string>& lines) {
    std::string text = drawn_ > 0 ? fmt::format("\x1b[{}A\r\x1b[J", drawn_) : std::string();
    const size_t width = std::max<size_t>(TerminalWidth(1), 2);
    for (const std::string& line : lines) {
      text += CutToWidth(line, width - 1) + "\n";
    }
    drawn_ = lines.size();
    Sink::Stdout().Write(text);
  }

  const std::string title_;
  size_t drawn_ = 0;
};

class StatsRun {
 public:
  explicit StatsRun(const StatsOptions& options) : options_(options) {
    if (options.format != Format::kTable) {
      output_ = std::make_unique<Records>(options.format);
    } else if (options.watch && MayMoveCursor(1)) {
      output_ = std::make_unique<Screen>(options);
    } else {
      output_ = std::make_unique<Lines>();
    }
  }

  ExitCode Run();

 private:
  Status Read(Reading* reading) const;
  // A reading after the one before. *shown: it became a sample.
  Status Step(bool* shown);
  // The watch goes on, for this may pass.
  bool Passes(const Status& status);

  const StatsOptions& options_;
  std::unique_ptr<Output> output_;
  std::optional<Reading> before_;
  int errors_ = 0;  // in a row
};

Status StatsRun::Read(Reading* reading) const {
  std::unique_ptr<Inspector> inspector;
  if (Status s = OpenInspector(options_.database, &inspector); !s.ok()) {
    return s;
  }
  reading->at = Clock::now();
  OverviewOptions wanted;
  wanted.records_max = kRecordsMax;
  if (before_.has_value()) {
    wanted.since_lsn = before_->overview.as_of_lsn;
  }
  return inspector->GetOverview(wanted, &reading->overview);
}

Status StatsRun::Step(bool* shown) {
  *shown = false;
  Reading now;
  if (Status s = Read(&now); !s.ok()) {
    return s;
  }
  errors_ = 0;
  // Another database in the same place, or this one as a backup had it.
  if (before_.has_value() && (before_->overview.database_id != now.overview.database_id ||
                              before_->overview.as_of_lsn > now.overview.as_of_lsn)) {
    before_.reset();
  }
  if (options_.watch || before_.has_value()) {
    output_->Show(Compare(before_, now));
    *shown = true;
  }
  before_ = std::move(now);
  return Sink::Stdout().Flush();
}

bool StatsRun::Passes(const Status& status) {
  if (!options_.watch || Sink::Stdout().failed()) {
    return false;
  }
  switch (status.code()) {
    case StatusCode::kNotFound:
    case StatusCode::kTryAgain:
    case StatusCode::kBusy:
    case StatusCode::kUnavailable:
      return true;
    case StatusCode::kIoError:
    case StatusCode::kCorruption:
      return ++errors_ < kErrorsMax;
    default:
      return false;
  }
}

// Waits, unless a signal comes. False: it came.
bool Sleep(double seconds) {
  struct pollfd wake = {InterruptFd(), POLLIN, 0};
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(seconds));
  while (!Interrupted()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) {
      return true;
    }
    poll(&wake, 1, static_cast<int>(left));
  }
  return false;
}

ExitCode StatsRun::Run() {
  const uint64_t count = options_.watch ? options_.count : std::max<uint64_t>(options_.count, 1);
  for (uint64_t samples = 0; !Interrupted() && !Sink::Stdout().done();) {
    const Clock::time_point start = Clock::now();
    bool shown = false;
    if (const Status s = Step(&shown); !s.ok()) {
      if (!Passes(s)) {
        return Fail(s);
      }
      output_->Wait(s);
      (void)Sink::Stdout().Flush().ok();
    }
    samples += shown ? 1 : 0;
    if (count > 0 && samples >= count) {
      break;
    }
    // A reading that takes long is followed by a rest as long.
    const double took = std::chrono::duration<double>(Clock::now() - start).count();
    if (!Sleep(std::max(options_.interval - took, took))) {
      break;
    }
  }
  output_->End();
  return Finish();
}

}  // namespace

void AddStatsCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("stats", "Show what a database at work does: rates, lag, sizes");
  command->footer(
      "Looks twice, an interval apart, and shows what happened in between; with --watch again and\n"
      "again, until Ctrl-C (exit code 0). At a terminal the screen is rewritten, and a database "
      "that\n"
      "is not there yet is waited for, too. The program that writes is not disturbed: a look takes "
      "no "
      "lock\n"
      "and reads only the end of the log and what came since the last one. Rates are of lines;\n"
      "lag is what is durable in the log and not in the store yet, and how old the oldest of it\n"
      "is. \"~\": an estimate, for there are more than 10,000.\n"
      "Examples:\n"
      "  tallystone stats --db stock.db\n"
      "  tallystone stats --db stock.db --watch\n"
      "  tallystone stats --db stock.db --watch --interval 10 --count 6 --format ndjson");
  auto options = std::make_shared<StatsOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  command->add_flag("--watch", options->watch, "Again and again");
  command->add_option("--interval", options->interval, "Seconds from look to look, 2 by default")
      ->type_name("S")
      ->check(CLI::Range(0.1, 86'400.0));
  command->add_option("--count", options->count, "End after N samples")
      ->type_name("N")
      ->check(CheckPositive);
  command->callback([=] { chosen->run = [=] { return StatsRun(*options).Run(); }; });
}

}  // namespace tallystone::tool
