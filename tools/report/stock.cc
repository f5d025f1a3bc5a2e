#include "report/stock.h"

#include "report/top_list.h"

namespace tallystone::tool {
namespace {

UInt128 Magnitude(ValueSum value) {
  return value.units < 0 ? -static_cast<UInt128>(value.units) : static_cast<UInt128>(value.units);
}

struct ByValue {
  template <typename Record>
  bool operator()(const Record& left, const Record& right) const {
    return Magnitude(left.value) > Magnitude(right.value);
  }
};

struct ByLines {
  bool operator()(const Balance& left, const Balance& right) const {
    return left.lines > right.lines;
  }
};

void WriteBalances(const char* name, const std::vector<Balance>& balances, JsonWriter* json) {
  json->Key(name);
  json->BeginArray();
  for (const Balance& balance : balances) {
    json->BeginObject();
    json->Field("tenant", balance.item.tenant);
    json->Field("item", balance.item.item);
    json->Field("code", balance.item.code);
    json->Field("description", balance.item.description);
    json->Field("unit", balance.item.unit);
    json->Field("on_hand", balance.on_hand.ToString());
    json->Field("value", balance.value.ToString());
    json->Field("lines", balance.lines);
    json->Field("last_time", balance.last_time);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

Status CollectStock(Inspector* inspector, size_t tenants_max, size_t items_max, Stock* stock) {
  *stock = {};
  std::unique_ptr<Cursor<Balance>> cursor;
  if (Status s = inspector->NewBalanceCursor({}, &cursor); !s.ok()) {
    return s;
  }
  TopList<TenantStock, ByValue> tenants(tenants_max);
  TopList<Balance, ByValue> by_value(items_max);
  TopList<Balance, ByLines> by_lines(items_max);
  TenantStock tenant;  // balances come tenant by tenant
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const Balance& balance = cursor->value();
    if (stock->tenants == 0 || tenant.tenant != balance.item.tenant) {
      if (stock->tenants++ > 0) {
        tenants.Offer(tenant);
      }
      tenant = {};
      tenant.tenant = balance.item.tenant;
    }
    ++tenant.items;
    tenant.lines += balance.lines;
    tenant.value += balance.value;
    ++stock->items;
    stock->lines += balance.lines;
    by_value.Offer(balance);
    by_lines.Offer(balance);
  }
  if (stock->tenants > 0) {
    tenants.Offer(tenant);
  }
  stock->by_tenant = tenants.Take();
  stock->by_value = by_value.Take();
  stock->by_lines = by_lines.Take();
  return cursor->status();
}

void WriteStock(const Stock& stock, JsonWriter* json) {
  json->BeginObject();
  json->Field("tenants", stock.tenants);
  json->Field("items", stock.items);
  json->Field("lines", stock.lines);
  json->Key("by_tenant");
  json->BeginArray();
  for (const TenantStock& tenant : stock.by_tenant) {
    json->BeginObject();
    json->Field("tenant", tenant.tenant);
    json->Field("items", tenant.items);
    json->Field("lines", tenant.lines);
    json->Field("value", tenant.value.ToString());
    json->EndObject();
  }
  json->EndArray();
  WriteBalances("by_value", stock.by_value, json);
  WriteBalances("by_lines", stock.by_lines, json);
  json->EndObject();
}

}  // namespace tallystone::tool
