// Any sequence of calls of the batch API, with crashes between them, against the slow program that
// books line by line (laws L1, L2, L3, L5, L7). Log and store stand in memory.
#include <map>
#include <vector>

#include "api/engine_impl.h"
#include "engine_support/difference_from_model.h"
#include "engine_support/ledger_model.h"
#include "fuzz.h"
#include "store/memory/memory_store.h"
#include "support/fault_file_system.h"

namespace {

using namespace tallystone;           // NOLINT: one small program
using namespace tallystone::testing;  // NOLINT
using fuzz::Input;

constexpr char kPath[] = "stock.db";
constexpr uint64_t kItemsMax = 6;
constexpr size_t kLinesMax = 12;
constexpr int kStepsMax = 24;

// Mostly words that meet each other, sometimes any bytes.
std::string_view Word(Input* input, std::initializer_list<std::string_view> words) {
  const size_t choice = input->Below(words.size() + 1);
  return choice < words.size() ? words.begin()[choice] : input->Take(input->Below(24));
}

struct Sent {
  std::string tenant;
  std::string id;
  std::vector<std::vector<std::string>> lines;  // code, description, quantity, unit cost, gtin
  size_t logged = 0;
  bool finished = false;
};

Batch Part(const Sent& sent, size_t from, size_t to) {
  Batch batch(sent.tenant, sent.id);
  for (size_t line = from; line < to; ++line) {
    const auto& text = sent.lines[line];
    batch.AddText({.code = text[0],
                   .description = text[1],
                   .quantity = text[2],
                   .unit_cost = text[3],
                   .gtin = text[4]});
  }
  return batch;
}

class Sequence {
 public:
  explicit Sequence(std::string_view bytes) : input_(bytes), model_(kItemsMax) {
    options_.items_max = kItemsMax;
    options_.window_age_ms_max = 0;
    options_.window_lines_max = 500;
    options_.log_segment_bytes = 64u << 10;
    options_.store_retry_delay_ms = 1;
  }

  void Run() {
    Open();
    for (int step = 0; step < kStepsMax && !input_.empty(); ++step) {
      Step();
      Compare();
    }
    Reopen();
    Compare();
  }

 private:
  void Open() {
    Parts parts;
    parts.file_system = &files_;
    parts.store = std::make_unique<MemoryStore>(store_);
    const Status status = EngineImpl::OpenWith(options_, kPath, std::move(parts), &engine_);
    if (!status.ok()) {
      std::fprintf(stderr, "open: %s\n", status.ToString().c_str());
    }
    FUZZ_EXPECT(status.ok());
  }

  void Step() {
    switch (input_.Below(8)) {
      case 0:
      case 1:
        return Send();
      case 2:
        return SendPieces();
      case 3:
        return Resend();
      case 4:
        return SendOther();
      case 5:
        return Mend();
      case 6:
        return input_.Below(2) == 0 ? Flush() : Crash();
      default:
        return Reopen();
    }
  }

  void Flush() { FUZZ_EXPECT(engine_->Flush().ok()); }

  // Adds a batch that the engine may take; null if its name is taken or not a name.
  Sent* NewBatch() {
    Sent sent;
    sent.tenant = Word(&input_, {"acme", "béta"});
    sent.id = Word(&input_, {"b1", "b2", "../../etc", "b3", "B1"});
    const size_t lines = input_.Below(kLinesMax);
    for (size_t line = 0; line < lines; ++line) {
      std::vector<std::string> texts;
      texts.emplace_back(Word(&input_, {"", "A1", "A2", "B7"}));
      texts.emplace_back(Word(&input_, {"", "Bolt M8", "bolt  m8", "Nut"}));
      texts.emplace_back(Word(&input_, {"1", "2.5", "-3", "0", "1000000000000", "x"}));
      texts.emplace_back(Word(&input_, {"1", "0.000001", "-4", "1000000000000", ""}));
      texts.emplace_back(Word(&input_, {"", "", "4006381333931"}));
      sent.lines.push_back(std::move(texts));
    }
    for (const Sent& other : batches_) {
      if (other.tenant == sent.tenant && other.id == sent.id) {
        return nullptr;
      }
    }
    // A name that is refused changes nothing: asked without lines, of a writer.
    std::unique_ptr<BatchWriter> writer;
    const Status status = engine_->NewBatchWriter({}, sent.tenant, sent.id, &writer);
    if (!status.ok()) {
      FUZZ_EXPECT(status.code() == StatusCode::kInvalidArgument);
      BatchResult result;
      FUZZ_EXPECT(engine_->Ingest({}, Part(sent, 0, lines), &result).code() ==
                  StatusCode::kInvalidArgument);
      return nullptr;
    }
    batches_.push_back(std::move(sent));
    return &batches_.back();
  }

  IngestOptions AnyOptions() {
    IngestOptions options;
    const size_t bits = input_.Below(8);
    options.level = (bits & 1) != 0 ? Durability::kApplied : Durability::kLogged;
    options.unknown_items =
        (bits & 6) == 6 ? UnknownItemPolicy::kReject : UnknownItemPolicy::kCreate;
    return options;
  }

