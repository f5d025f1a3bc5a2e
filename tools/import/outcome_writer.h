// OutcomeWriter: what became of each row of an import, one line a row, in the order of the file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "output/sink.h"
#include "tallystone/batch.h"

namespace tallystone::tool {

// The outcome word of a row whose batch was refused; not an Outcome of the engine, which never saw
// it.
inline constexpr std::string_view kBatchConflict = "batch_conflict";

// CSV with the header line,outcome,item,code,decided_by,score,candidates; or NDJSON with the same
// fields and `file`. With several files `line` begins again at 1 for each.
//
// `score`: how like the name of the line's item is, from 0 to 1; 1 where an exact rule decided. Of
// a new item that of the best candidate, empty if there is none. `candidates`: a JSON array of the
// items that the line may mean, best first, {item, code, score} each; empty where an exact rule
// decided.
class OutcomeWriter {
 public:
  // Whether Open could make the file, as far as can be told without making it: asked before
  // anything is booked. "" is no file.
  static Status Check(const std::string& path);
  // "-" is standard output (CSV); a name that ends in .ndjson or .jsonl gets NDJSON.
  // `for_spreadsheet`: codes in CSV are made harmless, see AppendSpreadsheetField.
  static Status Open(const std::string& path, bool for_spreadsheet,
                     std::unique_ptr<OutcomeWriter>* writer);

  void BeginFile(std::string_view file) { file_ = file; }
  // candidate_code(n) is the code of the n-th candidate of the result's match.
  using CandidateCode = std::function<std::string(size_t)>;
  void Write(uint64_t row, std::string_view outcome, const LineResult& result,
             std::string_view code, const CandidateCode& candidate_code) {
    if (!sink_->done()) {
      uint32_t outcome_at = 0;
      WriteText(Text(row, outcome, result, code, candidate_code, &outcome_at));
    }
  }
  // What Write would write, until the next call; *outcome_at is where `outcome` stands in it.
  std::string_view Text(uint64_t row, std::string_view outcome, const LineResult& result,
                        std::string_view code, const CandidateCode& candidate_code,
                        uint32_t* outcome_at);
  void WriteText(std::string_view text) { sink_->Write(text); }
  // The first error. A reader of standard output that went away is none.
  Status Flush() { return sink_->Flush(); }

 private:
  void AppendCsv(uint64_t row, std::string_view outcome, const LineResult& result,
                 std::string_view code, uint32_t* outcome_at);
  void AppendNdjson(uint64_t row, std::string_view outcome, const LineResult& result,
                    std::string_view code, uint32_t* outcome_at);

  std::unique_ptr<Sink> file_sink_;
  Sink* sink_ = nullptr;
  bool ndjson_ = false;
  bool for_spreadsheet_ = false;
  std::string file_;
  std::string line_;
  std::string score_;
  std::string candidates_;  // as JSON
};

}  // namespace tallystone::tool
