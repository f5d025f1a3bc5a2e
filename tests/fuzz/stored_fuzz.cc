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
  if (rocks::ParseItemKey(key, &stock)) {
    rocks::EncodeItemKey(stock, &written);
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
  if (rocks::ParseBalanceKey(key, &stock)) {
    rocks::EncodeBalanceKey(stock, &written);
    expect_same();
  }
  if (rocks::ParseBlockKey(key, &lsn)) {
    rocks::EncodeBlockKey(lsn, &written);
    expect_same();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(fuzz::Bytes(data, size));
  const size_t codec = input.Below(9);
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
      FUZZ_EXPECT(rocks::CheckFormat(bytes).ok() == (bytes == rocks::EncodeFormat()));
      break;
    default:
      CheckKeys(bytes);
  }
  return 0;
}
