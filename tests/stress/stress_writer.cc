#include "stress/stress_writer.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace tallystone::testing {
namespace {

constexpr uint64_t kItemsMax = 1'000'000;

// What a disk or a store that fails may be answered with.
bool FaultCode(StatusCode code) {
  return code == StatusCode::kIoError || code == StatusCode::kNoSpace ||
         code == StatusCode::kUnavailable || code == StatusCode::kTryAgain;
}

TextLine Correction() {
  TextLine line;
  line.code = "corrected";
  line.quantity = "5";
  line.unit_cost = "3.5";
  return line;
}

void AddLine(test::RandomSource* random, Batch* batch) {
  if (random->OneIn(80)) {
    batch->AddUnreadable(Outcome::kBadColumns, "1;2;3");
    return;
  }
  TextLine line;
  line.code = random->OneIn(4) ? "" : random->Pick({"A1", "A2", "a1", "B7", "C-9", "D", "E", "F"});
  line.description =
      random->Pick({"", "Bolt M8", "bolt  m8", "Nut", "NUT ", "Washer", "?", "Glue"});
  line.gtin = random->OneIn(8) ? random->Pick({"4006381333931", "5012345678900"}) : "";
  line.quantity =
      random->Pick({"1", "2.5", "-3", "4", "0.25", "12", "7", "0", "6 pcs", "0.000001"});
  line.unit_cost = random->Pick({"1", "0.1", "2.55", "0", "-4", "19.99", "1000000000000", "n/a"});
  batch->AddText(line);
}

}  // namespace

StressWriter::StressWriter(uint64_t seed, int number, bool poison)
    : random_(seed), number_(number), poison_(poison), model_(kItemsMax) {}

Batch StressWriter::LinesOf(const SentBatch& batch, uint64_t from, uint64_t to) const {
  test::RandomSource random(batch.seed);
  Batch before(batch.tenant, batch.id);
  Batch part(batch.tenant, batch.id);
  for (uint64_t line = 1; line <= to; ++line) {
    AddLine(&random, line < from ? &before : &part);
  }
  return part;
}

void StressWriter::Wrong(const std::string& what) {
  if (wrong_.empty()) {
    wrong_ = what;
  }
}

bool StressWriter::Answered(const Status& status, StatusCode expected, const char* what) {
  if (status.code() == expected) {
    return true;
  }
  if (!FaultCode(status.code())) {
    Wrong(std::string(what) + ": " + status.ToString());
  }
  return false;
}

void StressWriter::BookTo(const SentBatch& batch, uint64_t to) {
  const uint64_t from = model_.tenants[batch.tenant].batches[batch.id].size() + 1;
  if (from <= to) {
    model_.Book(LinesOf(batch, from, to), {});
    lines_ += to - from + 1;
  }
}

void StressWriter::Acknowledge(const SentBatch& batch, uint64_t lines) {
  std::lock_guard lock(mutex_);
  acknowledged_.push_back({batch.tenant, batch.id, lines});
}

bool StressWriter::PickAcknowledged(uint64_t random, AcknowledgedBatch* batch) const {
  std::lock_guard lock(mutex_);
  if (acknowledged_.empty()) {
    return false;
  }
  *batch = acknowledged_[random % acknowledged_.size()];
  return true;
}

void StressWriter::ExpectResult(const SentBatch& batch, const BatchResult& result) {
  const auto& lines = model_.tenants[batch.tenant].batches[batch.id];
  if (result.items_processed + result.items_failed != lines.size()) {
    Wrong("batch '" + batch.id + "': processed + failed is not the number of lines");
  }
  for (size_t line = 0; line < lines.size() && line < result.lines.size(); ++line) {
    const bool rejected = result.lines[line].outcome == Outcome::kStoreRejected;
    if (result.lines[line].outcome != lines[line].outcome && !(poison_ && rejected)) {
      Wrong("batch '" + batch.id + "', line " + std::to_string(line + 1) + ": " +
            std::string(OutcomeName(result.lines[line].outcome)) + " instead of " +
            std::string(OutcomeName(lines[line].outcome)));
    }
  }
}