  void ExpectResult(const Sent& sent, const BatchResult& result) {
    const auto& lines = model_.tenants[sent.tenant].batches[sent.id];
    FUZZ_EXPECT(result.items_processed + result.items_failed == lines.size());
    FUZZ_EXPECT(result.lines.size() == lines.size());
    for (size_t line = 0; line < lines.size(); ++line) {
      FUZZ_EXPECT(result.lines[line].line == line + 1);
      FUZZ_EXPECT(result.lines[line].outcome == lines[line].outcome);
      FUZZ_EXPECT(result.lines[line].item == lines[line].item);
    }
  }

  // Books what was not logged yet, and knows so.
  void Finish(Sent* sent, const IngestOptions& options) {
    BatchResult result;
    const Status status = engine_->Ingest(options, Part(*sent, 0, sent->lines.size()), &result);
    FUZZ_EXPECT(status.ok());
    FUZZ_EXPECT(result.resent == sent->finished);
    model_.Book(Part(*sent, sent->logged, sent->lines.size()), options.unknown_items);
    sent->logged = sent->lines.size();
    sent->finished = true;
    ExpectResult(*sent, result);
  }

  void Send() {
    Sent* const sent = NewBatch();
    if (sent != nullptr) {
      Finish(sent, AnyOptions());
    }
  }

  // The first lines of a batch; the writer is dropped or finished.
  void SendPieces() {
    Sent* const sent = NewBatch();
    if (sent == nullptr) {
      return;
    }
    std::unique_ptr<BatchWriter> writer;
    const IngestOptions options = AnyOptions();
    FUZZ_EXPECT(engine_->NewBatchWriter(options, sent->tenant, sent->id, &writer).ok());
    while (sent->logged < sent->lines.size() && input_.Below(8) != 0) {
      const size_t to = std::min(sent->lines.size(), sent->logged + 1 + input_.Below(5));
      std::vector<LineResult> results;
      const Batch part = Part(*sent, sent->logged, to);
      FUZZ_EXPECT(writer->Add(part, &results).ok());
      FUZZ_EXPECT(results.size() == to - sent->logged);
      model_.Book(part, options.unknown_items);
      sent->logged = to;
    }
    if (sent->logged == sent->lines.size()) {
      BatchResult result;
      FUZZ_EXPECT(writer->Finish(&result).ok());
      FUZZ_EXPECT(result.items_processed + result.items_failed == sent->lines.size());
      model_.tenants[sent->tenant].batches[sent->id];
      sent->finished = true;
    } else if (sent->logged == 0) {
      batches_.pop_back();  // nothing was ever sent
    }
  }

  void Resend() {
    if (!batches_.empty()) {
      Finish(&batches_[input_.Below(batches_.size())], {});
    }
  }

  void SendOther() {
    if (batches_.empty()) {
      return;
    }
    const Sent& sent = batches_[input_.Below(batches_.size())];
    if (sent.logged == 0) {
      return;
    }
    const size_t different = input_.Below(sent.logged);
    Batch lines = Part(sent, 0, different);
    lines.Add({.code = "something else", .quantity = Decimal::FromUnits(7), .unit_cost = {}});
    BatchResult result;
    FUZZ_EXPECT(engine_->Ingest({}, lines, &result).code() == StatusCode::kConflict);
  }

  // A dead letter is tried again or dropped.
  void Mend() {
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
      return;
    }
    FUZZ_EXPECT(engine_->Sync().ok());
    const auto& [key, line] = letters[input_.Below(std::min<size_t>(letters.size(), 256))];
    if (input_.Below(4) == 0) {
      FUZZ_EXPECT(engine_->DropDeadLetter(key).ok());
      line->dropped = true;
      return;
    }
    const std::string code(Word(&input_, {"A1", "", "C3"}));
    const std::string quantity(Word(&input_, {"5", "x", "2.25"}));
    const TextLine corrected = {.code = code, .quantity = quantity, .unit_cost = "3"};
    LineResult result;
    FUZZ_EXPECT(engine_->RetryDeadLetter({}, key, &corrected, &result).ok());
    BatchLines lines;
    lines.AddText(corrected);
    model_.Retry(key.tenant, key.batch, key.line, lines.lines().front(), {});
    FUZZ_EXPECT(result.outcome == line->outcome);
  }

  void Reopen() {
    FUZZ_EXPECT(engine_->Close().ok());
    engine_.reset();
    Open();
  }

  // The power goes after everything was synced: all of it must be there.
  void Crash() {
    FUZZ_EXPECT(engine_->Sync().ok());
    files_.CrashAt(0);
    engine_->Close().PermitUnchecked();
    engine_.reset();
    files_.Crash(FaultFileSystem::Keep::kSome, input_.Byte());
    Open();
  }

  void Compare() {
    FUZZ_EXPECT(engine_->Sync().ok());
    const std::string difference = DifferenceFromModel(engine_.get(), model_);
    if (!difference.empty()) {
      std::fprintf(stderr, "%s\n", difference.c_str());
    }
    FUZZ_EXPECT(difference.empty());
  }

  Input input_;
  LedgerModel model_;
  Options options_;
  FaultFileSystem files_;
  std::shared_ptr<MemoryDisk> store_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<Engine> engine_;
  std::vector<Sent> batches_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Sequence(fuzz::Bytes(data, size)).Run();
  return 0;
}
