#include "store/rocks/merge_operator.h"

#include <array>
#include <bit>
#include <deque>
#include <string>
#include <vector>

#include "base/coding.h"
#include "model/stored_codec.h"
#include "store/rocks/item_groups.h"

namespace tallystone::rocks {
namespace {

std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// Takes the parts of a damaged value; false if `value` is not one.
bool ParseDamaged(std::string_view value, std::vector<std::string_view>* parts) {
  parts->clear();
  if (value.size() < 2 || value.front() != kDamagedTag) {
    return false;
  }
  value.remove_prefix(1);
  while (!value.empty()) {
    uint32_t size = 0;
    std::string_view part;
    if (!GetBigEndian32(&value, &size) || !GetBytes(&value, size, &part)) {
      return false;
    }
    parts->push_back(part);
  }
  return true;
}

// The balances of a group of items, by place.
struct BalanceGroup {
  uint32_t present = 0;  // a bit a place
  std::array<BalanceSum, kGroupItems> sums;

  template <typename Use>
  void ForEachPlace(const Use& use) const {
    for (uint32_t left = present; left != 0; left &= left - 1) {
      use(static_cast<uint8_t>(std::countr_zero(left)));
    }
  }
  void Add(const BalanceGroup& later) {
    later.ForEachPlace([&](uint8_t place) {
      if ((present >> place & 1) != 0) {
        sums[place].Add(later.sums[place]);
      } else {
        sums[place] = later.sums[place];
      }
    });
    present |= later.present;
  }
};
static_assert(kGroupItems <= 32);

struct BalanceCodec {
  using Sum = BalanceGroup;
  static constexpr const char* kName = "tallystone.balance.2";
  static bool Decode(std::string_view bytes, Sum* group) {
    group->present = 0;
    return ForEachPart(bytes,
                       [&](uint8_t place, std::string_view part) {
                         group->present |= 1U << place;
                         return DecodeBalanceSum(part, &group->sums[place]);
                       })
        .ok();
  }
  static void Encode(const Sum& group, std::string* out) {
    std::string part;
    group.ForEachPlace([&](uint8_t place) {
      part.clear();
      EncodeBalanceSum(group.sums[place], &part);
      AddPart(place, part, out);
    });
  }
  static bool Fits(const Sum& left, const Sum& right) {
    bool fits = true;
    left.ForEachPlace([&](uint8_t place) {
      Int128 ignored = 0;
      const BalanceSum& ours = left.sums[place];
      const BalanceSum& theirs = right.sums[place];
      fits = fits && ((right.present >> place & 1) == 0 ||
                      (!__builtin_add_overflow(ours.on_hand, theirs.on_hand, &ignored) &&
                       !__builtin_add_overflow(ours.value, theirs.value, &ignored)));
    });
    return fits;
  }
};

struct BatchCodec {
  using Sum = BatchSum;
  static constexpr const char* kName = "tallystone.batch.1";
  static bool Decode(std::string_view bytes, Sum* sum) { return DecodeBatchSum(bytes, sum).ok(); }
  static void Encode(const Sum& sum, std::string* out) { EncodeBatchSum(sum, out); }
  static bool Fits(const Sum&, const Sum&) { return true; }
};

// Adds up operands, in order.
template <typename Codec>
class Accumulator {
 public:
  void Add(std::string_view operand) {
    if (AddSum(operand)) {
      return;
    }
    damaged_ = true;
    std::vector<std::string_view> parts;
    if (!ParseDamaged(operand, &parts)) {
      AppendPart(operand);
      return;
    }
    for (const std::string_view part : parts) {
      if (!AddSum(part)) {
        AppendPart(part);
      }
    }
  }

  // What all operands come to. RocksDB promises an empty *value, but iterators of 7.8.3 hand out
  // the result of the key before.
  void Finish(std::string* value) {
    value->clear();
    if (!damaged_) {
      Codec::Encode(sum_, value);
      return;
    }
    FlushSum();
    value->assign(1, kDamagedTag);
    value->append(parts_);
  }

 private:
  // False if `bytes` are not a sum.
  bool AddSum(std::string_view bytes) {
    if (!has_sum_) {
      has_sum_ = Codec::Decode(bytes, &sum_);
      return has_sum_;
    }
    if (!Codec::Decode(bytes, &next_)) {
      return false;
    }
    if (Codec::Fits(sum_, next_)) {
      sum_.Add(next_);
      return true;
    }
    damaged_ = true;
    FlushSum();
    sum_ = next_;
    has_sum_ = true;
    return true;
  }

  void FlushSum() {
    if (has_sum_) {
      std::string bytes;
      Codec::Encode(sum_, &bytes);
      has_sum_ = false;
      AppendPart(bytes);
    }
  }

  void AppendPart(std::string_view part) {
    FlushSum();
    PutBigEndian32(&parts_, static_cast<uint32_t>(part.size()));
    parts_.append(part);
  }

  typename Codec::Sum sum_, next_;
  bool has_sum_ = false;
  bool damaged_ = false;
  std::string parts_;
};

template <typename Codec>
class SumOperator : public rocksdb::MergeOperator {
 public:
  [[nodiscard]] const char* Name() const override { return Codec::kName; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    if (in.existing_value == nullptr && in.operand_list.size() == 1) {
      out->existing_operand = in.operand_list.front();  // nothing to add to; readers check it
      return true;
    }
    Accumulator<Codec> total;
    if (in.existing_value != nullptr) {
      total.Add(View(*in.existing_value));
    }
    for (const rocksdb::Slice& operand : in.operand_list) {
      total.Add(View(operand));
    }
    total.Finish(&out->new_value);
    return true;
  }

  bool PartialMergeMulti(const rocksdb::Slice& /*key*/, const std::deque<rocksdb::Slice>& operands,
                         std::string* value, rocksdb::Logger* /*logger*/) const override {
    Accumulator<Codec> total;
    for (const rocksdb::Slice& operand : operands) {
      total.Add(View(operand));
    }
    total.Finish(value);
    return true;
  }
};

}  // namespace

std::shared_ptr<rocksdb::MergeOperator> NewBalanceMergeOperator() {
  return std::make_shared<SumOperator<BalanceCodec>>();
}

std::shared_ptr<rocksdb::MergeOperator> NewBatchMergeOperator() {
  return std::make_shared<SumOperator<BatchCodec>>();
}

bool IsDamaged(std::string_view value) {
  std::vector<std::string_view> parts;
  return ParseDamaged(value, &parts);
}

}  // namespace tallystone::rocks