bool StressWriter::Send(Engine* engine) {
  SentBatch batch;
  batch.tenant = "w" + std::to_string(number_) + std::string(random_.Pick({" acme", " béta"}));
  batch.id = "batch " + std::to_string(sent_.size());
  batch.seed = random_.Bits();
  batch.lines = random_.OneIn(200) ? random_.Below(1200) : random_.Below(12);
  sent_.push_back(batch);
  pending_ = Pending::kSend;
  pending_batch_ = sent_.size() - 1;
  IngestOptions options;
  options.level = random_.OneIn(30) ? Durability::kApplied : Durability::kLogged;
  BatchResult result;
  if (!Answered(engine->Ingest(options, LinesOf(batch, 1, batch.lines), &result), StatusCode::kOk,
                "sending a batch")) {
    return false;
  }
  pending_ = Pending::kNothing;
  BookTo(batch, batch.lines);
  sent_.back().finished = true;
  ++finished_;
  ExpectResult(batch, result);
  Acknowledge(batch, batch.lines);
  return true;
}

bool StressWriter::SendPieces(Engine* engine) {
  auto unfinished = std::find_if(sent_.rbegin(), sent_.rend(),
                                 [](const SentBatch& batch) { return !batch.finished; });
  if (unfinished == sent_.rend()) {
    SentBatch batch;
    batch.tenant = "w" + std::to_string(number_) + " acme";
    batch.id = "batch " + std::to_string(sent_.size());
    batch.seed = random_.Bits();
    batch.lines = random_.OneIn(20) ? random_.Below(900) : random_.Below(60);
    sent_.push_back(batch);
    unfinished = sent_.rbegin();
  }
  SentBatch& batch = *unfinished;
  pending_ = Pending::kSend;
  pending_batch_ = static_cast<size_t>(&batch - sent_.data());
  std::unique_ptr<BatchWriter> writer;
  if (!Answered(engine->NewBatchWriter({}, batch.tenant, batch.id, &writer), StatusCode::kOk,
                "continuing a batch")) {
    return false;
  }
  const bool to_the_end = random_.OneIn(2);
  for (uint64_t given = 0; given < batch.lines;) {
    const uint64_t to = std::min(batch.lines, given + 1 + random_.Below(20 + batch.lines / 3));
    if (!Answered(writer->Add(LinesOf(batch, given + 1, to), nullptr), StatusCode::kOk,
                  "adding lines")) {
      return false;
    }
    given = to;
    if (!to_the_end && random_.OneIn(2)) {
      if (!Answered(engine->Sync(), StatusCode::kOk, "syncing a part")) {
        return false;
      }
      pending_ = Pending::kNothing;
      BookTo(batch, given);
      Acknowledge(batch, given);
      return true;
    }
  }
  BatchResult result;
  if (!Answered(writer->Finish(&result), StatusCode::kOk, "finishing a batch")) {
    return false;
  }
  pending_ = Pending::kNothing;
  BookTo(batch, batch.lines);
  batch.finished = true;
  ++finished_;
  Acknowledge(batch, batch.lines);
  return true;
}

bool StressWriter::Resend(Engine* engine) {
  if (sent_.empty()) {
    return true;
  }
  pending_batch_ = random_.Below(sent_.size());
  SentBatch& batch = sent_[pending_batch_];
  pending_ = Pending::kSend;
  BatchResult result;
  if (!Answered(engine->Ingest({}, LinesOf(batch, 1, batch.lines), &result), StatusCode::kOk,
                "sending a batch again")) {
    return false;
  }
  pending_ = Pending::kNothing;
  if (batch.finished && !result.resent) {
    Wrong("batch '" + batch.id + "' was sent again and taken for new");
  }
  BookTo(batch, batch.lines);
  finished_ += batch.finished ? 0 : 1;
  batch.finished = true;
  ExpectResult(batch, result);
  Acknowledge(batch, batch.lines);
  return true;
}

bool StressWriter::SendOtherContent(Engine* engine) {
  if (sent_.empty()) {
    return true;
  }
  const SentBatch& batch = sent_[random_.Below(sent_.size())];
  const uint64_t logged = model_.tenants[batch.tenant].batches[batch.id].size();
  if (logged == 0) {
    return true;
  }
  const uint64_t different = random_.Below(logged);
  Batch lines = LinesOf(batch, 1, different);
  lines.Add({.code = "other", .quantity = Decimal::FromUnits(7), .unit_cost = {}});
  BatchResult result;
  const Status status = engine->Ingest({}, lines, &result);
  if (!Answered(status, StatusCode::kConflict, "sending other content")) {
    return false;
  }
  if (status.message().find("line " + std::to_string(different + 1) + ":") == std::string::npos) {
    Wrong("line " + std::to_string(different + 1) + " differs, but: " + status.message());
  }
  return true;
}

