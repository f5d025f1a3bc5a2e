#include "model/stored_codec.h"

#include "base/check.h"
#include "base/coding.h"

namespace tallystone {
namespace {

constexpr char kVersion = 1;
constexpr char kLetterVersion = 2;  // of a dead letter that has a vendor code

Status Damaged(const char* what) {
  return Status::Corruption(std::string(what) + " cannot be read: its bytes are damaged");
}

// Takes the version byte. False: damaged or of another format.
bool TakeVersion(std::string_view* input) {
  if (input->empty() || input->front() != kVersion) {
    return false;
  }
  input->remove_prefix(1);
  return true;
}

bool TakeByte(std::string_view* input, uint8_t max, uint8_t* value) {
  if (input->empty() || static_cast<uint8_t>(input->front()) > max) {
    return false;
  }
  *value = static_cast<uint8_t>(input->front());
  input->remove_prefix(1);
  return true;
}

bool TakeKey(std::string_view* input, StockKey* key) {
  return GetVarint32(input, &key->tenant) && GetVarint32(input, &key->item);
}

void PutKey(std::string* out, StockKey key) {
  PutVarint32(out, key.tenant);
  PutVarint32(out, key.item);
}

bool TakeSum128(std::string_view* input, Int128* value) {
  UInt128 bits = 0;
  if (!GetVarint128(input, &bits)) {
    return false;
  }
  *value = UnZigZag128(bits);
  return true;
}

bool TakeReplay(std::string_view* input, ReplayProgress* replay) {
  uint64_t count = 0;
  if (!GetVarint64(input, &replay->last) || !TakeKey(input, &replay->done) ||
      !GetVarint64(input, &replay->keys_done) || !GetVarint64(input, &count)) {
    return false;
  }
  for (; count > 0; --count) {  // each takes bytes, so a hostile count ends with the input
    KeyRejection& rejection = replay->rejected.emplace_back();
    if (!TakeKey(input, &rejection.key) || !GetText(input, &rejection.cause)) {
      return false;
    }
  }
  return true;
}

}  // namespace

void EncodeBalanceSum(const BalanceSum& sum, std::string* out) {
  char bytes[1 + 2 * kVarint128BytesMax + 3 * kVarint64BytesMax + sizeof(uint32_t)];
  char* end = bytes;
  *end++ = kVersion;
  end = EncodeVarint128(end, ZigZag128(sum.on_hand));
  end = EncodeVarint128(end, ZigZag128(sum.value));
  end = EncodeVarint64(end, sum.lines);
  end = EncodeVarint64(end, sum.last_lsn);
  EncodeFixed(end, sum.places);
  end += sizeof(uint32_t);
  end = EncodeVarint64(end, sum.last_time.size());
  out->append(bytes, static_cast<size_t>(end - bytes));
  out->append(sum.last_time);
}

Status DecodeBalanceSum(std::string_view bytes, BalanceSum* sum) {
  if (!TakeVersion(&bytes) || !TakeSum128(&bytes, &sum->on_hand) ||
      !TakeSum128(&bytes, &sum->value) || !GetVarint64(&bytes, &sum->lines) ||
      !GetVarint64(&bytes, &sum->last_lsn) || !GetFixed32(&bytes, &sum->places) ||
      !GetText(&bytes, &sum->last_time) || !bytes.empty()) {
    return Damaged("a balance");
  }
  return Status::Ok();
}

void EncodeBatchSum(const BatchSum& sum, std::string* out) {
  out->push_back(kVersion);
  out->push_back(sum.finished ? 1 : 0);
  PutVarint64(out, sum.first_lsn);
  PutVarint64(out, sum.last_lsn);
  PutVarint64(out, sum.lines);
  PutVarint64(out, sum.accepted);
  PutVarint64(out, sum.failed);
  PutVarint64(out, sum.rejected);
  PutVarint64(out, sum.tried_again);
  PutVarint64(out, sum.retried);
  PutVarint64(out, sum.dropped);
  PutVarint64(out, sum.accepted_at_us);
  PutFixed128(out, sum.digest.sum);
}

Status DecodeBatchSum(std::string_view bytes, BatchSum* sum) {
  uint8_t finished = 0;
  if (!TakeVersion(&bytes) || !TakeByte(&bytes, 1, &finished) ||
      !GetVarint64(&bytes, &sum->first_lsn) || !GetVarint64(&bytes, &sum->last_lsn) ||
      !GetVarint64(&bytes, &sum->lines) || !GetVarint64(&bytes, &sum->accepted) ||
      !GetVarint64(&bytes, &sum->failed) || !GetVarint64(&bytes, &sum->rejected) ||
      !GetVarint64(&bytes, &sum->tried_again) || !GetVarint64(&bytes, &sum->retried) ||
      !GetVarint64(&bytes, &sum->dropped) || !GetVarint64(&bytes, &sum->accepted_at_us) ||
      !GetFixed128(&bytes, &sum->digest.sum) || !bytes.empty()) {
    return Damaged("a batch");
  }
  sum->finished = finished != 0;
  return Status::Ok();
}

void EncodeStoredItem(const StoredItem& item, std::string* out) {
  out->push_back(kVersion);
  PutText(out, item.code);
  PutText(out, item.gtin);
  PutText(out, item.description);
  PutText(out, item.unit);
}

Status DecodeStoredItem(std::string_view bytes, StoredItem* item) {
  if (!TakeVersion(&bytes) || !GetText(&bytes, &item->code) || !GetText(&bytes, &item->gtin) ||
      !GetText(&bytes, &item->description) || !GetText(&bytes, &item->unit) || !bytes.empty()) {
    return Damaged("an item");
  }
  return Status::Ok();
}

void EncodeStoredDeadLetter(const StoredDeadLetter& letter, std::string* out) {
  out->push_back(letter.vendor_code.empty() ? kVersion : kLetterVersion);
  out->push_back(static_cast<char>(letter.cause));
  PutVarint32(out, letter.attempts);
  PutVarint64(out, letter.lsn);
  PutVarint64(out, letter.failed_at_us);
  for (const std::string* text :
       {&letter.detail, &letter.code, &letter.description, &letter.quantity, &letter.unit_cost,
        &letter.vendor, &letter.gtin, &letter.unit, &letter.document, &letter.time, &letter.line_id,
        &letter.raw}) {
    PutText(out, *text);
  }
  if (!letter.vendor_code.empty()) {
    PutText(out, letter.vendor_code);
  }
}

Status DecodeStoredDeadLetter(std::string_view bytes, StoredDeadLetter* letter) {
  uint8_t cause = 0;
  uint8_t version = 0;
  bool read = TakeByte(&bytes, kLetterVersion, &version) && version >= kVersion &&
              TakeByte(&bytes, kOutcomeCount - 1, &cause) &&
              GetVarint32(&bytes, &letter->attempts) && GetVarint64(&bytes, &letter->lsn) &&
              GetVarint64(&bytes, &letter->failed_at_us);
  for (std::string* text : {&letter->detail, &letter->code, &letter->description, &letter->quantity,
                            &letter->unit_cost, &letter->vendor, &letter->gtin, &letter->unit,
                            &letter->document, &letter->time, &letter->line_id, &letter->raw}) {
    read = read && GetText(&bytes, text);
  }
  letter->vendor_code.clear();
  read = read && (version == kVersion || GetText(&bytes, &letter->vendor_code));
  if (!read || !bytes.empty()) {
    return Damaged("a dead letter");
  }
  letter->cause = static_cast<Outcome>(cause);
  return Status::Ok();
}

void EncodeMarker(const Marker& marker, std::string* out) {
  out->push_back(kVersion);
  out->push_back(marker.replay.has_value() ? 1 : 0);
  PutText(out, marker.database_id);
  PutVarint64(out, marker.applied);
  if (marker.replay.has_value()) {
    const ReplayProgress& replay = *marker.replay;
    PutVarint64(out, replay.last);
    PutKey(out, replay.done);
    PutVarint64(out, replay.keys_done);
    PutVarint64(out, replay.rejected.size());
    for (const KeyRejection& rejection : replay.rejected) {
      PutKey(out, rejection.key);
      PutText(out, rejection.cause);
    }
  }
}

Status DecodeMarker(std::string_view bytes, Marker* marker) {
  uint8_t has_replay = 0;
  bool read = TakeVersion(&bytes) && TakeByte(&bytes, 1, &has_replay) &&
              GetText(&bytes, &marker->database_id) && GetVarint64(&bytes, &marker->applied);
  marker->replay.reset();
  if (read && has_replay != 0) {
    read = TakeReplay(&bytes, &marker->replay.emplace());
  }
  if (!read || !bytes.empty()) {
    return Damaged("the marker");
  }
  return Status::Ok();
}

void EncodeStoredBlock(std::string_view payload, std::span<const uint32_t> rejected,
                       std::string* out) {
  out->push_back(kVersion);
  PutVarint64(out, rejected.size());
  uint32_t next = 0;  // the least index that may follow
  for (const uint32_t index : rejected) {
    TS_CHECK(index >= next && index != UINT32_MAX);
    PutVarint32(out, index - next);
    next = index + 1;
  }
  out->append(payload);
}

Status DecodeStoredBlock(std::string_view bytes, StoredBlock* block) {
  uint64_t count = 0;
  block->rejected.clear();
  if (!TakeVersion(&bytes) || !GetVarint64(&bytes, &count)) {
    return Damaged("a block");
  }
  uint64_t next = 0;
  for (; count > 0; --count) {
    uint32_t gap = 0;
    if (!GetVarint32(&bytes, &gap) || next + gap >= UINT32_MAX) {
      return Damaged("a block");
    }
    block->rejected.push_back(static_cast<uint32_t>(next + gap));
    next += uint64_t{gap} + 1;
  }
  block->payload.assign(bytes);
  return Status::Ok();
}

void EncodePostings(std::span<const Posting> postings, std::string* out) {
  const size_t before = out->size();
  out->resize(before + 1 + kVarint64BytesMax +
              postings.size() * (kVarint64BytesMax + kVarint32BytesMax));
  char* end = out->data() + before;
  *end++ = kVersion;
  end = EncodeVarint64(end, postings.size());
  Posting last;
  for (size_t position = 0; position < postings.size(); ++position) {
    const Posting& posting = postings[position];
    TS_CHECK(position == 0 || last < posting);
    end = EncodeVarint64(end, posting.lsn - last.lsn);
    const bool same = position != 0 && posting.lsn == last.lsn;
    end = EncodeVarint32(end, same ? posting.index - last.index - 1 : posting.index);
    last = posting;
  }
  out->resize(static_cast<size_t>(end - out->data()));
}

Status DecodePostings(std::string_view bytes, std::vector<Posting>* postings) {
  uint64_t count = 0;
  if (!TakeVersion(&bytes) || !GetVarint64(&bytes, &count)) {
    return Damaged("a posting list");
  }
  Posting last;
  for (uint64_t position = 0; position < count; ++position) {
    uint64_t lsn_gap = 0;
    uint32_t index = 0;
    if (!GetVarint64(&bytes, &lsn_gap) || !GetVarint32(&bytes, &index) ||
        lsn_gap > UINT64_MAX - last.lsn) {
      return Damaged("a posting list");
    }
    if (position != 0 && lsn_gap == 0) {
      if (index >= UINT32_MAX - last.index) {
        return Damaged("a posting list");
      }
      index += last.index + 1;
    }
    last = {last.lsn + lsn_gap, index};
    postings->push_back(last);
  }
  return bytes.empty() ? Status::Ok() : Damaged("a posting list");
}

}  // namespace tallystone
