#include "report/snapshot.h"

#include <chrono>
#include <utility>
#include <vector>

#include "report/batch_lines.h"
#include "report/batches.h"
#include "report/dead_letters.h"
#include "report/log_findings.h"
#include "report/proof.h"
#include "report/reviews.h"
#include "report/stock.h"
#include "report/totals.h"

namespace tallystone::tool {
namespace {

// A larger batch is not shown line by line: all of its outcomes would have to be in memory.
constexpr uint64_t kBatchPageLinesMax = 200'000;
constexpr size_t kBatchPageRowsMax = 1'000;

// Of a snapshot, besides the proof.
constexpr const char* kParts[] = {"totals", "history",      "stock",  "batches",
                                  "lines",  "dead_letters", "reviews"};

uint64_t NowMicros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void BeginDocument(uint64_t as_of_lsn, JsonWriter* json) {
  json->BeginObject();
  json->Field("schema_version", uint64_t{kJsonSchemaVersion});
  json->Field("as_of_lsn", as_of_lsn);
  json->Field("read_at_us", NowMicros());
}

void WriteLimits(const SnapshotOptions& options, JsonWriter* json) {
  json->Key("limits");
  json->BeginObject();
  json->Field("tenants", options.tenants_max);
  json->Field("items", options.items_max);
  json->Field("batches", options.batches_max);
  json->Field("letters", options.letters_max);
  json->Field("reviews", options.reviews_max);
  json->Field("batch_lines", options.batch_lines_max);
  json->EndObject();
}

void BeginSnapshot(const SnapshotOptions& options, uint64_t as_of_lsn, JsonWriter* json) {
  BeginDocument(as_of_lsn, json);
  json->Field("program", "tallystone " TALLYSTONE_VERSION);
  json->Field("database", options.database);
  json->Flag("live", options.live);
  WriteLimits(options, json);
}

// Writes the parts of a snapshot, one after the other: each is read, written and forgotten.
class SnapshotWriter {
 public:
  SnapshotWriter(Inspector* inspector, JsonWriter* json) : inspector_(inspector), json_(json) {}

  // read(&part) then write(part); null if it cannot be read.
  template <typename Part, typename Read, typename Write>
  void Add(const char* name, Part* part, const Read& read, const Write& write) {
    const Status s = read(part);
    json_->Key(name);
    if (s.ok()) {
      write(*part);
    } else {
      *part = {};
      json_->Null();
      Note(name, s);
    }
  }

  void AddProof(const SnapshotOptions& options, const ProgressFunction& progress) {
    Proof proof;
    Prove(inspector_, options.full_proof, progress, &proof);
    if (inspector_->log_absent()) {
      AddLogFindings(options.database, &proof);
    }
    json_->Key("proof");
    WriteProof(proof, json_);
    if (!proof.not_examined.empty()) {
      Note("proof", Status::Corruption(proof.not_examined));
    } else if (!proof.Sound()) {
      first_ = Status::Corruption("NOT SOUND: see the page, and `tallystone verify`");
    }
  }

  void WriteTroubles() const {
    json_->Key("troubles");
    json_->BeginArray();
    for (const auto& [part, message] : troubles_) {
      json_->BeginObject();
      json_->Field("part", part);
      json_->Field("message", message);
      json_->EndObject();
    }
    json_->EndArray();
  }

  // The first trouble.
  [[nodiscard]] const Status& status() const { return first_; }

 private:
  void Note(const char* part, const Status& status) {
    troubles_.emplace_back(part, status.ToString());
    if (first_.ok()) {
      first_ = status;
    }
  }