bool StressWriter::FindLetter(DeadLetterKey* key) {
  // From a random batch on.
  for (size_t tries = 0, at = sent_.empty() ? 0 : random_.Below(sent_.size());
       tries < std::min<size_t>(sent_.size(), 8); ++tries, at = (at + 1) % sent_.size()) {
    const SentBatch& batch = sent_[at];
    const auto& lines = model_.tenants[batch.tenant].batches[batch.id];
    for (size_t line = 0; line < lines.size(); ++line) {
      if (!lines[line].booked() && !lines[line].dropped &&
          lines[line].outcome != Outcome::kStoreRejected) {
        *key = {batch.tenant, batch.id, line + 1};
        return true;
      }
    }
  }
  return false;
}

bool StressWriter::Retry(Engine* engine) {
  if (!FindLetter(&pending_letter_)) {
    return true;
  }
  pending_ = Pending::kRetry;
  LineResult result;
  const TextLine corrected = Correction();
  if (!Answered(engine->RetryDeadLetter({}, pending_letter_, &corrected, &result), StatusCode::kOk,
                "retrying a dead letter")) {
    return false;
  }
  Settle(nullptr);
  return true;
}

bool StressWriter::Drop(Engine* engine) {
  if (!FindLetter(&pending_letter_)) {
    return true;
  }
  pending_ = Pending::kDrop;
  if (!Answered(engine->DropDeadLetter(pending_letter_), StatusCode::kOk,
                "dropping a dead letter")) {
    return false;
  }
  Settle(nullptr);
  return true;
}

// With no engine: the step was acknowledged.
void StressWriter::Settle(Engine* engine) {
  const Pending pending = std::exchange(pending_, Pending::kNothing);
  if (pending == Pending::kNothing) {
    return;
  }
  if (pending == Pending::kSend) {
    SentBatch& batch = sent_[pending_batch_];
    BatchInfo info;
    const Status status = engine->GetBatch(batch.tenant, batch.id, &info);
    if (!status.ok() && !status.IsNotFound()) {
      Wrong("reading batch '" + batch.id + "': " + status.ToString());
    }
    const uint64_t known = model_.tenants[batch.tenant].batches[batch.id].size();
    if (info.lines < known || info.lines > batch.lines) {
      Wrong("batch '" + batch.id + "' has " + std::to_string(info.lines) + " lines; " +
            std::to_string(known) + " were acknowledged, " + std::to_string(batch.lines) +
            " were sent");
    }
    BookTo(batch, std::min(info.lines, batch.lines));
    return;
  }
  DeadLetter letter;
  if (engine != nullptr) {
    const Status status = engine->GetDeadLetter(pending_letter_, &letter);
    if (status.ok()) {
      return;  // nothing happened
    }
    if (!status.IsNotFound()) {
      Wrong("reading a dead letter: " + status.ToString());
    }
  }
  if (pending == Pending::kDrop) {
    model_.tenants[pending_letter_.tenant]
        .batches[pending_letter_.batch][pending_letter_.line - 1]
        .dropped = true;
    return;
  }
  BatchLines lines;
  lines.AddText(Correction());
  model_.Retry(pending_letter_.tenant, pending_letter_.batch, pending_letter_.line,
               lines.lines().front(), {});
}

bool StressWriter::Step(Engine* engine) {
  switch (random_.Below(20)) {
    case 0:
    case 1:
      return SendPieces(engine);
    case 2:
    case 3:
      return Resend(engine);
    case 4:
      return SendOtherContent(engine);
    case 5:
      return poison_ || Retry(engine);
    case 6:
      return poison_ || Drop(engine);
    case 7:
      return random_.OneIn(6) ? Answered(engine->Flush(), StatusCode::kOk, "flushing") : true;
    default:
      return Send(engine);
  }
}

void StressWriter::SendAllAgain(Engine* engine) {
  for (SentBatch& batch : sent_) {
    BatchResult result;
    const Status status = engine->Ingest({}, LinesOf(batch, 1, batch.lines), &result);
    if (!status.ok()) {
      Wrong("sending all again: " + status.ToString());
      return;
    }
    if (batch.finished && !result.resent) {
      Wrong("batch '" + batch.id + "' was sent again and taken for new");
    }
    BookTo(batch, batch.lines);
    finished_ += batch.finished ? 0 : 1;
    batch.finished = true;
  }
}

}  // namespace tallystone::testing
