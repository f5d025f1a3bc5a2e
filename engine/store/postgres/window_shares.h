// A window, tenant by tenant, and the numbers of its lines.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/chunk.h"
#include "window/sorted_window.h"

namespace tallystone::postgres {

// What a window brings to one tenant. Points into the window and its WindowShares.
struct TenantShare {
  TenantId tenant = 0;
  const std::string* name = nullptr;  // null: the window does not tell it
  Lsn first = 0;                      // its first chunk in the window; 0 = none
  std::span<const KeyDelta> deltas;
  std::span<const uint32_t> blocks;  // indexes of SortedWindow::blocks
  std::span<const std::pair<BatchRef, BatchSum>> batches;
  std::span<const std::pair<StockKey, StoredItem>> items;
  std::span<const std::pair<StockKey, std::string>* const> aliases;
  std::span<const std::pair<RecordRef, std::string>> records;
  std::span<const std::pair<LineRef, std::optional<StoredDeadLetter>>> dead_letters;
};

struct LineNumbers {
  uint64_t line = 0;  // number within its batch
  int64_t quantity = 0;
  int64_t unit_cost = 0;
  std::string_view time;
};

struct BlockHead {
  TenantId tenant = 0;
  std::string_view batch;
  uint64_t accepted_at_us = 0;
  size_t lines_begin = 0;  // of WindowShares's lines
  size_t lines_end = 0;
};

// Its memory, 40 bytes a line of the largest window, is used again for the next. Not thread-safe.
class WindowShares {
 public:
  // Reads each block once. kCorruption: one cannot be read, or a posting does not fit its block.
  // The window must outlive the shares.
  Status Split(const SortedWindow& window);
  void Clear();

  // Ascending by tenant.
  [[nodiscard]] const std::vector<TenantShare>& shares() const { return shares_; }
  [[nodiscard]] const BlockHead& head(uint32_t block) const { return heads_[block]; }
  // Null: there is no such line.
  [[nodiscard]] const LineNumbers* Find(const Posting& posting) const;

 private:
  Status ReadBlocks(const SortedWindow& window);
  void SortBlocks();
  void SortAliases(const SortedWindow& window);
  void CollectTenants(const SortedWindow& window);

  std::span<const LoggedChunk> blocks_;
  std::vector<BlockHead> heads_;  // of each block
  std::vector<LineNumbers> lines_;
  std::vector<uint32_t> block_order_;  // by tenant
  std::vector<const std::pair<StockKey, std::string>*> alias_order_;
  std::vector<TenantShare> shares_;
  Chunk chunk_;
};

}  // namespace tallystone::postgres
