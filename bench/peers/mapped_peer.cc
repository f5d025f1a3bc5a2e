#include "peers/mapped_peer.h"

#include <algorithm>

namespace tallystone::bench {

Status MappedPeer::Write(const WorkBatch& lines) {
  MappedBatch mapped{lines, {}, {}};
  mapped.items.reserve(lines.lines.size());
  numbers_.Map(lines.lines, &mapped.items, &mapped.made);
  // In one order everywhere, or two transactions of a server would wait for each other.
  std::sort(mapped.made.begin(), mapped.made.end(),
            [](const auto& left, const auto& right) { return left.item < right.item; });
  Status status = Book(mapped);
  if (status.ok()) {
    numbers_.Stored(mapped.made);
  }
  return status;
}

}  // namespace tallystone::bench
