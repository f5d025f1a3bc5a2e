#include "inspect/server_sums.h"

#include <algorithm>

#include "base/check.h"
#include "tallystone/decimal.h"

namespace tallystone {
namespace {

constexpr Int128 kPart = 10'000'000'000'000'000'000u;  // that a WideSum is cut at

void Add(Int128 number, WideSum* sum) {
  sum->high += number / kPart;
  sum->low += number % kPart;
}

// The same number in one form: 0 <= low < kPart.
WideSum Normal(WideSum sum) {
  sum.high += sum.low / kPart;
  sum.low %= kPart;
  if (sum.low < 0) {
    sum.low += kPart;
    --sum.high;
  }
  return sum;
}

bool Equal(const WideSum& left, const WideSum& right) {
  const WideSum one = Normal(left);
  const WideSum other = Normal(right);
  return one.high == other.high && one.low == other.low;
}

std::string Text(const WideSum& sum, int scale) {
  constexpr Int128 kShownMax = 10'000'000'000'000'000;  // far inside of 128 bits
  const WideSum normal = Normal(sum);
  return normal.high > -kShownMax && normal.high < kShownMax
             ? FormatScaled(normal.high * kPart + normal.low, scale)
             : "a number of more than 35 digits";
}

std::string Text(const TenantTotals& totals) {
  return std::to_string(totals.balances) + " balances with " + std::to_string(totals.lines) +
         " lines, " + Text(totals.on_hand, 6) + " on hand worth " + Text(totals.value, 12);
}

std::string Text(const LineSum& sum) {
  return FormatScaled(sum.quantity, 6) + " worth " + FormatScaled(sum.value, 12);
}

}  // namespace

Status ServerSums::Begin() {
  for (const auto& [tenant, name] : view_->tenant_names()) {
    TenantTotals totals;
    const Status status = view_->store()->ReadTotals(tenant, &totals);
    if (status.ok()) {
      tenants_[tenant].said = totals;
    } else if (!status.IsNotFound()) {
      return status;
    }
  }
  return Status::Ok();
}

LineSum ServerSums::InStore(StockKey key, LineSum sum) const {
  const std::vector<KeyDelta>& deltas = view_->overlay().deltas;
  const auto found = std::lower_bound(
      deltas.begin(), deltas.end(), key,
      [](const KeyDelta& delta, const StockKey& wanted) { return delta.key < wanted; });
  if (found != deltas.end() && found->key == key && !found->rejected) {
    sum.lines -= found->sum.lines;
    sum.quantity -= found->sum.on_hand;
    sum.value -= found->sum.value;
  }
  return sum;
}

void ServerSums::Book(StockKey key, const LineSum& booked) {
  const auto tenant = tenants_.find(key.tenant);
  if (tenant == tenants_.end()) {
    return;
  }
  const LineSum sum = InStore(key, booked);
  TenantTotals& totals = tenant->second.booked;
  totals.balances += sum.lines > 0 ? 1 : 0;
  totals.lines += sum.lines;
  Add(sum.quantity, &totals.on_hand);
  Add(sum.value, &totals.value);
}

Status ServerSums::CompareLines(
    const std::function<const LineSum*(StockKey key, LineSum* place)>& booked,
    const std::function<Status(StockKey key, const std::string& what)>& find) {
  auto cursor = view_->store()->LineSums({});
  if (cursor == nullptr) {
    return Status::Ok();
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto& [key, said] = cursor->value();
    LineSum place;
    const LineSum* known = booked(key, &place);
    const LineSum expected = InStore(key, known == nullptr ? LineSum() : *known);
    // Rows that are missing, or too many, are found by their places.
    if (tenants_.contains(key.tenant) && said.lines == expected.lines &&
        (said.quantity != expected.quantity || said.value != expected.value)) {
      TS_RETURN_IF_ERROR(find(key, "sum to " + Text(said) +
                                       " in the server's table of lines; its blocks say " +
                                       Text(expected)));
    }
  }
  return cursor->status();
}

void ServerSums::CompareTotals(
    const std::function<void(TenantId tenant, std::string what)>& find) const {
  for (const auto& [tenant, sums] : tenants_) {
    const TenantTotals& said = sums.said;
    const TenantTotals& booked = sums.booked;
    const std::string name = "tenant '" + view_->TenantName(tenant) + "'";
    if (said.balances != booked.balances || said.lines != booked.lines ||
        !Equal(said.on_hand, booked.on_hand) || !Equal(said.value, booked.value)) {
      find(tenant,
           "the server sums " + name + " to " + Text(said) + "; its blocks say " + Text(booked));
    }
    if (said.last_block > said.applied) {
      find(tenant, "the marker of " + name + " is at LSN " + std::to_string(said.applied) +
                       ", but its blocks go up to LSN " + std::to_string(said.last_block));
    }
  }
}

}  // namespace tallystone
