// tallystone export: a whole database as NDJSON (docs/export_format.md).
#include <xxhash.h>

#include <fmt/format.h>

#include "commands/dead_letters.h"
#include "commands/export_format.h"
#include "commands/review.h"
#include "commands/rows.h"
#include "output/base64.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"
#include "process/interrupt.h"
#include "report/candidates.h"

namespace tallystone::tool {
namespace {

struct ExportOptions {
  std::string database;
  std::string output = "-";
  bool blocks_only = false;
};

// Writes one record after the other. Not thread-safe.
class Exporter {
 public:
  Exporter(Inspector* inspector, Sink* sink, Progress* progress)
      : inspector_(inspector), sink_(sink), progress_(progress) {}

  Status Run(bool blocks_only);

 private:
  Status Tenants();
  Status Items();
  Status NamesAndReviews();
  Status Batches();
  Status Lines(const BatchInfo& batch);
  Status DeadLetters();
  Status Blocks();
  Status End();

  // Writes {"type":`type`, and what `fill` adds.
  template <typename Fill>
  void Record(std::string_view type, const Fill& fill) {
    text_.clear();
    JsonWriter json(&text_);
    json.BeginObject();
    json.Field("type", type);
    fill(&json);
    json.EndObject();
    text_ += '\n';
    sink_->Write(text_);
    ++records_;
  }
  // All records of a cursor.
  template <typename RecordType, typename Write>
  Status Each(Cursor<RecordType>* cursor, const Write& write) {
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      if (sink_->done() || Interrupted()) {
        return Stop();
      }
      write(cursor->value());
    }
    return cursor->status();
  }
  Status Stop() {
    if (Interrupted()) {
      return Status::Interrupted("interrupted: the export is not whole");
    }
    const Status s = sink_->Flush();
    return s.ok() ? Status::Interrupted("nobody reads the export any more: it is not whole") : s;
  }

