#include "import/importer.h"

#include "process/interrupt.h"
#include "tallystone/limits.h"

namespace tallystone::tool {

Importer::Importer(const ImporterOptions& options, Booker* booker, OutcomeWriter* outcomes,
                   ImportReport* report, ToldRows* told)
    : options_(options), booker_(booker), outcomes_(outcomes), report_(report), told_(told) {}

Status Importer::Import(InputFile* file) {
  std::unique_ptr<RowReader> rows;
  if (Status s = file->OpenRows(&rows); !s.ok()) {
    return s;
  }
  file_ = file->name();
  if (outcomes_ != nullptr) {
    outcomes_->BeginFile(file_);
  }
  const std::string batch = options_.batch.empty() ? file->content_id() : options_.batch;
  report_->files.push_back({file_, options_.batch_column ? std::string() : batch, 0});
  const Routing routing = {options_.tenant_column, options_.batch_column, options_.tenant, batch};
  OpenBatches batches(options_.open_batches);
  Block block(&routing, &batches);
  Progress progress("importing " + file_);
  progress_ = &progress;
  const Status s = ImportRows(file, rows.get(), &block, &batches);
  progress_ = nullptr;
  report_->batches += batches.size();  // none, unless it ended early
  report_->batches_unfinished += batches.size();
  return s;
}

Status Importer::ImportRows(InputFile* file, RowReader* rows, Block* block, OpenBatches* batches) {
  while (block->Read(rows)) {
    if (Status s = BookBlock(block); !s.ok()) {
      return s;
    }
    if (Status s = FinishBatches(batches, false); !s.ok()) {
      return s;
    }
    if (Interrupted()) {
      return Status::Interrupted("interrupted");
    }
    progress_->Update(report_->lines, file->bytes_done(), file->bytes_total());
  }
  if (!rows->status().ok()) {
    return rows->status();
  }
  return FinishBatches(batches, true);
}

Status Importer::BookBlock(Block* block) {
  for (BlockGroup& group : block->groups()) {
    if (Status s = BookGroup(&group); !s.ok()) {
      return s;
    }
  }
  if (Status s = booker_->EndBlock(); !s.ok()) {
    return s;
  }
  for (const std::string& missed : block->missed()) {
    ++report_->batches_refused;
    TellRefused("batch " + missed + " was closed before its last lines came: more than " +
                std::to_string(options_.open_batches) +
                " batches were open in between; raise --open-batches");
  }
  CountBlock(*block, block->groups());
  return Status::Ok();
}

Status Importer::BookGroup(BlockGroup* group) {
  OpenBatch* open = group->open;
  if (!open->refused) {
    const Status s = booker_->Book(open, group->lines, &group->results);
    if (IsRefusal(s)) {
      NoteRefused(open, s);
    } else if (!s.ok()) {
      return s;
    } else if (group->results.size() != group->lines.size()) {
      return Status::Corruption("the engine gave " + std::to_string(group->results.size()) +
                                " results for " + std::to_string(group->lines.size()) + " lines");
    }
    report_->tenants.insert(open->tenant);
  }
  group->refused = open->refused;
  return Status::Ok();
}

// Rows are counted and told in the order of the file.
void Importer::CountBlock(const Block& block, const std::vector<BlockGroup>& groups) {
  LineResult unknown;
  for (size_t row = 0; row < block.rows(); ++row) {
    const Block::Place& place = block.place(row);
    const uint64_t number = block.first_row() + row;
    const bool refused = place.group == Block::kNoGroup || groups[place.group].refused;
    ++report_->lines;
    ++report_->files.back().lines;
    if (refused) {
      ++report_->lines_refused;
      TellRow(number, kBatchConflict, unknown, block.code(row), {}, {});
      continue;
    }
    const BlockGroup& group = groups[place.group];
    CountRow(number, *group.open, block.code(row), group.results[place.index]);
  }
}

void Importer::CountRow(uint64_t row, const OpenBatch& open, std::string_view code,
                        const LineResult& result) {
  ++report_->by_outcome[static_cast<size_t>(result.outcome)];
  const std::string_view word = OutcomeName(result.outcome);
  LineName line;
  if (result.outcome == Outcome::kAccepted) {
    ++report_->items_processed;
    if (told_ != nullptr) {
      line = NameOf({open.tenant, open.batch, result.line});
    }
  } else {
    ++report_->items_failed;
    if (report_->failed_items.size() < limits::kFailedItemsInResultMax) {
      report_->failed_items.push_back({file_, row, std::string(code), word, report_->lines});
    }
  }
  if (outcomes_ != nullptr && code.empty() && result.item != 0) {
    code_ = booker_->CodeOf(open.tenant, result.item);
    code = code_;
  }
  const auto candidate = [&](size_t number) {
    return booker_->CodeOf(open.tenant, result.match->candidates[number].item);
  };
  TellRow(row, word, result, code, candidate, line);
}

void Importer::TellRow(uint64_t row, std::string_view outcome, const LineResult& result,
                       std::string_view code, const OutcomeWriter::CandidateCode& candidate_code,
                       const LineName& line) {
  if (told_ == nullptr) {
    if (outcomes_ != nullptr) {
      outcomes_->Write(row, outcome, result, code, candidate_code);
    }
    return;
  }
  ToldRows::Row told{line, code, {}, 0};
  if (outcomes_ != nullptr) {
    told.text = outcomes_->Text(row, outcome, result, code, candidate_code, &told.outcome_at);
  }
  told_->Add(told);
}

// With `all` every batch, otherwise only as many as are too many.
Status Importer::FinishBatches(OpenBatches* batches, bool all) {
  while (OpenBatch* open = batches->NextToClose(all)) {
    ++report_->batches;
    if (!open->refused) {
      BatchResult result;
      const Status s = booker_->Finish(open, &result);
      if (IsRefusal(s)) {
        NoteRefused(open, s);
      } else if (!s.ok()) {
        return s;
      }
      report_->batches_resent += result.resent ? 1 : 0;
      report_->batches_continued += result.continued ? 1 : 0;
    }
    batches->Close();
  }
  return all ? booker_->EndBlock() : Status::Ok();
}

void Importer::NoteRefused(OpenBatch* open, const Status& status) {
  open->refused = true;
  open->writer.reset();
  ++report_->batches_refused;
  TellRefused(status.message());
}

void Importer::TellRefused(std::string_view message) {
  if (report_->batches_refused <= kRefusalsShownMax) {
    progress_->Clear();
    PrintMessage(message);
  }
}

}  // namespace tallystone::tool
