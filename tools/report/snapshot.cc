#include "report/snapshot.h"

#include <chrono>
#include <vector>

#include "report/batch_lines.h"
#include "report/batches.h"
#include "report/dead_letters.h"
#include "report/reviews.h"
#include "report/stock.h"
#include "report/totals.h"

namespace tallystone::tool {
namespace {

// A larger batch is not shown line by line: all of its outcomes would have to be in memory.
constexpr uint64_t kBatchPageLinesMax = 200'000;
constexpr size_t kBatchPageRowsMax = 1'000;

uint64_t NowMicros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void BeginDocument(Inspector* inspector, JsonWriter* json) {
  json->BeginObject();
  json->Field("schema_version", uint64_t{kJsonSchemaVersion});
  json->Field("as_of_lsn", inspector->as_of_lsn());
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

struct Contents {
  Totals totals;
  Stock stock;
  BatchesReport batches;
  std::vector<BatchLines> lines;
  LettersReport letters;
  ReviewsReport reviews;
};

Status Collect(Inspector* inspector, const SnapshotOptions& options, Contents* contents) {
  Status s = ReadTotals(inspector, &contents->totals);
  if (s.ok()) {
    s = CollectStock(inspector, options.tenants_max, options.items_max, &contents->stock);
  }
  if (s.ok()) {
    s = CollectBatches(inspector, options.batches_max, &contents->batches);
  }
  if (s.ok()) {
    s = CollectLetters(inspector, options.letters_max, &contents->letters);
  }
  if (s.ok()) {
    s = CollectReviews(inspector, options.reviews_max, &contents->reviews);
  }
  if (s.ok() && !options.live) {
    s = CollectBatchLines(inspector, ChooseBatches(contents->batches.rows, options.batch_lines_max),
                          options.batch_lines_max, &contents->lines);
  }
  return s;
}

}  // namespace

Status MakeSnapshot(Inspector* inspector, const SnapshotOptions& options, const History& history,
                    const ProgressFunction& progress, Proof* proof, std::string* json) {
  Prove(inspector, options.full_proof, progress, proof);
  Contents contents;
  if (Status s = Collect(inspector, options, &contents); !s.ok()) {
    return s;
  }
  json->clear();
  JsonWriter writer(json);
  BeginDocument(inspector, &writer);
  writer.Field("program", "tallystone " TALLYSTONE_VERSION);
  writer.Field("database", options.database);
  writer.Flag("live", options.live);
  WriteLimits(options, &writer);
  writer.Key("totals");
  WriteTotals(contents.totals, &writer);
  writer.Key("proof");
  WriteProof(*proof, &writer);
  writer.Key("history");
  WriteHistory(history, &writer);
  writer.Key("stock");
  WriteStock(contents.stock, &writer);
  writer.Key("batches");
  WriteBatches(contents.batches, &writer);
  writer.Key("lines");
  writer.BeginArray();
  for (const BatchLines& lines : contents.lines) {
    WriteBatchLines(lines, &writer);
  }
  writer.EndArray();
  writer.Key("dead_letters");
  WriteLetters(contents.letters, &writer);
  writer.Key("reviews");
  WriteReviews(contents.reviews, inspector, &writer);
  writer.EndObject();
  return Status::Ok();
}

Status MakePulse(Inspector* inspector, const History& history, std::string* json) {
  Totals totals;
  if (Status s = ReadTotals(inspector, &totals); !s.ok()) {
    return s;
  }
  json->clear();
  JsonWriter writer(json);
  BeginDocument(inspector, &writer);
  writer.Key("totals");
  WriteTotals(totals, &writer);
  writer.Key("history");
  WriteHistory(history, &writer);
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
  BeginDocument(inspector, &writer);
  writer.Key("lines");
  WriteBatchLines(lines.front(), &writer);
  writer.EndObject();
  return Status::Ok();
}

}  // namespace tallystone::tool
