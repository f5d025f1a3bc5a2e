// ServerSums: what servers count and sum by themselves, against what the blocks say.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "store/live_view.h"

namespace tallystone {

// For a proof. Of servers in the middle of a key replay, and of stores that make no sums, nothing
// is compared. Not thread-safe.
class ServerSums {
 public:
  // `view` must outlive it.
  explicit ServerSums(LiveView* view) : view_(view) {}

  // Asks for the sums of all tenants.
  Status Begin();
  // Tenants whose servers make sums.
  [[nodiscard]] uint64_t tenants() const { return tenants_.size(); }

  // What the blocks say of one item, the log's tail included. Once for each item that has lines.
  void Book(StockKey key, const LineSum& booked);

  // Calls find(key, what) for each item whose rows of lines have as many rows as they should and
  // other numbers. booked(key): as for Book; null = the item has no lines.
  Status CompareLines(const std::function<const LineSum*(StockKey key, LineSum* place)>& booked,
                      const std::function<Status(StockKey key, const std::string& what)>& find);
  // Calls find(tenant, what). After the last Book.
  void CompareTotals(const std::function<void(TenantId tenant, std::string what)>& find) const;

 private:
  struct Tenant {
    TenantTotals said, booked;
  };

  // Without what the log adds.
  [[nodiscard]] LineSum InStore(StockKey key, LineSum sum) const;

  LiveView* const view_;
  std::map<TenantId, Tenant> tenants_;
};

}  // namespace tallystone
