// DiffSide: one of two databases that are compared, with hashes of what it says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "inspect/opened_database.h"
#include "model/chunk.h"
#include "model/line_check.h"
#include "tallystone/inspector.h"

namespace tallystone::diff {

// A hash of what a thing is called, and one of what is said of it.
struct HashedEntry {
  UInt128 key = 0;
  uint64_t content = 0;
  uint32_t id = 0;  // from 1
};
// What is not the same in both: pairs of ids, 0 = there is none on that side. Of several with one
// key those with the same content belong together. In the order of the left ids, then of the right.
std::vector<std::pair<uint32_t, uint32_t>> PairUp(std::vector<HashedEntry> left,
                                                  std::vector<HashedEntry> right);

// "6.5" for "6.50": the same content. A text that is no Decimal stays as it is.
std::string NumberOf(std::string_view text);

// A line with everything that is compared of it. Views point to the chunk or to the item.
struct WholeLine {
  Outcome outcome = Outcome::kAccepted;
  std::string item;  // its name; "" = none
  CheckedLine texts;
};

class DiffSide {
 public:
  Status Open(const Options& options, const std::string& path) {
    return OpenToRead(options, path, FileSystem::Posix(), nullptr, &opened_);
  }
  [[nodiscard]] LiveView* view() const { return opened_.view.get(); }

  // Hashes of all items.
  Status LoadItems();
  // Sums of the hashes of all booked lines, batch by batch. `step` is called with each block's
  // lines.
  using Step = std::function<Status(uint64_t lines)>;
  Status SumLines(const Step& step);
  // Whether the booked lines of a batch may be others than those of `other`: two batches may share
  // a sum.
  [[nodiscard]] bool MayDiffer(const DiffSide& other, std::string_view tenant,
                               std::string_view batch) const;
  [[nodiscard]] uint64_t lines() const { return lines_; }

  // One entry for each item of a tenant, with its balance. The id is its number.
  Status HashItems(TenantId tenant, std::vector<HashedEntry>* entries);

  // The hash of all that is compared of a line. `outcome`: what became of it.
  Status HashLine(TenantId tenant, const ChunkLine& line, Outcome outcome, UInt128* hash);
  // The same for people. *item is working memory that *whole points into.
  Status ReadLine(TenantId tenant, const ChunkLine& line, Outcome outcome, StoredItem* item,
                  WholeLine* whole);
  // The code of an item, or else its description.
  Status ItemName(TenantId tenant, ItemId item, std::string* name);

 private:
  struct ItemHashes {
    UInt128 name = 0;
    uint64_t code = 0;
    uint64_t description = 0;
  };
  Status FindItem(TenantId tenant, ItemId item, const ItemHashes** hashes) const;

  OpenedDatabase opened_;
  std::map<TenantId, std::vector<ItemHashes>> items_;  // by number - 1
  std::vector<UInt128> sums_;                          // by the hash of the batch
  uint64_t lines_ = 0;
  std::string record_;  // working memory
};

}  // namespace tallystone::diff
