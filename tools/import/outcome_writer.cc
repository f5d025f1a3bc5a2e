#include "import/outcome_writer.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

#include "output/escape.h"
#include "output/json.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

std::string ScoreOf(const LineResult& result) {
  if (result.item == 0) {
    return {};
  }
  const bool made =
      result.decided_by == DecidedBy::kCreated || result.decided_by == DecidedBy::kReview;
  const Match* const match = result.match.get();
  if (!made) {
    return ScoreText(match == nullptr ? 1000 : match->score);
  }
  return match == nullptr || match->candidates.empty() ? std::string()
                                                       : ScoreText(match->candidates.front().score);
}

void AppendCandidates(const Match& match, const OutcomeWriter::CandidateCode& code,
                      std::string* out) {
  JsonWriter json(out);
  json.BeginArray();
  for (size_t index = 0; index < match.candidates.size(); ++index) {
    const Candidate& candidate = match.candidates[index];
    json.BeginObject();
    json.Field("item", candidate.item);
    json.Field("code", code(index));
    json.Key("score");
    json.Raw(ScoreText(candidate.score));
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

Status OutcomeWriter::Check(const std::string& path) {
  if (path.empty() || path == "-") {
    return Status::Ok();
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const bool there = access(path.c_str(), F_OK) == 0;
  const int possible = there ? access(path.c_str(), W_OK) : access(folder.c_str(), W_OK | X_OK);
  return possible == 0 ? Status::Ok()
                       : Status::IoError("cannot write " + path + ": " + std::strerror(errno));
}

Status OutcomeWriter::Open(const std::string& path, bool for_spreadsheet,
                           std::unique_ptr<OutcomeWriter>* writer) {
  auto opened = std::make_unique<OutcomeWriter>();
  opened->for_spreadsheet_ = for_spreadsheet;
  if (path == "-") {
    opened->sink_ = &Sink::Stdout();
  } else {
    if (Status s = Sink::Create(path, &opened->file_sink_); !s.ok()) {
      return s;
    }
    opened->sink_ = opened->file_sink_.get();
    opened->ndjson_ = path.ends_with(".ndjson") || path.ends_with(".jsonl");
  }
  if (!opened->ndjson_) {
    opened->sink_->Write("line,outcome,item,code,decided_by,score,candidates\n");
  }
  *writer = std::move(opened);
  return Status::Ok();
}

std::string_view OutcomeWriter::Text(uint64_t row, std::string_view outcome,
                                     const LineResult& result, std::string_view code,
                                     const CandidateCode& candidate_code, uint32_t* outcome_at) {
  line_.clear();
  score_ = ScoreOf(result);
  candidates_.clear();
  if (result.match != nullptr) {
    AppendCandidates(*result.match, candidate_code, &candidates_);
  }
  if (ndjson_) {
    AppendNdjson(row, outcome, result, code, outcome_at);
  } else {
    AppendCsv(row, outcome, result, code, outcome_at);
  }
  line_.push_back('\n');
  return line_;
}

void OutcomeWriter::AppendCsv(uint64_t row, std::string_view outcome, const LineResult& result,
                              std::string_view code, uint32_t* outcome_at) {
  const fmt::format_int number(row);
  line_.append(number.data(), number.size()).push_back(',');
  *outcome_at = static_cast<uint32_t>(line_.size());
  line_.append(outcome).push_back(',');
  if (result.item != 0) {
    const fmt::format_int item(result.item);
    line_.append(item.data(), item.size());
  }
  line_.push_back(',');
  if (for_spreadsheet_) {
    AppendSpreadsheetField(code, &line_);
  } else {
    AppendCsvField(code, &line_);
  }
  line_.push_back(',');
  line_.append(DecidedByName(result.decided_by)).push_back(',');
  line_.append(score_).push_back(',');
  AppendCsvField(candidates_, &line_);
}

void OutcomeWriter::AppendNdjson(uint64_t row, std::string_view outcome, const LineResult& result,
                                 std::string_view code, uint32_t* outcome_at) {
  JsonWriter json(&line_);
  json.BeginObject();
  json.Field("file", file_);
  json.Field("line", row);
  json.Field("outcome", outcome);
  *outcome_at = static_cast<uint32_t>(line_.size() - 1 - outcome.size());  // before its quote
  json.Key("item");
  if (result.item != 0) {
    json.Number(result.item);
  } else {
    json.Null();
  }
  json.Field("code", code);
  json.Field("decided_by", DecidedByName(result.decided_by));
  json.Key("score");
  json.Raw(score_.empty() ? "null" : score_);
  json.Key("candidates");
  json.Raw(candidates_.empty() ? "[]" : candidates_);
  json.EndObject();
}

}  // namespace tallystone::tool
