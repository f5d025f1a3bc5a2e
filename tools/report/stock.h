// Stock: what the items of a database are worth.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct TenantStock {
  std::string tenant;
  uint64_t items = 0;  // that have a balance
  uint64_t lines = 0;
  ValueSum value;
};

struct Stock {
  uint64_t tenants = 0;
  uint64_t items = 0;
  uint64_t lines = 0;
  std::vector<TenantStock> by_tenant;  // the greatest values, whatever their sign
  std::vector<Balance> by_value;       // likewise
  std::vector<Balance> by_lines;
};

// Reads every balance, keeps as many as told.
Status CollectStock(Inspector* inspector, size_t tenants_max, size_t items_max, Stock* stock);

void WriteStock(const Stock& stock, JsonWriter* json);

}  // namespace tallystone::tool
