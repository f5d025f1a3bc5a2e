#include "crash/scenario.h"

#include <functional>

#include "catalog/tenant_catalogue.h"
#include "engine_support/difference_from_model.h"

namespace tallystone::testing {
namespace {

constexpr uint64_t kItemsMax = 1000;
constexpr uint64_t kItems = 13;
constexpr std::string_view kName = "Oak table with drawers";

Options SmallOptions() {
  Options options;
  options.window_age_ms_max = 0;  // nothing drains unless it is asked for
  options.window_lines_max = 500;
  options.ingest_lines_min = 1'000'000;
  options.log_segment_bytes = 64u << 10;
  options.store_retries_max = 0;
  options.store_retry_delay_ms = 1;
  options.items_max = kItemsMax;
  return options;
}

Step Send(const std::string& batch, uint64_t lines, const std::string& tenant = "acme") {
  return {.kind = StepKind::kSend, .tenant = tenant, .batch = batch, .lines = lines};
}
Step SendPart(const std::string& batch, uint64_t sent, uint64_t lines) {
  return {
      .kind = StepKind::kSendPart, .tenant = "acme", .batch = batch, .lines = lines, .sent = sent};
}
Step Letter(StepKind kind, const std::string& batch, uint64_t line) {
  return {.kind = kind, .tenant = "acme", .batch = batch, .line = line};
}
constexpr StepKind kFlush = StepKind::kFlush;
constexpr StepKind kReopen = StepKind::kReopen;

TextLine Correction() {
  TextLine line;
  line.code = "C1";
  line.quantity = "5";
  line.unit_cost = "2";
  return line;
}

}  // namespace

std::vector<Scenario> CrashScenarios() {
  std::vector<Scenario> all;
  all.push_back({"fresh database", SmallOptions(), {Send("b1", 20), Send("b2", 1)}, {}});
  all.push_back({"bad lines, tenants, an interrupted batch",
                 SmallOptions(),
                 {Send("b1", 30), Send("b1", 30, "other"), SendPart("b2", 25, 60), Send("b3", 0),
                  Send("b2", 60), Send("b4", 7)},
                 {}});
  all.push_back({"drain by WriteBatch",
                 SmallOptions(),
                 {Send("b1", 40),
                  {.kind = kFlush},
                  Send("b2", 40),
                  Send("b3", 3),
                  {.kind = kFlush},
                  Send("b4", 9)},
                 {}});
  Scenario ingest{
      "drain by ingest of sorted files",
      SmallOptions(),
      {Send("b1", 40), {.kind = kFlush}, Send("b2", 40), {.kind = kFlush}, Send("b4", 9)},
      {}};
  ingest.options.ingest_lines_min = 0;
  all.push_back(ingest);
  Scenario segments{"segments roll over and are recycled", SmallOptions(), {}, {}};
  for (int batch = 0; batch < 9; ++batch) {
    segments.steps.push_back(Send("b" + std::to_string(batch), 1300));
    if (batch % 2 == 1) {
      segments.steps.push_back({.kind = kFlush});
    }
  }
  all.push_back(segments);
  all.push_back(
      {"key replay",
       SmallOptions(),
       {Send("b1", 60), {.kind = kFlush}, Send("b2", 60), {.kind = kFlush}, Send("b3", 5)},
       {3, 9}});
  Scenario replay_open{
      "key replay while opening",
      SmallOptions(),
      {Send("b1", 200), Send("b2", 200), Send("b3", 200), {.kind = kReopen}, Send("b4", 20)},
      {5}};
  all.push_back(replay_open);
  all.push_back({"retry and drop of dead letters",
                 SmallOptions(),
                 {Send("b1", 30),
                  Letter(StepKind::kRetry, "b1", 7),
                  {.kind = kFlush},
                  Letter(StepKind::kRetry, "b1", 14),
                  Letter(StepKind::kDrop, "b1", 21),
                  {.kind = kFlush},
                  Letter(StepKind::kDrop, "b1", 28)},
                 {}});
  Scenario review{"split of a batch and acceptance", SmallOptions(), {}, {}};
  review.steps = {
      Send("b1", 3900),
      {.kind = kFlush},
      {.kind = StepKind::kSplitBatch, .tenant = "acme", .batch = "b1", .sent = 14, .line = 1},
      Send("b2", 30),
      {.kind = StepKind::kAccept, .tenant = "acme", .sent = 1, .line = 14},
      Send("b3", 30)};
  all.push_back(review);
  Scenario split{"split of a name", SmallOptions(), {}, {}};
  split.steps = {Send("names1", 10'000),
                 {.kind = StepKind::kSplitText, .tenant = "acme", .sent = 2, .line = 1},
                 Send("names2", 30)};
  all.push_back(split);
  all.push_back({"close and open with a tail",
                 SmallOptions(),
                 {Send("b1", 30),
                  {.kind = kReopen},
                  Send("b2", 30),
                  SendPart("b3", 10, 20),
                  {.kind = kReopen},
                  Send("b3", 20),
                  {.kind = kReopen}},
                 {}});
  Scenario applied{"answers that wait for the store", SmallOptions(), {}, {}};
  for (int batch = 0; batch < 3; ++batch) {
    Step step = Send("b" + std::to_string(batch), 15);
    step.level = Durability::kApplied;
    applied.steps.push_back(step);
  }
  all.push_back(applied);
  return all;
}

Batch LinesOf(const std::string& tenant, const std::string& batch, uint64_t from, uint64_t to) {
  Batch lines(tenant, batch);
  const uint64_t start = std::hash<std::string>{}(batch) % kItems;
  for (uint64_t number = from; number <= to; ++number) {
    TextLine line;
    const std::string code = "C" + std::to_string((start + number * 5) % kItems);
    const std::string quantity =
        number % 7 == 0 ? "x" : std::to_string(number % 9 + 1) + "." + std::to_string(number % 4);
    const std::string cost = std::to_string(number % 50) + ".25";
    if (batch.starts_with("names")) {
      line.description = kName;
    } else {
      line.code = code;
      line.description = number % 3 == 0 ? "Bolt" : "";
    }
    line.quantity = quantity;
    line.unit_cost = cost;
    lines.AddText(line);
  }
  return lines;
}

ScenarioRun::ScenarioRun(const Scenario* scenario, SimulatedDatabase* database)
    : scenario_(scenario), database_(database) {
  database_->PrepareStores([scenario](FaultStore* store) {
    for (const uint32_t item : scenario->poison_items) {
      store->RefuseKey({1, item});
    }
  });
}

Status ScenarioRun::Open() {
  return database_->Open(scenario_->options, &engine_);
}

Status ScenarioRun::Close() {
  Status status = engine_->Flush();
  if (status.ok()) {
    status = engine_->Close();
  }
  engine_.reset();
  return status;
}

Status ScenarioRun::Run(const Step& step) {
  switch (step.kind) {
    case StepKind::kSend: {
      BatchResult result;
      IngestOptions options;
      options.level = step.level;
      return engine_->Ingest(options, LinesOf(step.tenant, step.batch, 1, step.lines), &result);
    }
    case StepKind::kSendPart: {
      std::unique_ptr<BatchWriter> writer;
      Status status = engine_->NewBatchWriter({}, step.tenant, step.batch, &writer);
      if (status.ok()) {
        status = writer->Add(LinesOf(step.tenant, step.batch, 1, step.sent), nullptr);
      }
      writer.reset();
      return status.ok() ? engine_->Sync() : status;
    }
    case StepKind::kRetry: {
      LineResult result;
      const TextLine corrected = Correction();
      const Status status =
          engine_->RetryDeadLetter({}, {step.tenant, step.batch, step.line}, &corrected, &result);
      return status.IsNotFound() ? Status::Ok() : status;
    }
    case StepKind::kDrop: {
      const Status status = engine_->DropDeadLetter({step.tenant, step.batch, step.line});
      return status.IsNotFound() ? Status::Ok() : status;
    }
    case StepKind::kSplitBatch:
    case StepKind::kSplitText: {
      // A split that was taken back is one that may be asked for again, so the program has to know.
      ItemInfo made;
      if (engine_->GetItem({step.tenant, "", static_cast<uint32_t>(step.sent)}, &made).ok()) {
        return Status::Ok();
      }
      ReviewResult result;
      SplitRequest request{.tenant = step.tenant,
                           .item = static_cast<uint32_t>(step.line),
                           .text = {},
                           .vendor = {},
                           .batch = {}};
      if (step.kind == StepKind::kSplitText) {
        request.text = kName;
      } else {
        request.batch = step.batch;
      }
      return engine_->SplitItem(request, &result);
    }
    case StepKind::kAccept: {
      ReviewResult result;
      return engine_->AcceptReview({.tenant = step.tenant,
                                    .item = static_cast<uint32_t>(step.line),
                                    .is = static_cast<uint32_t>(step.sent),
                                    .of_any_vendor = true},
                                   &result);
    }
    case StepKind::kFlush:
      return engine_->Flush();
    case StepKind::kReopen: {
      const Status status = engine_->Close();
      engine_.reset();
      return status.ok() ? Open() : status;
    }
  }
  return Status::Ok();
}

namespace {

// An open engine has moved all of it or nothing: it goes on before it answers anybody.
void BookMove(const Step& step, bool acknowledged, Engine* engine, LedgerModel* model) {
  const auto from = static_cast<uint32_t>(step.line);
  const bool accept = step.kind == StepKind::kAccept;
  const auto items = static_cast<uint32_t>(model->tenants[step.tenant].catalogue.items.size());
  const uint32_t to = accept ? static_cast<uint32_t>(step.sent) : items + 1;
  const std::string id = accept ? "review/accept/" + std::to_string(from) + "/2"
                                : "review/split/" + std::to_string(to) + "/1";
  BatchInfo info;
  if (!acknowledged && !engine->GetBatch(step.tenant, id, &info).ok()) {
    return;
  }
  if (!accept) {
    const bool text = step.kind == StepKind::kSplitText;
    model->AddItem(step.tenant, text ? std::string(kName) : "",
                   text ? NormaliseDescription(kName) : "");
  }
  model->Move(step.tenant, id, from, to, step.kind == StepKind::kSplitBatch ? step.batch : "");
}

// Books `step`, or as much of it as the engine has if it was not acknowledged.
void BookStep(const Step& step, bool acknowledged, Engine* engine, LedgerModel* model) {
  switch (step.kind) {
    case StepKind::kSend:
    case StepKind::kSendPart: {
      auto& batch = model->tenants[step.tenant].batches[step.batch];
      uint64_t to = step.kind == StepKind::kSend ? step.lines : step.sent;
      if (!acknowledged) {
        BatchInfo info;
        to = engine->GetBatch(step.tenant, step.batch, &info).ok() ? std::min(to, info.lines) : 0;
      }
      const uint64_t from = batch.size() + 1;
      if (from <= to) {
        model->Book(LinesOf(step.tenant, step.batch, from, to), {});
      }
      return;
    }
    case StepKind::kRetry:
    case StepKind::kDrop: {
      DeadLetter letter;
      const DeadLetterKey key{step.tenant, step.batch, step.line};
      if (!acknowledged && engine->GetDeadLetter(key, &letter).ok()) {
        return;
      }
      if (step.kind == StepKind::kDrop) {
        model->tenants[step.tenant].batches[step.batch][step.line - 1].dropped = true;
        return;
      }
      BatchLines lines;
      lines.AddText(Correction());
      model->Retry(step.tenant, step.batch, step.line, lines.lines().front(), {});
      return;
    }
    case StepKind::kSplitBatch:
    case StepKind::kSplitText:
    case StepKind::kAccept:
      return BookMove(step, acknowledged, engine, model);
    case StepKind::kFlush:
    case StepKind::kReopen:
      return;
  }
}

}  // namespace

std::string CheckAgainstModel(const Scenario& scenario, size_t acknowledged, Engine* engine) {
  LedgerModel model(kItemsMax);
  for (size_t number = 0; number < scenario.steps.size() && number <= acknowledged; ++number) {
    BookStep(scenario.steps[number], number < acknowledged, engine, &model);
  }
  if (!scenario.poison_items.empty()) {
    // Before the drain, the lines of a poison item are booked; after it, they are not.
    const Status status = engine->Flush();
    if (!status.ok()) {
      return "cannot flush: " + status.ToString();
    }
    for (const uint32_t item : scenario.poison_items) {
      model.RejectByStore("acme", item);
    }
  }
  return DifferenceFromModel(engine, model);
}

}  // namespace tallystone::testing