  Inspector* const inspector_;
  Sink* const sink_;
  Progress* const progress_;
  std::string text_;
  uint64_t records_ = 0;
  uint64_t lines_ = 0;
  uint64_t blocks_ = 0;
};

void WriteFields(const std::vector<Column>& columns, const std::vector<std::string>& cells,
                 JsonWriter* json) {
  for (size_t index = 0; index < cells.size(); ++index) {
    json->Key(columns[index].name);
    WriteJsonCell(columns[index].kind, cells[index], json);
  }
}

Status Exporter::Tenants() {
  std::unique_ptr<Cursor<BatchInfo>> batches;
  if (Status s = inspector_->NewBatchCursor({}, &batches); !s.ok()) {
    return s;
  }
  std::string tenant;
  Status s;
  const Status walked = Each(batches.get(), [&](const BatchInfo& batch) {
    MappingSettings settings;
    if (!s.ok() || batch.tenant == tenant) {
      return;
    }
    tenant = batch.tenant;
    s = inspector_->GetMapping(tenant, &settings);
    Record("tenant", [&](JsonWriter* json) {
      json->Field("tenant", tenant);
      json->Field("mapping", MappingModeName(settings.mode));
      json->Key("protected_words");
      json->BeginArray();
      for (const std::string& word : settings.protected_words) {
        json->Text(word);
      }
      json->EndArray();
    });
  });
  return s.ok() ? walked : s;
}

Status Exporter::NamesAndReviews() {
  std::unique_ptr<Cursor<ItemName>> names;
  Status s = inspector_->NewNameCursor({}, &names);
  if (s.ok()) {
    s = Each(names.get(), [&](const ItemName& name) {
      Record("name", [&](JsonWriter* json) {
        json->Field("tenant", name.tenant);
        json->Field("item", name.item);
        json->Field("kind", NameKindName(name.kind));
        json->Field("vendor", name.vendor);
        json->Field("name", name.name);
        json->Field("merged_item", name.merged_item);
      });
    });
  }
  std::unique_ptr<Cursor<Review>> reviews;
  s = s.ok() ? inspector_->NewReviewCursor({}, &reviews) : s;
  return s.ok() ? Each(reviews.get(),
                       [&](const Review& review) {
                         Record("review", [&](JsonWriter* json) {
                           WriteReviewFields(inspector_, review, json);
                         });
                       })
                : s;
}

// Items with their balances: both come in the order of their numbers.
Status Exporter::Items() {
  std::unique_ptr<Cursor<ItemInfo>> items;
  std::unique_ptr<Cursor<Balance>> balances;
  Status s = inspector_->NewItemCursor({}, &items);
  s = s.ok() ? inspector_->NewBalanceCursor({}, &balances) : s;
  if (!s.ok()) {
    return s;
  }
  balances->SeekToFirst();
  s = Each(items.get(), [&](const ItemInfo& item) {
    const bool has = balances->Valid() && balances->value().item.item == item.item &&
                     balances->value().item.tenant == item.tenant;
    const Balance balance = has ? balances->value() : Balance{};
    Record("item", [&](JsonWriter* json) {
      json->Field("tenant", item.tenant);
      json->Field("item", item.item);
      json->Field("code", item.code);
      json->Field("description", item.description);
      json->Field("gtin", item.gtin);
      json->Field("unit", item.unit);
      json->Field("on_hand", balance.on_hand.ToString());
      json->Field("value", balance.value.ToString());
      json->Field("lines", balance.lines);
      json->Field("last_lsn", balance.last_lsn);
      json->Field("last_time", balance.last_time);
    });
    if (has) {
      balances->Next();
    }
  });
  return s.ok() ? balances->status() : s;
}

Status Exporter::Lines(const BatchInfo& batch) {
  std::unique_ptr<Cursor<BatchLine>> lines;
  if (Status s = inspector_->NewLineCursor(batch.tenant, batch.batch, &lines); !s.ok()) {
    return s;
  }
  return Each(lines.get(), [&](const BatchLine& line) {
    Record("line", [&](JsonWriter* json) {
      json->Field("tenant", batch.tenant);
      json->Field("batch", batch.batch);
      json->Field("line", line.result.line);
      json->Field("lsn", line.lsn);
      json->Field("outcome", OutcomeName(line.result.outcome));
      json->Field("first_outcome", OutcomeName(line.first_outcome));
      json->Field("item", line.result.item);
      json->Field("decided_by", DecidedByName(line.result.decided_by));
      if (line.result.match != nullptr) {
        json->Key("score");
        json->Raw(ScoreText(line.result.match->score));
        WriteCandidates(inspector_, batch.tenant, line.result.match->candidates, json);
      }
      const std::pair<const char*, const std::string*> kFields[] = {
          {"code", &line.code},         {"description", &line.description},
          {"quantity", &line.quantity}, {"unit_cost", &line.unit_cost},
          {"vendor", &line.vendor},     {"vendor_code", &line.vendor_code},
          {"gtin", &line.gtin},         {"unit", &line.unit},
          {"document", &line.document}, {"time", &line.time},
          {"line_id", &line.line_id},   {"raw", &line.raw}};
      for (const auto& [name, text] : kFields) {
        if (!text->empty()) {
          json->Field(name, *text);
        }
      }
    });
    if (++lines_ % 1024 == 0) {
      progress_->Update(lines_, 0, 0);
    }
  });
}

Status Exporter::Batches() {
  std::unique_ptr<Cursor<BatchInfo>> batches;
  if (Status s = inspector_->NewBatchCursor({}, &batches); !s.ok()) {
    return s;
  }
  std::vector<std::string> row;
  Status s;
  const Status walked = Each(batches.get(), [&](const BatchInfo& batch) {
    if (s.ok()) {
      FillBatch(batch, &row);
      Record("batch", [&](JsonWriter* json) { WriteFields(BatchColumns(), row, json); });
      s = Lines(batch);
    }
  });
  return s.ok() ? walked : s;
}

Status Exporter::DeadLetters() {
  std::unique_ptr<Cursor<DeadLetter>> letters;
  if (Status s = inspector_->NewDeadLetterCursor({}, &letters); !s.ok()) {
    return s;
  }
  std::vector<std::string> row;
  return Each(letters.get(), [&](const DeadLetter& letter) {
    FillLetter(letter, true, &row);
    Record("dead_letter", [&](JsonWriter* json) { WriteFields(LetterColumns(true), row, json); });
  });
}

Status Exporter::Blocks() {
  std::unique_ptr<Cursor<TransferBlock>> blocks;
  if (Status s = inspector_->NewBlockCursor(&blocks); !s.ok()) {
    return s;
  }
  std::string payload;
  return Each(blocks.get(), [&](const TransferBlock& block) {
    payload.clear();
    AppendBase64(block.payload, &payload);
    Record("block", [&](JsonWriter* json) {
      json->Field("lsn", block.lsn);
      json->Field("checksum", BlockChecksum(block));
      json->Field("payload", payload);
      if (!block.rejections.empty()) {
        json->Key("rejections");
        json->BeginArray();
        for (const TransferRejection& rejection : block.rejections) {
          json->BeginObject();
          json->Field("index", rejection.index);
          json->Field("cause", rejection.cause);
          json->EndObject();
        }
        json->EndArray();
      }
    });
    if (++blocks_ % 64 == 0) {
      progress_->Update(lines_, block.lsn, inspector_->as_of_lsn());
    }
  });
}

Status Exporter::End() {
  DatabaseStatus status;
  if (Status s = inspector_->GetStatus(
          [&](uint64_t done, uint64_t total) { progress_->Update(lines_, done, total); }, &status);
      !s.ok()) {
    return s;
  }
  const uint64_t records = records_;
  Record("end", [&](JsonWriter* json) {
    json->Field("records", records);
    json->Field("blocks", blocks_);
    json->Field("lines", lines_);
    json->Field("state_digest", status.state_digest);
  });
  return sink_->Flush();
}

Status Exporter::Run(bool blocks_only) {
  Record("header", [&](JsonWriter* json) {
    json->Field("format", kExportFormat);
    json->Field("version", uint64_t{kExportVersion});
    json->Field("tallystone", TALLYSTONE_VERSION);
    json->Field("as_of_lsn", inspector_->as_of_lsn());
  });
  Status s;
  if (!blocks_only) {
    for (const auto part : {&Exporter::Tenants, &Exporter::Items, &Exporter::NamesAndReviews,
                            &Exporter::Batches, &Exporter::DeadLetters}) {
      s = s.ok() ? (this->*part)() : s;
    }
  }
  s = s.ok() ? Blocks() : s;
  return s.ok() ? End() : s;
}

ExitCode Run(const ExportOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  std::unique_ptr<Sink> file;
  if (options.output != "-") {
    if (const Status s = Sink::Create(options.output, &file); !s.ok()) {
      return Fail(s);
    }
  }
  Progress progress("exporting " + options.database);
  Sink* sink = file != nullptr ? file.get() : &Sink::Stdout();
  const Status s = Exporter(inspector.get(), sink, &progress).Run(options.blocks_only);
  progress.Clear();
  if (sink->closed()) {
    return kExitOk;  // as for every reader of a pipe that went away
  }
  if (!s.ok()) {
    (void)Finish();
    return Fail(s);
  }
  return Finish();
}

}  // namespace

