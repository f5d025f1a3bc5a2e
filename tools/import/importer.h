// Importer: takes the rows of files to a Booker, block by block.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "import/block.h"
#include "import/booker.h"
#include "import/input_file.h"
#include "import/outcome_writer.h"
#include "import/report.h"
#include "import/told_rows.h"
#include "output/progress.h"

namespace tallystone::tool {

struct ImporterOptions {
  std::string tenant = "default";  // of rows without a tenant of their own
  bool tenant_column = false;
  bool batch_column = false;
  std::string batch = {};  // empty: the content id of each file
  size_t open_batches = 1'000'000;
};

// The way of a block: read -> one Add per batch, in the order in which batches appear -> outcomes
// in the order of the file -> EndBlock (durable). So what is durable is at any moment a whole
// number of blocks and part of one, and an import that is run again finds its lines where they
// were. The same file imported on its own or together with others gives the same batches: batches
// end with their file. Not thread-safe.
class Importer {
 public:
  // Refused batches of which the message is shown.
  static constexpr uint64_t kRefusalsShownMax = 20;

  // Nothing is owned. `outcomes` may be null. With `told` all rows go there, and not to `outcomes`:
  // see StoreRefusals.
  Importer(const ImporterOptions& options, Booker* booker, OutcomeWriter* outcomes,
           ImportReport* report, ToldRows* told = nullptr);

  // kInterrupted: a signal came; everything booked is durable, batches are left unfinished.
  // kCorruption: the input is damaged from here on. Other errors are the engine's.
  Status Import(InputFile* file);

 private:
  Status ImportRows(InputFile* file, RowReader* rows, Block* block, OpenBatches* batches);
  Status BookBlock(Block* block);
  Status BookGroup(BlockGroup* group);
  void CountBlock(const Block& block, const std::vector<BlockGroup>& groups);
  void CountRow(uint64_t row, const OpenBatch& open, std::string_view code,
                const LineResult& result);
  // `line`: by which the store may still refuse it; all 0 = it cannot.
  void TellRow(uint64_t row, std::string_view outcome, const LineResult& result,
               std::string_view code, const OutcomeWriter::CandidateCode& candidate_code,
               const LineName& line);
  Status FinishBatches(OpenBatches* batches, bool all);
  void NoteRefused(OpenBatch* open, const Status& status);
  void TellRefused(std::string_view message);

  const ImporterOptions options_;
  Booker* const booker_;
  OutcomeWriter* const outcomes_;
  ImportReport* const report_;
  ToldRows* const told_;
  Progress* progress_ = nullptr;  // of the file in hand
  std::string file_;
  std::string code_;
};

}  // namespace tallystone::tool
