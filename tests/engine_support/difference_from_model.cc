#include "engine_support/difference_from_model.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <tuple>
#include <utility>

#include "model/decimal_text.h"

namespace tallystone::testing {
namespace {

using LineName = std::tuple<std::string, std::string, uint64_t>;

std::string Name(const LineName& line) {
  return std::get<0>(line) + ", batch '" + std::get<1>(line) + "', line " +
         std::to_string(std::get<2>(line));
}

// Collects the first difference only.
class Comparison {
 public:
  Comparison(Engine* engine, const LedgerModel& model) : engine_(engine), model_(model) {}

  std::string Run() {
    CompareBalances();
    CompareTransactions();
    CompareDeadLetters();
    CompareBatches();
    return difference_;
  }

 private:
  template <typename Value>
  void Expect(const std::string& what, const Value& found, const Value& expected) {
    if (difference_.empty() && found != expected) {
      std::ostringstream text;
      text << what << ": found " << found << ", expected " << expected;
      difference_ = text.str();
    }
  }
  bool Ok(const char* what, const Status& status) {
    Expect<std::string>(what, status.ToString(), Status::Ok().ToString());
    return status.ok();
  }

  // Calls `see` for every record, and says whether all could be read.
  template <typename Record, typename See>
  bool Scan(const char* what,
            Status (Engine::*make)(const Filter&, std::unique_ptr<Cursor<Record>>*),
            const See& see) {
    std::unique_ptr<Cursor<Record>> cursor;
    if (!Ok(what, (engine_->*make)({}, &cursor))) {
      return false;
    }
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      see(cursor->value());
    }
    return Ok(what, cursor->status());
  }

  void CompareBalances() {
    std::map<std::pair<std::string, uint32_t>, Balance> found;
    Scan<Balance>("balances", &Engine::NewBalanceCursor, [&](const Balance& balance) {
      found[{balance.item.tenant, balance.item.item}] = balance;
    });
    size_t expected = 0;
    for (const auto& [name, tenant] : model_.tenants) {
      for (const auto& [item, balance] : tenant.balances) {
        if (balance.lines == 0) {
          continue;
        }
        ++expected;
        const std::string what = "balance of " + name + ", item " + std::to_string(item);
        Balance point;
        Ok(what.c_str(), engine_->GetBalance({name, "", item}, &point));
        const Balance& scanned = found[{name, item}];
        for (const Balance& one : {point, scanned}) {
          Expect(what + ", on hand", one.on_hand.ToString(), FormatScaled(balance.on_hand, 6));
          Expect(what + ", value", one.value.ToString(), FormatScaled(balance.value, 12));
          Expect(what + ", lines", one.lines, balance.lines);
          Expect(what + ", code", one.item.code, tenant.catalogue.items[item - 1].code);
          Expect(what + ", description", one.item.description,
                 tenant.catalogue.items[item - 1].description);
        }
        Expect(what + ", last time", point.last_time, scanned.last_time);
        Expect(what + ", last LSN", point.last_lsn, scanned.last_lsn);
      }
    }
    Expect("number of balances", found.size(), expected);
  }

  // Calls `see` with every line of the model.
  template <typename See>
  void ForEachLine(const See& see) {
    for (const auto& [name, tenant] : model_.tenants) {
      for (const auto& [id, lines] : tenant.batches) {
        for (size_t line = 0; line < lines.size(); ++line) {
          see(LineName(name, id, line + 1), lines[line]);
        }
      }
    }
  }

  void CompareTransactions() {
    std::map<LineName, Transaction> found;
    size_t count = 0;
    Scan<Transaction>("transactions", &Engine::NewTransactionCursor, [&](const Transaction& one) {
      ++count;
      found[{one.tenant, one.batch, one.line}] = one;
    });
    Expect("transactions, none twice", count, found.size());
    size_t expected = 0;
    ForEachLine([&](const LineName& name, const ModelLine& line) {
      if (!line.booked()) {
        return;
      }
      ++expected;
      const auto one = found.find(name);
      Expect(Name(name) + " is booked", one != found.end(), true);
      if (one != found.end()) {
        Expect(Name(name) + ", item", one->second.item, line.item);
        Expect(Name(name) + ", quantity", one->second.quantity.units(), line.quantity);
        Expect(Name(name) + ", unit cost", one->second.unit_cost.units(), line.unit_cost);
      }
    });
    Expect("number of transactions", count, expected);
  }

  void CompareDeadLetters() {
    std::map<LineName, DeadLetter> found;
    Scan<DeadLetter>("dead letters", &Engine::NewDeadLetterCursor, [&](const DeadLetter& letter) {
      found[{letter.key.tenant, letter.key.batch, letter.key.line}] = letter;
    });
    size_t expected = 0;
    ForEachLine([&](const LineName& name, const ModelLine& line) {
      if (line.booked() || line.dropped) {
        return;
      }
      ++expected;
      const auto one = found.find(name);
      Expect(Name(name) + " is a dead letter", one != found.end(), true);
      if (one != found.end()) {
        Expect<std::string_view>(Name(name) + ", cause", OutcomeName(one->second.cause),
                                 OutcomeName(line.outcome));
        Expect(Name(name) + ", attempts", one->second.attempts, line.attempts);
      }
    });
    Expect("number of dead letters", found.size(), expected);
  }

  void CompareBatches() {
    Scan<BatchInfo>("batches", &Engine::NewBatchCursor, [&](const BatchInfo& info) {
      const std::string what = info.tenant + ", batch '" + info.batch + "'";
      const auto tenant = model_.tenants.find(info.tenant);
      const bool known =
          tenant != model_.tenants.end() && tenant->second.batches.contains(info.batch);
      Expect(what + " was sent", known, true);
      if (!known) {
        return;
      }
      const auto& lines = tenant->second.batches.at(info.batch);
      const auto booked = std::count_if(lines.begin(), lines.end(),
                                        [](const ModelLine& line) { return line.booked(); });
      Expect(what + ", lines", info.lines, uint64_t{lines.size()});
      Expect(what + ", processed", info.items_processed, static_cast<uint64_t>(booked));
      Expect(what + ", processed + failed", info.items_processed + info.items_failed, info.lines);
    });
  }

  Engine* const engine_;
  const LedgerModel& model_;
  std::string difference_;
};

}  // namespace

std::string DifferenceFromModel(Engine* engine, const LedgerModel& model) {
  return Comparison(engine, model).Run();
}

}  // namespace tallystone::testing