std::string BlockChecksum(const TransferBlock& block) {
  std::string covered = block.payload;
  for (const TransferRejection& rejection : block.rejections) {
    covered += fmt::format("\n{} {}", rejection.index, rejection.cause);
  }
  return fmt::format("{:016x}", XXH3_64bits_withSeed(covered.data(), covered.size(), block.lsn));
}

void AddExportCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("export", "Write the whole database as NDJSON, as of one LSN");
  command->footer(
      "Records for people and other programs (tenants, items, names, reviews, batches with every "
      "line,\n"
      "dead letters), then the blocks that `import --database` makes the same database of. Runs\n"
      "beside the program that writes. Format: docs/export_format.md.\n"
      "Examples:\n"
      "  tallystone export --db stock.db --output stock.ndjson\n"
      "  tallystone export --db stock.db | zstd > stock.ndjson.zst\n"
      "  tallystone export --db stock.db --blocks-only | tallystone import --database - --db "
      "copy.db");
  auto options = std::make_shared<ExportOptions>();
  AddDatabaseOption(command, &options->database);
  command->add_option("--output", options->output, "Write to this file (default: -, stdout)")
      ->type_name("FILE");
  command->add_flag("--blocks-only", options->blocks_only,
                    "Leave out the records for people: a third of the size");
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
