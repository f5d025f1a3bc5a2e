#include "engine_support/scenario.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>

#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

ScenarioEvent ParseEvent(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream stream(row);
  for (std::string cell; std::getline(stream, cell, '|');) {
    cells.push_back(Trimmed(cell));
  }
  cells.resize(9);
  return {cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8]};
}

class Stage {
 public:
  Stage(AfterEvent after, EnginePlace* place) : after_(after), place_(place) {}

  void Play(const Scenario& scenario) {
    ASSERT_NO_FATAL_FAILURE(Open());
    int number = 0;
    for (const ScenarioEvent& event : scenario.events) {
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
  }

 private:
  void Open() {
    engine_.reset();
    ASSERT_OK(place_->Open(QuietOptions(), &engine_));
  }

  void Disturb() {
    if (after_ == AfterEvent::kFlush) {
      ASSERT_OK(engine_->Flush());
    } else if (after_ == AfterEvent::kReopen) {
      ASSERT_OK(engine_->Close());
      Open();
    } else if (after_ == AfterEvent::kCrash) {
      // Nothing reaches the store any more: the next Open folds everything from the log.
      place_->PullThePlug();
      engine_->Close().PermitUnchecked();
      Open();
    }
  }

  static Batch MakeBatch(const ScenarioEvent& event, const std::vector<ScenarioEvent>& lines) {
    Batch batch(event.tenant, event.batch);
    for (const ScenarioEvent& line : lines) {
      batch.AddText(TextOf(line));
    }
    return batch;
  }
  static TextLine TextOf(const ScenarioEvent& line) {
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
  static DeadLetterKey LetterKey(const ScenarioEvent& event) {
    const size_t slash = event.batch.find('/');
    return {event.tenant, event.batch.substr(0, slash), std::stoull(event.batch.substr(slash + 1))};
  }

  std::string Perform(const ScenarioEvent& event) {
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

  std::string Send(const ScenarioEvent& event) {
    const std::vector<ScenarioEvent> lines = std::move(lines_);
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

  std::string Piece(const ScenarioEvent& event) {
    const std::vector<ScenarioEvent> lines = std::move(lines_);
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

  std::string Look(const ScenarioEvent& event) {
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

  const AfterEvent after_;
  EnginePlace* const place_;
  std::unique_ptr<Engine> engine_;
  std::vector<ScenarioEvent> lines_;
};

}  // namespace

std::vector<Scenario> ReadScenarios(const std::string& directory) {
  std::vector<Scenario> scenarios;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
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

void PlayScenario(const Scenario& scenario, AfterEvent after, EnginePlace* place) {
  Stage(after, place).Play(scenario);
}

}  // namespace tallystone::testing
