#include "engine_support/random_history.h"

#include <algorithm>
#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "engine_support/difference_from_model.h"
#include "engine_support/ledger_model.h"
#include "model/random_source.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using test::RandomSource;

constexpr uint64_t kItemsMax = 60;

// Few codes, texts and GTINs, so that they meet; numbers at all limits.
void AddLine(RandomSource* random, Batch* batch) {
  if (random->OneIn(60)) {
    batch->AddUnreadable(Outcome::kBadColumns, "1;2;3");
    return;
  }
  TextLine line;
  line.code = random->OneIn(3) ? "" : random->Pick({"A1", "A2", "a1", "B7", "C-9", "D", "E", "F"});
  line.description =
      random->Pick({"", "Bolt M8", "bolt  m8", "Nut", "NUT ", "Washer", "?", "Glue"});
  line.gtin = random->OneIn(6) ? random->Pick({"4006381333931", "5012345678900"}) : "";
  line.quantity = random->Pick({"1", "2.5", "-3", "0", "", "6 pcs", "0.000001", "12", "-0.00",
                                "1.0000001", "100000", "1000000000000", "-1000000000000"});
  line.unit_cost = random->Pick(
      {"1", "0.1", "2.55", "0", "-4", "n/a", "1000000000000", "12345.678901", "0.000001"});
  line.time = random->OneIn(2) ? random->Pick({"2026-01-02", "2026-03-04 05:06"}) : "";
  line.document = random->OneIn(2) ? random->Pick({"INV-1", "INV-2"}) : "";
  batch->AddText(line);
}

// The same tenant, id and seed give the same lines.
Batch MakeBatch(const std::string& tenant, const std::string& id, uint64_t seed, uint64_t from,
                uint64_t to) {
  RandomSource random(seed);
  Batch all(tenant, id);
  Batch part(tenant, id);
  for (uint64_t line = 0; line < to; ++line) {
    AddLine(&random, line < from ? &all : &part);
  }
  return part;
}

struct SentBatch {
  std::string tenant;
  std::string id;
  uint64_t seed = 0;
  uint64_t lines = 0;
  uint64_t logged = 0;
  bool finished = false;
};

class History {
 public:
  History(uint64_t seed, EnginePlace* place) : place_(place), random_(seed), model_(kItemsMax) {
    options_ = QuietOptions();
    options_.items_max = kItemsMax;
    options_.window_lines_max = 500 + random_.Below(1500);
    options_.ingest_lines_min = random_.OneIn(2) ? 0 : 1'000'000;
    options_.log_segment_bytes = 64u << 10;
  }

  void Run(int steps, std::string* digest) {
    ASSERT_NO_FATAL_FAILURE(Open());
    for (int step = 0; step < steps; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      ASSERT_NO_FATAL_FAILURE(Step());
    }
    ASSERT_NO_FATAL_FAILURE(Compare());
    ASSERT_OK(engine_->Close());
    *digest = place_->SoundDigest();
    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_NO_FATAL_FAILURE(Compare());
    engine_.reset();
    EXPECT_EQ(place_->SoundDigest(), *digest);
  }

 private:
  void Open() { ASSERT_OK(place_->Open(options_, &engine_)); }

  void Step() {
    switch (random_.Below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Send();
      case 4:
        return SendInPieces();
      case 5:
        return Resend();
      case 6:
        return SendOtherContent();
      case 7:
        return Retry();
      case 8:
        return Drop();
      case 9:
        return Reopen();
      case 10:
        return SendWholeOrNothing();
      default:
        return Compare();
    }
  }

  SentBatch NewBatch() {
    SentBatch batch;
    batch.tenant = std::string(random_.Pick({"acme", "béta", "gamma"}));
    batch.id = "batch " + std::to_string(batches_.size());
    batch.seed = random_.Bits();
    batch.lines = random_.OneIn(4) ? random_.Below(1200) : random_.Below(40);
    return batch;
  }

