// The numbers by which the engine knows things.
#pragma once

#include <compare>
#include <cstdint>

namespace tallystone {

using Lsn = uint64_t;       // position of a record in the batch log, from 1; 0 = before the first
using TenantId = uint32_t;  // from 1, in the order tenants were first seen
using ItemId = uint32_t;    // within a tenant, from 1, in the order items were made

// What a balance is kept for.
struct StockKey {
  TenantId tenant = 0;
  ItemId item = 0;
  friend constexpr auto operator<=>(const StockKey&, const StockKey&) = default;
  [[nodiscard]] constexpr uint64_t packed() const { return uint64_t{tenant} << 32 | item; }
};

}  // namespace tallystone