  Inspector* const inspector_;
  JsonWriter* const json_;
  std::vector<std::pair<std::string, std::string>> troubles_;
  Status first_;
};

Status ReadLines(Inspector* inspector, const SnapshotOptions& options, const BatchesReport& batches,
                 std::vector<BatchLines>* lines) {
  if (options.live) {
    return Status::Ok();
  }
  return CollectBatchLines(inspector, ChooseBatches(batches.rows, options.batch_lines_max),
                           options.batch_lines_max, lines);
}

void WriteLines(const std::vector<BatchLines>& all, JsonWriter* json) {
  json->BeginArray();
  for (const BatchLines& lines : all) {
    WriteBatchLines(lines, json);
  }
  json->EndArray();
}

}  // namespace

Status MakeSnapshot(Inspector* inspector, const SnapshotOptions& options, History* history,
                    const ProgressFunction& progress, std::string* json) {
  json->clear();
  JsonWriter writer(json);
  BeginSnapshot(options, inspector->as_of_lsn(), &writer);
  SnapshotWriter parts(inspector, &writer);
  parts.AddProof(options, progress);
  Totals totals;
  parts.Add(
      "totals", &totals, [&](Totals* part) { return ReadTotals(inspector, part); },
      [&](const Totals& part) { WriteTotals(part, &writer); });
  parts.Add(
      "history", history, [&](History* part) { return part->ReadOn(inspector); },
      [&](const History& part) { WriteHistory(part, &writer); });
  Stock stock;
  parts.Add(
      "stock", &stock,
      [&](Stock* part) {
        return CollectStock(inspector, options.tenants_max, options.items_max, part);
      },
      [&](const Stock& part) { WriteStock(part, &writer); });
  BatchesReport batches;
  parts.Add(
      "batches", &batches,
      [&](BatchesReport* part) { return CollectBatches(inspector, options.batches_max, part); },
      [&](const BatchesReport& part) { WriteBatches(part, &writer); });
  std::vector<BatchLines> lines;
  parts.Add(
      "lines", &lines,
      [&](std::vector<BatchLines>* part) { return ReadLines(inspector, options, batches, part); },
      [&](const std::vector<BatchLines>& part) { WriteLines(part, &writer); });
  LettersReport letters;
  parts.Add(
      "dead_letters", &letters,
      [&](LettersReport* part) { return CollectLetters(inspector, options.letters_max, part); },
      [&](const LettersReport& part) { WriteLetters(part, &writer); });
  ReviewsReport reviews;
  parts.Add(
      "reviews", &reviews,
      [&](ReviewsReport* part) { return CollectReviews(inspector, options.reviews_max, part); },
      [&](const ReviewsReport& part) { WriteReviews(part, inspector, &writer); });
  parts.WriteTroubles();
  writer.EndObject();
  return parts.status();
}

void MakeSnapshotOfDamage(const SnapshotOptions& options, const Status& why, std::string* json) {
  json->clear();
  JsonWriter writer(json);
  BeginSnapshot(options, 0, &writer);
  Proof proof;
  proof.full = options.full_proof;
  proof.not_examined = why.message();
  AddLogFindings(options.database, &proof);
  writer.Key("proof");
  WriteProof(proof, &writer);
  for (const char* part : kParts) {
    writer.Key(part);
    writer.Null();
  }
  writer.Key("troubles");
  writer.BeginArray();
  for (const char* part : kParts) {
    writer.BeginObject();
    writer.Field("part", part);
    writer.Field("message", why.message());
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
}

Status MakePulse(Inspector* inspector, History* history, std::string* json) {
  Totals totals;
  if (Status s = ReadTotals(inspector, &totals); !s.ok()) {
    return s;
  }
  if (Status s = history->ReadOn(inspector); !s.ok()) {
    return s;
  }
  json->clear();
  JsonWriter writer(json);
  BeginDocument(inspector->as_of_lsn(), &writer);
  writer.Key("totals");
  WriteTotals(totals, &writer);
  writer.Key("history");
  WriteHistory(*history, &writer);
  writer.EndObject();
  return Status::Ok();
}

Status MakeBatchPage(Inspector* inspector, const std::string& tenant, const std::string& batch,
                     std::string* json) {
  BatchInfo info;
  if (Status s = inspector->GetBatch(tenant, batch, &info); !s.ok()) {
    return s;
  }
  if (info.lines > kBatchPageLinesMax) {
    return Status::InvalidArgument("this batch has more than " +
                                   std::to_string(kBatchPageLinesMax) +
                                   " lines; `tallystone batch show --lines` lists them");
  }
  std::vector<BatchLines> lines;
  if (Status s = CollectBatchLines(inspector, {info}, kBatchPageRowsMax, &lines); !s.ok()) {
    return s;
  }
  json->clear();
  JsonWriter writer(json);
  BeginDocument(inspector->as_of_lsn(), &writer);
  writer.Key("lines");
  WriteBatchLines(lines.front(), &writer);
  writer.EndObject();
  return Status::Ok();
}

}  // namespace tallystone::tool
