// Ledger scenarios as text (engine/scenarios/*.txt): one line an event, the last column what is
// expected. Each runs on each store, and again with everything drained, or the engine reopened,
// after every event (laws L2, L3, L5, L7).
//
//   line     the next line of a batch; expected: outcome, rule, item. Checked by the next `send` of
//   its batch. send     ingests the lines given; description = reject_unknown | whole. Expected:
//   status booked/failed, or
//            the refusal and the line it names.
//   piece    adds the lines given by a BatchWriter that is then dropped
//   retry    a dead letter (batch/line) with corrected fields; `again` as it is; `drop`
//   letter, batch, balance   what is there; #1 = item 1
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "store/memory/memory_store.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

struct Event {
  std::string verb, tenant, batch, code, gtin, description, quantity, cost, expected;
};

struct Scenario {
  std::string name;
  std::vector<Event> events;
};

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

Event ParseEvent(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream stream(row);
  for (std::string cell; std::getline(stream, cell, '|');) {
    cells.push_back(Trimmed(cell));
  }
  cells.resize(9);
  return {cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8]};
}

std::vector<Scenario> ReadScenarios() {
  std::vector<Scenario> scenarios;
  for (const auto& entry : std::filesystem::directory_iterator(TALLYSTONE_SCENARIOS)) {
    std::ifstream file(entry.path());
    for (std::string row; std::getline(file, row);) {
      if (row.rfind("== ", 0) == 0) {
        scenarios.push_back({entry.path().stem().string() + ": " + row.substr(3), {}});
      } else if (!row.empty() && row.rfind("verb", 0) != 0) {
        scenarios.back().events.push_back(ParseEvent(row));
      }
    }
  }
  return scenarios;
}

enum class StoreKind { kMemory, kRocks };
enum class AfterEvent { kNothing, kFlush, kReopen, kCrash };

class Stage {
 public:
  Stage(StoreKind kind, AfterEvent after) : kind_(kind), after_(after) {}

  void Play(const Scenario& scenario) {
    ASSERT_NO_FATAL_FAILURE(Open());
    int number = 0;
    for (const Event& event : scenario.events) {
      SCOPED_TRACE(scenario.name + ", event " + std::to_string(++number) + ": " + event.verb);
      if (event.verb == "line") {
        lines_.push_back(event);
        continue;
      }
      EXPECT_EQ(Perform(event), event.expected);
      ASSERT_NO_FATAL_FAILURE(Disturb());
    }
    ASSERT_OK(engine_->Close());
    engine_.reset();
    if (kind_ == StoreKind::kRocks) {
      EXPECT_NE(directory_.SoundDigest(), "");
    }
  }

