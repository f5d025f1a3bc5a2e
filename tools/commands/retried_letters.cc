#include "commands/retried_letters.h"

#include <utility>

namespace tallystone::tool {
namespace {

// No name has a NUL.
std::string Named(const DeadLetterKey& key) {
  return key.tenant + '\0' + key.batch + '\0' + std::to_string(key.line);
}

}  // namespace

RetriedLetters::RetriedLetters(Engine* engine, Filter filter, size_t outcome, RecordWriter* writer)
    : engine_(engine),
      filter_(std::move(filter)),
      outcome_(outcome),
      writer_(writer),
      logged_before_(engine->stats().logged_lsn) {}

Status RetriedLetters::Add(const DeadLetterKey& key, Outcome outcome,
                           std::vector<std::string> row) {
  if (outcome == Outcome::kAccepted) {
    mapped_.emplace(Named(key), rows_.size());
  } else {
    ++failed_;
  }
  rows_.push_back(std::move(row));
  return rows_.size() < kHeldMax ? Status::Ok() : Settle();
}

Status RetriedLetters::FindRefused() {
  if (mapped_.empty()) {
    return Status::Ok();
  }
  if (Status s = engine_->Flush(); !s.ok()) {
    return s;
  }
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (Status s = engine_->NewDeadLetterCursor(filter_, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const DeadLetter& letter = cursor->value();
    if (letter.lsn <= logged_before_) {
      continue;
    }
    const auto mapped = mapped_.find(Named(letter.key));
    if (mapped != mapped_.end()) {
      rows_[mapped->second][outcome_] = OutcomeName(letter.cause);
      ++failed_;
    }
  }
  return cursor->status();
}

Status RetriedLetters::Settle() {
  const Status found = FindRefused();
  unsettled_ += found.ok() ? 0 : mapped_.size();
  for (const std::vector<std::string>& row : rows_) {
    writer_->Write(row);
  }
  rows_.clear();
  mapped_.clear();
  logged_before_ = engine_->stats().logged_lsn;
  return found;
}

}  // namespace tallystone::tool
