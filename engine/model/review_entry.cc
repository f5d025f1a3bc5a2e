#include "model/review_entry.h"

#include "base/coding.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

constexpr char kVersion = 1;

bool TakeStatus(std::string_view* input, ReviewStatus* status) {
  uint8_t value = 0;
  if (!GetFixed(input, &value) || value > kReviewStatusMax) {
    return false;
  }
  *status = static_cast<ReviewStatus>(value);
  return true;
}

bool TakeCandidates(std::string_view* input, std::vector<Candidate>* candidates) {
  uint64_t count = 0;
  if (!GetVarint64(input, &count) || count > limits::kCandidatesMax) {
    return false;
  }
  candidates->resize(static_cast<size_t>(count));
  for (Candidate& candidate : *candidates) {
    if (!GetVarint32(input, &candidate.item) || !GetVarint32(input, &candidate.score)) {
      return false;
    }
  }
  return true;
}

bool TakeMove(std::string_view* input, ReviewMove* move) {
  uint8_t any_vendor = 0;
  if (!GetVarint32(input, &move->from) || !GetVarint32(input, &move->to) ||
      !GetFixed(input, &any_vendor) || any_vendor > 1 || !GetText(input, &move->vendor) ||
      !GetText(input, &move->form) || !GetText(input, &move->batch) ||
      !GetVarint64(input, &move->up_to) || !GetText(input, &move->id)) {
    return false;
  }
  move->any_vendor = any_vendor == 1;
  return true;
}

}  // namespace

void EncodeReviewEntry(const ReviewEntry& entry, std::string* out) {
  out->push_back(kVersion);
  out->push_back(static_cast<char>(entry.status));
  out->push_back(static_cast<char>(entry.after_move));
  out->push_back(static_cast<char>(entry.version));
  PutText(out, entry.text);
  PutText(out, entry.vendor);
  PutVarint64(out, entry.candidates.size());
  for (const Candidate& candidate : entry.candidates) {
    PutVarint32(out, candidate.item);
    PutVarint32(out, candidate.score);
  }
  PutVarint32(out, entry.answers);
  PutVarint32(out, entry.move.from);
  PutVarint32(out, entry.move.to);
  out->push_back(entry.move.any_vendor ? 1 : 0);
  PutText(out, entry.move.vendor);
  PutText(out, entry.move.form);
  PutText(out, entry.move.batch);
  PutVarint64(out, entry.move.up_to);
  PutText(out, entry.move.id);
}

Status DecodeReviewEntry(std::string_view bytes, ReviewEntry* entry) {
  uint8_t version = 0;
  if (!GetFixed(&bytes, &version) || version != kVersion || !TakeStatus(&bytes, &entry->status) ||
      !TakeStatus(&bytes, &entry->after_move) || !GetFixed(&bytes, &entry->version) ||
      !GetText(&bytes, &entry->text) || !GetText(&bytes, &entry->vendor) ||
      !TakeCandidates(&bytes, &entry->candidates) || !GetVarint32(&bytes, &entry->answers) ||
      !TakeMove(&bytes, &entry->move) || !bytes.empty()) {
    return Status::Corruption("an entry of the review cannot be read: damaged bytes");
  }
  return Status::Ok();
}

}  // namespace tallystone