 private:
  void Open() {
    engine_.reset();
    if (kind_ == StoreKind::kRocks) {
      ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults_));
      return;
    }
    auto store = std::make_unique<FaultStore>(std::make_unique<MemoryStore>(disk_));
    faults_ = store.get();
    Parts parts;
    parts.store = std::move(store);
    ASSERT_OK(
        EngineImpl::OpenWith(QuietOptions(), directory_.database(), std::move(parts), &engine_));
  }

  void Disturb() {
    if (after_ == AfterEvent::kFlush) {
      ASSERT_OK(engine_->Flush());
    } else if (after_ == AfterEvent::kReopen) {
      ASSERT_OK(engine_->Close());
      Open();
    } else if (after_ == AfterEvent::kCrash) {
      // Nothing reaches the store any more: the next Open folds everything from the log.
      faults_->FailWrites(1000, Status::IoError("the test pulled the plug"));
      engine_->Close().PermitUnchecked();
      Open();
    }
  }

  static Batch MakeBatch(const Event& event, const std::vector<Event>& lines) {
    Batch batch(event.tenant, event.batch);
    for (const Event& line : lines) {
      batch.AddText(TextOf(line));
    }
    return batch;
  }
  static TextLine TextOf(const Event& line) {
    return {.code = line.code,
            .description = line.description,
            .quantity = line.quantity,
            .unit_cost = line.cost,
            .gtin = line.gtin};
  }
  static std::string Named(const LineResult& line) {
    std::string text(OutcomeName(line.outcome));
    if (line.item != 0) {
      text += " " + std::string(DecidedByName(line.decided_by)) + " " + std::to_string(line.item);
    }
    return text;
  }
  static std::string Counts(BatchStatus status, uint64_t processed, uint64_t failed) {
    return std::string(BatchStatusName(status)) + " " + std::to_string(processed) + "/" +
           std::to_string(failed);
  }
  static std::string NotFoundOr(const Status& status, const std::string& none) {
    return status.IsNotFound() ? none : status.ToString();
  }
  // "conflict line 3"
  static std::string Refusal(const Status& status) {
    const size_t at = status.message().rfind("line ");
    const size_t colon = status.message().find(':', at);
    return std::string(StatusCodeName(status.code())) +
           (at == std::string::npos ? "" : " " + status.message().substr(at, colon - at));
  }
  static DeadLetterKey LetterKey(const Event& event) {
    const size_t slash = event.batch.find('/');
    return {event.tenant, event.batch.substr(0, slash), std::stoull(event.batch.substr(slash + 1))};
  }

  std::string Perform(const Event& event) {
    if (event.verb == "send") {
      return Send(event);
    }
    if (event.verb == "piece") {
      return Piece(event);
    }
    if (event.verb == "retry" || event.verb == "again") {
      const TextLine corrected = TextOf(event);
      LineResult result;
      const Status status = engine_->RetryDeadLetter(
          {}, LetterKey(event), event.verb == "retry" ? &corrected : nullptr, &result);
      return status.ok() ? Named(result) : NotFoundOr(status, "not_found");
    }
    if (event.verb == "drop") {
      const Status status = engine_->DropDeadLetter(LetterKey(event));
      return status.ok() ? "ok" : NotFoundOr(status, "not_found");
    }
    return Look(event);
  }

  std::string Send(const Event& event) {
    const std::vector<Event> lines = std::move(lines_);
    lines_.clear();
    IngestOptions options;
    if (event.description == "reject_unknown") {
      options.unknown_items = UnknownItemPolicy::kReject;
    } else if (event.description == "whole") {
      options.bad_lines = BadLinePolicy::kRejectBatch;
    }
    BatchResult result;
    const Status status = engine_->Ingest(options, MakeBatch(event, lines), &result);
    if (!status.ok()) {
      return Refusal(status);
    }
    EXPECT_EQ(result.lines.size(), lines.size());
    for (size_t line = 0; line < std::min(lines.size(), result.lines.size()); ++line) {
      if (!lines[line].expected.empty()) {
        EXPECT_EQ(Named(result.lines[line]), lines[line].expected) << "line " << line + 1;
      }
    }
    std::vector<LineResult> stored;
    EXPECT_OK(engine_->GetLineResults(event.tenant, event.batch, &stored));
    EXPECT_EQ(stored.size(), lines.size());
    for (size_t line = 0; line < std::min(stored.size(), result.lines.size()); ++line) {
      EXPECT_EQ(Named(stored[line]), Named(result.lines[line])) << "line " << line + 1;
    }
    return Counts(result.status, result.items_processed, result.items_failed) +
           (result.resent ? " resent" : "") + (result.continued ? " continued" : "");
  }

  std::string Piece(const Event& event) {
    const std::vector<Event> lines = std::move(lines_);
    lines_.clear();
    std::unique_ptr<BatchWriter> writer;
    Status status = engine_->NewBatchWriter({}, event.tenant, event.batch, &writer);
    std::vector<LineResult> results;
    if (status.ok()) {
      status = writer->Add(MakeBatch(event, lines), &results);
    }
    if (!status.ok()) {
      return Refusal(status);
    }
    EXPECT_EQ(results.size(), lines.size());
    EXPECT_OK(engine_->Sync());
    return "ok";
  }

  std::string Look(const Event& event) {
    if (event.verb == "balance") {
      ItemKey key{event.tenant, event.code};
      if (event.code[0] == '#') {
        key = {event.tenant, "", static_cast<uint32_t>(std::stoul(event.code.substr(1)))};
      }
      Balance balance;
      const Status status = engine_->GetBalance(key, &balance);
      return status.ok() ? balance.on_hand.ToString() + " " + balance.value.ToString() + " " +
                               std::to_string(balance.lines)
                         : NotFoundOr(status, "none");
    }
    if (event.verb == "letter") {
      DeadLetter letter;
      const Status status = engine_->GetDeadLetter(LetterKey(event), &letter);
      return status.ok()
                 ? std::string(OutcomeName(letter.cause)) + " " + std::to_string(letter.attempts)
                 : NotFoundOr(status, "none");
    }
    if (event.verb == "batch") {
      BatchInfo info;
      const Status status = engine_->GetBatch(event.tenant, event.batch, &info);
      if (!status.ok()) {
        return NotFoundOr(status, "none");
      }
      return Counts(info.status(), info.items_processed, info.items_failed) +
             (info.retried > 0 ? " retried " + std::to_string(info.retried) : "") +
             (info.dropped > 0 ? " dropped " + std::to_string(info.dropped) : "");
    }
    return "unknown verb";
  }

  const StoreKind kind_;
  const AfterEvent after_;
  EngineDirectory directory_;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<Engine> engine_;
  FaultStore* faults_ = nullptr;
  std::vector<Event> lines_;
};

class ScenariosTest : public ::testing::TestWithParam<std::tuple<StoreKind, AfterEvent>> {};

TEST_P(ScenariosTest, GoAsWritten) {
  const std::vector<Scenario> scenarios = ReadScenarios();
  ASSERT_GE(scenarios.size(), 10u);
  for (const Scenario& scenario : scenarios) {
    Stage stage(std::get<0>(GetParam()), std::get<1>(GetParam()));
    ASSERT_NO_FATAL_FAILURE(stage.Play(scenario)) << scenario.name;
  }
}

std::string StageName(const ::testing::TestParamInfo<ScenariosTest::ParamType>& parameter) {
  static const char* const kStores[] = {"Memory", "Rocks"};
  static const char* const kAfter[] = {"Undisturbed", "FlushedAfterEachEvent",
                                       "ReopenedAfterEachEvent", "CrashedAfterEachEvent"};
  return std::string(kStores[static_cast<int>(std::get<0>(parameter.param))]) +
         kAfter[static_cast<int>(std::get<1>(parameter.param))];
}

INSTANTIATE_TEST_SUITE_P(
    Stores, ScenariosTest,
    ::testing::Combine(::testing::Values(StoreKind::kMemory, StoreKind::kRocks),
                       ::testing::Values(AfterEvent::kNothing, AfterEvent::kFlush,
                                         AfterEvent::kReopen, AfterEvent::kCrash)),
    StageName);

}  // namespace
}  // namespace tallystone::testing
