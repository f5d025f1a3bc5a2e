// LedgerModel: the slow program that books line by line, in order, in std::map (law L3). It shares
// the check of a line and the normal form with the engine, which have tests of their own, and
// nothing else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "catalog/slow_catalogue.h"
#include "model/batch_lines.h"
#include "model/line_check.h"
#include "tallystone/batch.h"
#include "tallystone/limits.h"

namespace tallystone::testing {

struct ModelLine {
  Outcome outcome = Outcome::kAccepted;
  DecidedBy decided_by = DecidedBy::kNone;
  uint32_t item = 0;
  int64_t quantity = 0;
  int64_t unit_cost = 0;
  uint32_t attempts = 0;  // of a line that is not booked
  bool retried = false;
  bool dropped = false;
  [[nodiscard]] bool booked() const { return outcome == Outcome::kAccepted; }
};

struct ModelBalance {
  Int128 on_hand = 0;
  Int128 value = 0;
  uint64_t lines = 0;
};

struct ModelTenant {
  test::SlowCatalogue catalogue;
  std::map<uint32_t, ModelBalance> balances;
  std::map<std::string, std::vector<ModelLine>> batches;
};

class LedgerModel {
 public:
  explicit LedgerModel(uint64_t items_max) : items_max_(items_max) {}

  // Books `lines` as the next lines of a batch.
  void Book(const Batch& lines, UnknownItemPolicy policy) {
    ModelTenant& tenant = tenants[lines.tenant()];
    std::vector<ModelLine>& batch = tenant.batches[lines.id()];
    for (const RawLine& raw : lines.lines().lines()) {
      batch.push_back(BookLine(raw, policy, &tenant));
    }
  }
  // Would every line be booked? Changes nothing.
  [[nodiscard]] bool AllGood(const Batch& lines, UnknownItemPolicy policy) {
    const LedgerModel before = *this;
    Book(lines, policy);
    bool good = true;
    for (const ModelLine& line : tenants[lines.tenant()].batches[lines.id()]) {
      good = good && line.booked();
    }
    *this = before;
    return good;
  }
  void Retry(const std::string& tenant_name, const std::string& id, uint64_t number,
             const RawLine& raw, UnknownItemPolicy policy) {
    ModelTenant& tenant = tenants[tenant_name];
    ModelLine& line = tenant.batches[id][number - 1];
    const uint32_t attempts = line.attempts;
    line = BookLine(raw, policy, &tenant);
    line.retried = line.booked();
    line.attempts = line.booked() ? 0 : attempts + 1;
  }

  // The store took no line of this item: all that were booked are dead letters.
  void RejectByStore(const std::string& tenant_name, uint32_t item) {
    ModelTenant& tenant = tenants[tenant_name];
    tenant.balances.erase(item);
    for (auto& [id, lines] : tenant.batches) {
      for (ModelLine& line : lines) {
        if (line.booked() && line.item == item) {
          line.outcome = Outcome::kStoreRejected;
          line.attempts = 1;
        }
      }
    }
  }

  // The booked lines of an item, of one batch or ("") of all, go to another one, as batch `id`.
  // They must be of one batch, whose order is known.
  void Move(const std::string& tenant_name, const std::string& id, uint32_t from, uint32_t to,
            const std::string& only_batch) {
    ModelTenant& tenant = tenants[tenant_name];
    std::vector<ModelLine> moved;
    for (const auto& [batch, lines] : tenant.batches) {
      for (const ModelLine& line : lines) {
        if (line.booked() && line.item == from && (only_batch.empty() || batch == only_batch)) {
          for (const bool taken : {true, false}) {
            ModelLine& half = moved.emplace_back();
            half.decided_by = DecidedBy::kMoved;
            half.item = taken ? from : to;
            half.quantity = taken ? -line.quantity : line.quantity;
            half.unit_cost = line.unit_cost;
            ModelBalance& balance = tenant.balances[half.item];
            balance.on_hand += half.quantity;
            balance.value += Int128{half.quantity} * half.unit_cost;
            ++balance.lines;
          }
        }
      }
    }
    tenant.batches[id] = moved;
  }
  // A new item without a code; what is said of `form` from now on, if it is not empty.
  uint32_t AddItem(const std::string& tenant_name, const std::string& description,
                   const std::string& form) {
    test::SlowCatalogue& catalogue = tenants[tenant_name].catalogue;
    catalogue.items.push_back({"", "", description, ""});
    const auto item = static_cast<uint32_t>(catalogue.items.size());
    if (!form.empty()) {
      catalogue.said[form] = item;
    }
    return item;
  }

  std::map<std::string, ModelTenant> tenants;

 private:
  [[nodiscard]] uint64_t Items() const {
    uint64_t items = 0;
    for (const auto& [name, tenant] : tenants) {
      items += tenant.catalogue.items.size();
    }
    return items;
  }

  ModelLine BookLine(const RawLine& raw, UnknownItemPolicy policy, ModelTenant* tenant) {
    const CheckedLine checked = CheckLine(raw);
    ModelLine line;
    line.outcome = checked.outcome;
    if (checked.outcome == Outcome::kAccepted) {
      const Decision decision =
          tenant->catalogue.Map(checked, policy, items_max_ - std::min(items_max_, Items()));
      line.outcome = decision.outcome;
      line.decided_by = decision.decided_by;
      line.item = decision.item;
    }
    if (line.booked()) {
      const Int128 product = Int128{checked.quantity} * checked.unit_cost;
      const ModelBalance& balance = tenant->balances[line.item];
      if (Magnitude(product) > Int128{1} << limits::kCheckedProductBits &&
          Magnitude(balance.value + product) > Int128{1} << limits::kBalanceBits) {
        line.outcome = Outcome::kBalanceOverflow;
      }
    }
    if (!line.booked()) {
      line.decided_by = DecidedBy::kNone;
      line.item = 0;
      line.attempts = 1;
      return line;
    }
    line.quantity = checked.quantity;
    line.unit_cost = checked.unit_cost;
    ModelBalance& balance = tenant->balances[line.item];
    balance.on_hand += line.quantity;
    balance.value += Int128{line.quantity} * line.unit_cost;
    ++balance.lines;
    return line;
  }

  static Int128 Magnitude(Int128 value) { return value < 0 ? -value : value; }

  uint64_t items_max_;
};

}  // namespace tallystone::testing