  UnknownItemPolicy AnyPolicy() {
    return random_.OneIn(4) ? UnknownItemPolicy::kReject : UnknownItemPolicy::kCreate;
  }

  // The answer says the same as the slow program.
  void ExpectResult(const SentBatch& batch, const BatchResult& result) {
    const auto& lines = model_.tenants[batch.tenant].batches[batch.id];
    ASSERT_EQ(result.lines.size(), lines.size());
    uint64_t booked = 0;
    for (size_t line = 0; line < lines.size(); ++line) {
      booked += lines[line].booked();
      ASSERT_EQ(result.lines[line].line, line + 1);
      ASSERT_EQ(OutcomeName(result.lines[line].outcome), OutcomeName(lines[line].outcome))
          << "line " << line + 1;
      ASSERT_EQ(result.lines[line].item, lines[line].item) << "line " << line + 1;
      ASSERT_EQ(result.lines[line].decided_by, lines[line].decided_by) << "line " << line + 1;
    }
    EXPECT_EQ(result.items_processed, booked);
    EXPECT_EQ(result.items_failed, lines.size() - booked);
  }

  void Send() {
    SentBatch batch = NewBatch();
    IngestOptions options;
    options.unknown_items = AnyPolicy();
    options.level = random_.OneIn(3) ? Durability::kApplied : Durability::kLogged;
    const Batch lines = MakeBatch(batch.tenant, batch.id, batch.seed, 0, batch.lines);
    BatchResult result;
    ASSERT_OK(engine_->Ingest(options, lines, &result));
    model_.Book(lines, options.unknown_items);
    batch.logged = batch.lines;
    batch.finished = true;
    batches_.push_back(batch);
    ExpectResult(batch, result);
  }

  void SendWholeOrNothing() {
    SentBatch batch = NewBatch();
    batch.lines = random_.Below(4);
    IngestOptions options;
    options.bad_lines = BadLinePolicy::kRejectBatch;
    const Batch lines = MakeBatch(batch.tenant, batch.id, batch.seed, 0, batch.lines);
    const bool good = model_.AllGood(lines, options.unknown_items);
    BatchResult result;
    const Status status = engine_->Ingest(options, lines, &result);
    ASSERT_EQ(status.code(), good ? StatusCode::kOk : StatusCode::kRejected) << status.ToString();
    if (good) {
      model_.Book(lines, options.unknown_items);
      batch.logged = batch.lines;
      batch.finished = true;
      batches_.push_back(batch);
    }
  }

  // Some pieces of a batch; sometimes to its end.
  void SendInPieces() {
    auto unfinished = std::find_if(batches_.begin(), batches_.end(),
                                   [](const SentBatch& sent) { return !sent.finished; });
    if (unfinished == batches_.end()) {
      batches_.push_back(NewBatch());
      unfinished = batches_.end() - 1;
    }
    SentBatch& batch = *unfinished;
    std::unique_ptr<BatchWriter> writer;
    ASSERT_OK(engine_->NewBatchWriter({}, batch.tenant, batch.id, &writer));
    uint64_t given = 0;
    for (const bool to_the_end = random_.OneIn(2); given < batch.lines;) {
      const uint64_t to = std::min(batch.lines, given + 1 + random_.Below(700));
      std::vector<LineResult> results;
      ASSERT_OK(writer->Add(MakeBatch(batch.tenant, batch.id, batch.seed, given, to), &results));
      ASSERT_EQ(results.size(), to - given);
      if (to > batch.logged) {
        model_.Book(MakeBatch(batch.tenant, batch.id, batch.seed, batch.logged, to), {});
        batch.logged = to;
      }
      given = to;
      if (!to_the_end && random_.OneIn(3)) {
        return;  // the writer is dropped
      }
    }
    BatchResult result;
    ASSERT_OK(writer->Finish(&result));
    model_.tenants[batch.tenant].batches[batch.id];
    batch.finished = true;
    EXPECT_EQ(result.items_processed + result.items_failed, batch.lines);
  }

