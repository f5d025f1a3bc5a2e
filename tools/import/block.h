// Block: consecutive rows of a file, sorted into the batches they belong to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "import/open_batches.h"
#include "import/row.h"
#include "tallystone/batch.h"

namespace tallystone::tool {

// Where rows go.
struct Routing {
  bool tenant_column = false;
  bool batch_column = false;
  std::string tenant;  // of rows without a usable one
  std::string batch;   // likewise
};

// The lines of one batch in a block.
struct BlockGroup {
  OpenBatch* open = nullptr;
  Batch lines;
  std::vector<LineResult> results;
  bool refused = false;
};

// A block ends after kRowsMax rows or kBytesMax bytes: the same file always falls into the same
// blocks, which an import that continues after an interruption relies on.
class Block {
 public:
  static constexpr size_t kRowsMax = 8192;
  static constexpr size_t kBytesMax = 4 * 1024 * 1024;
  static constexpr uint32_t kNoGroup = UINT32_MAX;

  struct Place {
    uint32_t group = kNoGroup;  // kNoGroup: its batch was closed
    uint32_t index = 0;         // in the group
    uint32_t code_end = 0;      // of its code, in codes_
  };

  // Neither is owned. The block is used again and again.
  Block(const Routing* routing, OpenBatches* batches) : routing_(routing), batches_(batches) {}

  // Empties the block and reads the next rows. False: there are none (see rows->status()), or an
  // error came; the block is then not complete and must not be booked.
  bool Read(RowReader* rows);

  // In the order in which their batches appear.
  [[nodiscard]] std::vector<BlockGroup>& groups() { return groups_; }
  [[nodiscard]] size_t rows() const { return places_.size(); }
  [[nodiscard]] uint64_t first_row() const { return first_row_; }  // number of the first row
  [[nodiscard]] const Place& place(size_t row) const { return places_[row]; }
  // The code of a row as received, blanks stripped.
  [[nodiscard]] std::string_view code(size_t row) const;
  // Batches that rows of this block came too late for, each named once.
  [[nodiscard]] const std::vector<std::string>& missed() const { return missed_; }

 private:
  void Add(const Row& row);
  BlockGroup* GroupOf(std::string_view tenant, std::string_view batch);

  const Routing* const routing_;
  OpenBatches* const batches_;
  uint64_t serial_ = 0;
  uint64_t first_row_ = 0;
  std::vector<BlockGroup> groups_;
  std::vector<Place> places_;
  std::string codes_;
  std::vector<std::string> missed_;
  OpenBatch* last_ = nullptr;  // of the row before
};

// 1..bytes_max bytes, UTF-8, no control characters: what the engine takes as the name of a tenant
// or batch.
bool IsValidName(std::string_view name, size_t bytes_max);

}  // namespace tallystone::tool
