// Values and keys of the store: what can be read and is written again reads the same; a key that
// can be read has one way of being written (law L10). The first byte says which codec.
#include "fuzz.h"
#include "model/stored_codec.h"
#include "store/rocks/format.h"
#include "store/rocks/keys.h"

namespace {

using namespace tallystone;  // NOLINT: one small program

template <typename Value>
void Check(std::string_view bytes, Status (*decode)(std::string_view, Value*),
           void (*encode)(const Value&, std::string*)) {
  Value value;
  if (!decode(bytes, &value).ok()) {
    return;
  }
  std::string written;
  encode(value, &written);
  Value again;
  FUZZ_EXPECT(decode(written, &again).ok());
  FUZZ_EXPECT(again == value);
  FUZZ_EXPECT(written.size() <= bytes.size());
}

void CheckBlock(std::string_view bytes) {
  StoredBlock block;
  if (!DecodeStoredBlock(bytes, &block).ok()) {
    return;
  }
  std::string written;
  EncodeStoredBlock(block.payload, block.rejected, &written);
  StoredBlock again;
  FUZZ_EXPECT(DecodeStoredBlock(written, &again).ok());
  FUZZ_EXPECT(again.payload == block.payload && again.rejected == block.rejected);
}

void CheckPostings(std::string_view bytes) {
  std::vector<Posting> postings;
  if (!DecodePostings(bytes, &postings).ok()) {
    return;
  }
  FUZZ_EXPECT(std::is_sorted(postings.begin(), postings.end()));
  FUZZ_EXPECT(std::adjacent_find(postings.begin(), postings.end()) == postings.end());
  std::string written;
  EncodePostings(postings, &written);
  std::vector<Posting> again;
  FUZZ_EXPECT(DecodePostings(written, &again).ok());
  FUZZ_EXPECT(again == postings);
}

void CheckKeys(std::string_view key) {
  std::string written(key);
  StockKey stock;
  rocks::GroupKey group;
  Lsn lsn = 0;
  TenantId tenant = 0;
  BatchRef batch;
  LineRef line;
  std::string alias;
  int kinds = 0;
  const auto expect_same = [&] {
    ++kinds;
    FUZZ_EXPECT(written == key);
  };
  if (rocks::ParseTenantKey(key, &tenant)) {
    rocks::EncodeTenantKey(tenant, &written);
    expect_same();
  }
  if (rocks::ParseItemKey(key, &group, &lsn)) {
    rocks::EncodeItemKey(group, lsn, &written);
    expect_same();
  }
  if (rocks::ParseAliasKey(key, &stock, &alias)) {
    rocks::EncodeAliasKey(stock, alias, &written);
    expect_same();
  }
  if (rocks::ParseBatchKey(key, &batch)) {
    rocks::EncodeBatchKey(batch, &written);
    expect_same();
  }
  if (rocks::ParseDeadLetterKey(key, &line)) {
    rocks::EncodeDeadLetterKey(line, &written);
    expect_same();
  }
  FUZZ_EXPECT(kinds <= 1);  // the kinds of the catalogue and batches families never overlap
  if (rocks::ParseBalanceKey(key, &group)) {
    rocks::EncodeBalanceKey(group, &written);
    expect_same();
  }
  if (rocks::ParseBlockKey(key, &lsn)) {
    rocks::EncodeBlockKey(lsn, &written);
    expect_same();
  }
}

// Parts of a group: read and written again they are the same, and one can be replaced.
void CheckParts(std::string_view bytes) {
  std::string written;
  const Status read = rocks::ForEachPart(bytes, [&](uint8_t place, std::string_view part) {
    rocks::AddPart(place, part, &written);
    return Status::Ok();
  });
  if (!read.ok()) {
    return;
  }
  FUZZ_EXPECT(written.size() <= bytes.size());
  for (const uint8_t place : {uint8_t{0}, uint8_t{7}, uint8_t{15}}) {
    std::string replaced, twice;
    FUZZ_EXPECT(rocks::ReplacePart(bytes, place, "part", &replaced).ok());
    FUZZ_EXPECT(rocks::ReplacePart(replaced, place, "part", &twice).ok());
    FUZZ_EXPECT(replaced == twice);
    int found = 0;
    FUZZ_EXPECT(rocks::ForEachPart(replaced, [&](uint8_t other, std::string_view part) {
                  found += other == place && part == "part" ? 1 : 0;
                  return Status::Ok();
                }).ok());
    FUZZ_EXPECT(found == 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(fuzz::Bytes(data, size));
  const size_t codec = input.Below(10);
  const std::string_view bytes = input.Rest();
  switch (codec) {
    case 0:
      Check(bytes, DecodeBalanceSum, EncodeBalanceSum);
      break;
    case 1:
      Check(bytes, DecodeBatchSum, EncodeBatchSum);
      break;
    case 2:
      Check(bytes, DecodeStoredItem, EncodeStoredItem);
      break;
    case 3:
      Check(bytes, DecodeStoredDeadLetter, EncodeStoredDeadLetter);
      break;
    case 4:
      Check(bytes, DecodeMarker, EncodeMarker);
      break;
    case 5:
      CheckBlock(bytes);
      break;
    case 6:
      CheckPostings(bytes);
      break;
    case 7:
      FUZZ_EXPECT(rocks::CheckFormat(bytes, false).ok() == (bytes == rocks::EncodeFormat()));
      break;
    case 8:
      CheckParts(bytes);
      break;
    default:
      CheckKeys(bytes);
  }
  return 0;
}
