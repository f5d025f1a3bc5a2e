#include "peers/item_numbers.h"

#include <algorithm>
#include <cstring>

#include "base/checksum.h"

namespace tallystone::bench {

size_t ItemNumbers::Hash::operator()(std::string_view code) const {
  return Hash64(code);
}

void ItemNumbers::Map(std::span<const WorkLine> lines, std::vector<uint32_t>* items,
                      std::vector<Made>* made) {
  const std::lock_guard lock(mutex_);
  for (const WorkLine& line : lines) {
    auto found = entries_.find(line.code);
    if (found == entries_.end()) {
      const auto number = static_cast<uint32_t>(entries_.size() + 1);
      found = entries_.emplace(std::string(line.code), Entry{number, false}).first;
    }
    items->push_back(found->second.item);
    if (!found->second.stored) {
      made->push_back({found->second.item, line.code});
    }
  }
}

void ItemNumbers::Stored(std::span<const Made> made) {
  if (made.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  for (const Made& item : made) {
    entries_.find(item.code)->second.stored = true;
  }
}

std::vector<BalanceDelta> SumByItem(std::span<const WorkLine> lines,
                                    std::span<const uint32_t> items) {
  std::vector<BalanceDelta> deltas;
  deltas.reserve(lines.size());
  for (size_t index = 0; index < lines.size(); ++index) {
    const int64_t quantity = lines[index].quantity.units();
    deltas.push_back(
        {items[index], quantity, Int128{quantity} * lines[index].unit_cost.units(), 1});
  }
  std::sort(deltas.begin(), deltas.end(), [](const BalanceDelta& left, const BalanceDelta& right) {
    return left.item < right.item;
  });
  size_t sums = 0;
  for (size_t index = 0; index < deltas.size(); ++sums) {
    BalanceDelta sum = deltas[index++];
    for (; index < deltas.size() && deltas[index].item == sum.item; ++index) {
      sum.on_hand += deltas[index].on_hand;
      sum.value += deltas[index].value;
      ++sum.lines;
    }
    deltas[sums] = sum;
  }
  deltas.resize(sums);
  return deltas;
}

void StoredBalance::AddBytes(const char* bytes) {
  Int128 sum = 0;
  std::memcpy(&sum, bytes, 16);
  on_hand += sum;
  std::memcpy(&sum, bytes + 16, 16);
  value += sum;
  uint64_t count = 0;
  std::memcpy(&count, bytes + 32, 8);
  lines += count;
}

void StoredBalance::Store(char* bytes) const {
  std::memcpy(bytes, &on_hand, 16);
  std::memcpy(bytes + 16, &value, 16);
  std::memcpy(bytes + 32, &lines, 8);
}

}  // namespace tallystone::bench