  void Resend() {
    if (batches_.empty()) {
      return;
    }
    SentBatch& batch = batches_[random_.Below(batches_.size())];
    BatchResult result;
    ASSERT_OK(engine_->Ingest({}, MakeBatch(batch.tenant, batch.id, batch.seed, 0, batch.lines),
                              &result));
    EXPECT_EQ(result.resent, batch.finished);
    model_.Book(MakeBatch(batch.tenant, batch.id, batch.seed, batch.logged, batch.lines), {});
    batch.logged = batch.lines;
    batch.finished = true;
    ExpectResult(batch, result);
  }

  void SendOtherContent() {
    if (batches_.empty()) {
      return;
    }
    const SentBatch& batch = batches_[random_.Below(batches_.size())];
    if (batch.logged == 0) {
      return;
    }
    const uint64_t different = random_.Below(batch.logged);
    Batch lines = MakeBatch(batch.tenant, batch.id, batch.seed, 0, different);
    lines.Add({.code = "other", .quantity = Decimal::FromUnits(7), .unit_cost = {}});
    BatchResult result;
    const Status status = engine_->Ingest({}, lines, &result);
    ASSERT_EQ(status.code(), StatusCode::kConflict) << status.ToString();
    EXPECT_NE(status.message().find("line " + std::to_string(different + 1) + ":"),
              std::string::npos)
        << status.message();
  }

  // A dead letter of the model, if there is any.
  ModelLine* FindLetter(DeadLetterKey* key) {
    std::vector<std::pair<DeadLetterKey, ModelLine*>> letters;
    for (auto& [tenant, state] : model_.tenants) {
      for (auto& [id, lines] : state.batches) {
        for (size_t line = 0; line < lines.size(); ++line) {
          if (!lines[line].booked() && !lines[line].dropped) {
            letters.push_back({{tenant, id, line + 1}, &lines[line]});
          }
        }
      }
    }
    if (letters.empty()) {
      return nullptr;
    }
    const auto& [found, line] = letters[random_.Below(letters.size())];
    *key = found;
    return line;
  }

  void Retry() {
    DeadLetterKey key;
    if (FindLetter(&key) == nullptr) {
      return;
    }
    TextLine corrected;
    corrected.code = "A1";
    corrected.quantity = random_.Pick({"5", "x", "2.25"});
    corrected.unit_cost = "3";
    LineResult result;
    ASSERT_OK(engine_->RetryDeadLetter({}, key, &corrected, &result));
    BatchLines lines;
    lines.AddText(corrected);
    model_.Retry(key.tenant, key.batch, key.line, lines.lines().front(), {});
    const ModelLine& line = model_.tenants[key.tenant].batches[key.batch][key.line - 1];
    EXPECT_EQ(result.outcome, line.outcome);
    EXPECT_EQ(result.line, key.line);
  }

  void Drop() {
    DeadLetterKey key;
    ModelLine* line = FindLetter(&key);
    if (line == nullptr) {
      return;
    }
    ASSERT_OK(engine_->DropDeadLetter(key));
    line->dropped = true;
    EXPECT_CODE(kNotFound, engine_->DropDeadLetter(key));
  }

  // Sometimes with a store that failed, so that the tail of the log is longer than a clean one.
  void Reopen() {
    if (random_.OneIn(2)) {
      place_->PullThePlug();
    }
    engine_->Close().PermitUnchecked();
    engine_.reset();
    Open();
  }

  void Compare();

  EnginePlace* const place_;
  RandomSource random_;
  LedgerModel model_;
  Options options_;
  std::unique_ptr<Engine> engine_;
  std::vector<SentBatch> batches_;
};

void History::Compare() {
  // Readers see what is durable, and a dropped writer waited for nothing.
  ASSERT_OK(engine_->Sync());
  ASSERT_EQ(DifferenceFromModel(engine_.get(), model_), "");
}

}  // namespace

std::string PlayHistory(uint64_t seed, int steps, EnginePlace* place) {
  std::string digest;
  History(seed, place).Run(steps, &digest);
  return digest;
}

}  // namespace tallystone::testing
