#include "store/postgres/window_shares.h"

#include <algorithm>

#include "base/check.h"

namespace tallystone::postgres {
namespace {

// The entries of `tenant`, of entries that ascend by tenant.
template <typename Entries, typename TenantOf>
auto PartOf(const Entries& entries, TenantId tenant, const TenantOf& tenant_of) {
  const auto begin = std::partition_point(
      entries.begin(), entries.end(), [&](const auto& entry) { return tenant_of(entry) < tenant; });
  const auto end = std::partition_point(
      begin, entries.end(), [&](const auto& entry) { return tenant_of(entry) == tenant; });
  return std::span(entries.data() + (begin - entries.begin()), static_cast<size_t>(end - begin));
}

template <typename Entries, typename TenantOf>
void AddTenants(const Entries& entries, const TenantOf& tenant_of, std::vector<TenantId>* tenants) {
  for (const auto& entry : entries) {
    const TenantId tenant = tenant_of(entry);
    if (tenants->empty() || tenants->back() != tenant) {
      tenants->push_back(tenant);
    }
  }
}

constexpr auto kOfPair = [](const auto& entry) { return entry.first.tenant; };
constexpr auto kOfDelta = [](const KeyDelta& delta) { return delta.key.tenant; };
constexpr auto kOfAlias = [](const auto* alias) { return alias->first.tenant; };

}  // namespace

void WindowShares::Clear() {
  blocks_ = {};
  heads_.clear();
  lines_.clear();
  block_order_.clear();
  alias_order_.clear();
  shares_.clear();
}

Status WindowShares::Split(const SortedWindow& window) {
  Clear();
  TS_RETURN_IF_ERROR(ReadBlocks(window));
  SortBlocks();
  SortAliases(window);
  CollectTenants(window);
  return Status::Ok();
}

Status WindowShares::ReadBlocks(const SortedWindow& window) {
  blocks_ = window.blocks;
  lines_.reserve(window.lines);
  for (const LoggedChunk& block : window.blocks) {
    BlockHead& head = heads_.emplace_back();
    block_order_.push_back(static_cast<uint32_t>(heads_.size() - 1));
    const Status decoded = DecodeChunk(*block.payload, &chunk_);
    if (!decoded.ok()) {
      return {decoded.code(), "chunk " + std::to_string(block.lsn) + ": " + decoded.message()};
    }
    head.tenant = chunk_.header.tenant;
    head.batch = chunk_.header.batch;
    head.accepted_at_us = chunk_.header.accepted_at_us;
    head.lines_begin = lines_.size();
    for (const ChunkLine& line : chunk_.lines) {
      if (line.outcome == Outcome::kAccepted) {
        lines_.push_back({line.number, line.quantity, line.unit_cost, line.time});
      }
    }
    head.lines_end = lines_.size();
  }
  return Status::Ok();
}

void WindowShares::SortBlocks() {
  std::stable_sort(block_order_.begin(), block_order_.end(), [&](uint32_t left, uint32_t right) {
    return heads_[left].tenant < heads_[right].tenant;
  });
}

void WindowShares::SortAliases(const SortedWindow& window) {
  alias_order_.reserve(window.aliases.size());
  for (const auto& alias : window.aliases) {
    alias_order_.push_back(&alias);
  }
  std::sort(alias_order_.begin(), alias_order_.end(),
            [](const auto* left, const auto* right) { return *left < *right; });
  alias_order_.erase(
      std::unique(alias_order_.begin(), alias_order_.end(),
                  [](const auto* left, const auto* right) { return *left == *right; }),
      alias_order_.end());
}

void WindowShares::CollectTenants(const SortedWindow& window) {
  const auto of_block = [&](uint32_t block) { return heads_[block].tenant; };
  std::vector<TenantId> tenants;
  AddTenants(window.deltas, kOfDelta, &tenants);
  AddTenants(block_order_, of_block, &tenants);
  AddTenants(window.batches, kOfPair, &tenants);
  AddTenants(window.items, kOfPair, &tenants);
  AddTenants(alias_order_, kOfAlias, &tenants);
  AddTenants(window.records, kOfPair, &tenants);
  AddTenants(window.dead_letters, kOfPair, &tenants);
  AddTenants(
      window.tenants, [](const auto& tenant) { return tenant.first; }, &tenants);
  std::sort(tenants.begin(), tenants.end());
  tenants.erase(std::unique(tenants.begin(), tenants.end()), tenants.end());
  for (const TenantId tenant : tenants) {
    TenantShare& share = shares_.emplace_back();
    share.tenant = tenant;
    share.deltas = PartOf(window.deltas, tenant, kOfDelta);
    share.blocks = PartOf(block_order_, tenant, of_block);
    share.batches = PartOf(window.batches, tenant, kOfPair);
    share.items = PartOf(window.items, tenant, kOfPair);
    share.aliases = PartOf(alias_order_, tenant, kOfAlias);
    share.records = PartOf(window.records, tenant, kOfPair);
    share.dead_letters = PartOf(window.dead_letters, tenant, kOfPair);
    share.first = share.blocks.empty() ? 0 : window.blocks[share.blocks.front()].lsn;
  }
  for (const auto& [tenant, name] : window.tenants) {  // the last name counts
    const auto share = std::lower_bound(
        shares_.begin(), shares_.end(), tenant,
        [](const TenantShare& known, TenantId wanted) { return known.tenant < wanted; });
    share->name = &name;
  }
}

const LineNumbers* WindowShares::Find(const Posting& posting) const {
  const size_t block = IndexOfChunk(blocks_, posting.lsn);
  if (block >= heads_.size()) {
    return nullptr;
  }
  const BlockHead& head = heads_[block];
  const size_t line = head.lines_begin + posting.index;
  return line < head.lines_end ? &lines_[line] : nullptr;
}

}  // namespace tallystone::postgres
