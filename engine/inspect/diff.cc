#include "tallystone/diff.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "inspect/diff_batch.h"
#include "inspect/diff_records.h"
#include "inspect/diff_side.h"
#include "tallystone/decimal.h"

namespace tallystone {
namespace diff {
namespace {

constexpr uint64_t kProgressLines = 100'000;
// Records that are held at once to be listed.
constexpr size_t kRecordsMax = 20'000;

// The two numbers of a tenant that both have.
struct TenantPair {
  std::string name;
  TenantId left = 0;
  TenantId right = 0;
};

std::string QuantityText(Int128 units) {
  return QuantitySum{units}.ToString();
}

DifferenceSide SideOf(bool has_left, bool has_right) {
  return has_left && has_right ? DifferenceSide::kBoth
         : has_left            ? DifferenceSide::kOnlyLeft
                               : DifferenceSide::kOnlyRight;
}

// One run of a diff.
class Comparison {
 public:
  Comparison(DiffSide* left, DiffSide* right, const ProgressFunction& progress,
             const StopFunction& stop, const Differ::FoundFunction& found, DiffReport* report)
      : left_(left),
        right_(right),
        progress_(progress),
        stop_(stop),
        found_(found),
        report_(report) {}

  Status Run() {
    Status status = Compare();
    // The way out of all loops when nobody wants more.
    if (ended_ && status.Is(StatusCode::kInterrupted)) {
      report_->complete = false;
      status = Status::Ok();
    }
    return status;
  }

 private:
  Status Compare() {
    TS_RETURN_IF_ERROR(left_->LoadItems());
    TS_RETURN_IF_ERROR(right_->LoadItems());
    uint64_t lines = 0, reported = 0;
    const DiffSide::Step step = [&](uint64_t more) {
      lines += more;
      if (lines - reported < kProgressLines) {
        return Status::Ok();
      }
      reported = lines;
      if (progress_) {
        progress_(lines, 0);
      }
      return Going();
    };
    TS_RETURN_IF_ERROR(left_->SumLines(step));
    TS_RETURN_IF_ERROR(right_->SumLines(step));
    report_->left_lines = left_->lines();
    report_->right_lines = right_->lines();
    TS_RETURN_IF_ERROR(Tenants());
    for (const TenantPair& tenant : tenants_) {
      TS_RETURN_IF_ERROR(Going());
      TS_RETURN_IF_ERROR(Items(tenant));
      TS_RETURN_IF_ERROR(Batches(tenant));
      TS_RETURN_IF_ERROR(DeadLetters(tenant));
    }
    return Records();
  }

  [[nodiscard]] Status Going() const {
    return stop_ && stop_() ? Status::Interrupted("the comparison was interrupted") : Status::Ok();
  }

  Status Found(Difference difference) {
    report_->equal = false;
    ++report_->differences;
    ++report_->by_kind[static_cast<int>(difference.kind)];
    ended_ = !found_(difference);
    return ended_ ? Status::Interrupted("enough") : Going();
  }

  // A field of something; nothing where it is the same on both sides.
  Status FoundField(Difference what, const char* field, std::string left, std::string right) {
    if (left == right) {
      return Status::Ok();
    }
    what.field = field;
    what.left = std::move(left);
    what.right = std::move(right);
    return Found(std::move(what));
  }

  Status Tenants() {
    std::map<std::string, TenantPair> all;
    for (const auto& [id, name] : left_->view()->tenant_names()) {
      all[name].left = id;
    }
    for (const auto& [id, name] : right_->view()->tenant_names()) {
      all[name].right = id;
    }
    for (const auto& [name, pair] : all) {
      if (pair.left != 0 && pair.right != 0) {
        tenants_.push_back({name, pair.left, pair.right});
        continue;
      }
      TS_RETURN_IF_ERROR(Found({.kind = DifferenceKind::kTenant,
                                .side = SideOf(pair.left != 0, pair.right != 0),
                                .tenant = name}));
    }
    return Status::Ok();
  }

  // --- items and balances ---

  struct ItemState {
    StoredItem item;
    BalanceSum balance;
    bool has_balance = false;
  };
  static Status ReadItem(DiffSide* side, StockKey key, ItemState* state) {
    *state = {};
    if (key.item == 0) {
      return Status::Ok();
    }
    TS_RETURN_IF_ERROR(side->view()->GetItem(key, &state->item));
    const Status status = side->view()->GetBalance(key, &state->balance);
    state->has_balance = status.ok();
    return status.IsNotFound() ? Status::Ok() : status;
  }

  Status Items(const TenantPair& tenant) {
    std::vector<HashedEntry> left, right;
    TS_RETURN_IF_ERROR(left_->HashItems(tenant.left, &left));
    TS_RETURN_IF_ERROR(right_->HashItems(tenant.right, &right));
    for (const auto& [left_item, right_item] : PairUp(std::move(left), std::move(right))) {
      ItemState a, b;
      TS_RETURN_IF_ERROR(ReadItem(left_, {tenant.left, left_item}, &a));
      TS_RETURN_IF_ERROR(ReadItem(right_, {tenant.right, right_item}, &b));
      TS_RETURN_IF_ERROR(Item(tenant, SideOf(left_item != 0, right_item != 0), a, b));
    }
    return Status::Ok();
  }

  Status Item(const TenantPair& tenant, DifferenceSide side, const ItemState& a,
              const ItemState& b) {
    const StoredItem& named = side == DifferenceSide::kOnlyRight ? b.item : a.item;
    Difference what{.kind = DifferenceKind::kItem, .side = side, .tenant = tenant.name};
    what.name = named.code.empty() ? named.description : named.code;
    if (side != DifferenceSide::kBoth && named.description.empty()) {
      TS_RETURN_IF_ERROR(FoundField(what, "code", a.item.code, b.item.code));
    }
    TS_RETURN_IF_ERROR(FoundField(what, "description", a.item.description, b.item.description));
    TS_RETURN_IF_ERROR(FoundField(what, "gtin", a.item.gtin, b.item.gtin));
    TS_RETURN_IF_ERROR(FoundField(what, "unit", a.item.unit, b.item.unit));
    if (!a.has_balance && !b.has_balance) {
      return Status::Ok();
    }
    what.kind = DifferenceKind::kBalance;
    what.side = SideOf(a.has_balance, b.has_balance);
    const auto text = [](const ItemState& state, std::string value) {
      return state.has_balance ? std::move(value) : std::string();
    };
    TS_RETURN_IF_ERROR(FoundField(what, "on_hand", text(a, QuantityText(a.balance.on_hand)),
                                  text(b, QuantityText(b.balance.on_hand))));
    TS_RETURN_IF_ERROR(FoundField(what, "value", text(a, ValueSum{a.balance.value}.ToString()),
                                  text(b, ValueSum{b.balance.value}.ToString())));
    return FoundField(what, "lines", text(a, std::to_string(a.balance.lines)),
                      text(b, std::to_string(b.balance.lines)));
  }

  // --- batches and their lines ---

  // Walks two cursors side by side. key(value) orders both; visit(left, right): null where one has
  // nothing of that key.
  template <typename Value, typename OfTenant, typename Key, typename Visit>
  static Status Merge(Cursor<Value>* left, Cursor<Value>* right, const OfTenant& left_valid,
                      const OfTenant& right_valid, const Key& key, const Visit& visit) {
    left->SeekToFirst();
    right->SeekToFirst();
    for (;;) {
      const bool has_left = left_valid(left);
      const bool has_right = right_valid(right);
      if (!has_left && !has_right) {
        break;
      }
      const bool take_left = has_left && (!has_right || key(left->value()) <= key(right->value()));
      const bool take_right = has_right && (!has_left || key(right->value()) <= key(left->value()));
      TS_RETURN_IF_ERROR(
          visit(take_left ? &left->value() : nullptr, take_right ? &right->value() : nullptr));
      if (take_left) {
        left->Next();
      }
      if (take_right) {
        right->Next();
      }
    }
    TS_RETURN_IF_ERROR(left->status());
    return right->status();
  }
  template <typename Value>
  static std::function<bool(Cursor<Value>*)> OfTenant(TenantId tenant) {
    return [tenant](Cursor<Value>* cursor) {
      return cursor->Valid() && cursor->value().first.tenant == tenant;
    };
  }

  Status Batches(const TenantPair& tenant) {
    using Entry = std::pair<BatchRef, BatchSum>;
    const auto left = left_->view()->Batches({tenant.left, ""});
    const auto right = right_->view()->Batches({tenant.right, ""});
    return Merge<Entry>(
        left.get(), right.get(), OfTenant<Entry>(tenant.left), OfTenant<Entry>(tenant.right),
        [](const Entry& entry) -> const std::string& { return entry.first.batch; },
        [&](const Entry* a, const Entry* b) { return Batch(tenant, a, b); });
  }

  Status Batch(const TenantPair& tenant, const std::pair<BatchRef, BatchSum>* a,
               const std::pair<BatchRef, BatchSum>* b) {
    const std::string& id = a != nullptr ? a->first.batch : b->first.batch;
    Difference what{.kind = DifferenceKind::kBatch,
                    .side = SideOf(a != nullptr, b != nullptr),
                    .tenant = tenant.name,
                    .batch = id};
    const auto count = [](const std::pair<BatchRef, BatchSum>* entry, uint64_t number) {
      return entry == nullptr ? std::string() : std::to_string(number);
    };
    static const BatchSum kNone;
    const BatchSum& left = a != nullptr ? a->second : kNone;
    const BatchSum& right = b != nullptr ? b->second : kNone;
    const uint64_t before = report_->differences;
    TS_RETURN_IF_ERROR(FoundField(what, "lines", count(a, left.lines), count(b, right.lines)));
    TS_RETURN_IF_ERROR(
        FoundField(what, "items_processed", count(a, left.booked()), count(b, right.booked())));
    TS_RETURN_IF_ERROR(FoundField(what, "items_failed", count(a, left.not_booked()),
                                  count(b, right.not_booked())));
    TS_RETURN_IF_ERROR(
        FoundField(what, "dropped", count(a, left.dropped), count(b, right.dropped)));
    const auto finished = [](const std::pair<BatchRef, BatchSum>* entry) {
      return entry == nullptr ? "" : entry->second.finished ? "true" : "false";
    };
    TS_RETURN_IF_ERROR(FoundField(what, "finished", finished(a), finished(b)));
    const bool counts_differ = report_->differences > before;
    // Of a line that was dropped no letter is left to be compared, so nothing else would show what
    // it was when it was given up.
    const bool dropped_otherwise =
        left.dropped > 0 && (left.tried_again > 0 || right.tried_again > 0);
    if (a == nullptr || b == nullptr ||
        (!counts_differ && !dropped_otherwise && left.digest == right.digest &&
         !left_->MayDiffer(*right_, tenant.name, id))) {
      return Status::Ok();
    }
    const uint64_t before_lines = report_->differences;
    what.kind = DifferenceKind::kLine;
    TS_RETURN_IF_ERROR(CompareLines(left_, a->first, left, right_, b->first, right,
                                    [&](uint64_t line, DifferenceSide side, const char* field,
                                        std::string of_left, std::string of_right) {
                                      what.line = line;
                                      what.side = side;
                                      return FoundField(what, field, std::move(of_left),
                                                        std::move(of_right));
                                    }));
    if (left.digest == right.digest || report_->differences > before_lines) {
      return Status::Ok();
    }
    // Lines that were sent otherwise and are the same now: one was tried again with other words.
    what.kind = DifferenceKind::kBatch;
    what.side = DifferenceSide::kBoth;
    what.line = 0;
    return FoundField(what, "content", "as sent", "sent otherwise");
  }

  // --- dead letters ---

  Status DeadLetters(const TenantPair& tenant) {
    using Entry = std::pair<LineRef, StoredDeadLetter>;
    const auto left = left_->view()->DeadLetters({tenant.left, "", 0});
    const auto right = right_->view()->DeadLetters({tenant.right, "", 0});
    return Merge<Entry>(
        left.get(), right.get(), OfTenant<Entry>(tenant.left), OfTenant<Entry>(tenant.right),
        [](const Entry& entry) { return std::pair(entry.first.batch, entry.first.line); },
        [&](const Entry* a, const Entry* b) { return DeadLetter(tenant, a, b); });
  }

  Status DeadLetter(const TenantPair& tenant, const std::pair<LineRef, StoredDeadLetter>* a,
                    const std::pair<LineRef, StoredDeadLetter>* b) {
    static const StoredDeadLetter kNone;
    const LineRef& ref = a != nullptr ? a->first : b->first;
    const StoredDeadLetter& left = a != nullptr ? a->second : kNone;
    const StoredDeadLetter& right = b != nullptr ? b->second : kNone;
    const Difference what{.kind = DifferenceKind::kDeadLetter,
                          .side = SideOf(a != nullptr, b != nullptr),
                          .tenant = tenant.name,
                          .batch = ref.batch,
                          .line = ref.line};
    const auto cause = [](const auto* entry) {
      return entry == nullptr ? std::string() : std::string(OutcomeName(entry->second.cause));
    };
    TS_RETURN_IF_ERROR(FoundField(what, "cause", cause(a), cause(b)));
    TS_RETURN_IF_ERROR(
        FoundField(what, "quantity", NumberOf(left.quantity), NumberOf(right.quantity)));
    TS_RETURN_IF_ERROR(
        FoundField(what, "unit_cost", NumberOf(left.unit_cost), NumberOf(right.unit_cost)));
    struct Field {
      const char* name;
      std::string StoredDeadLetter::*text;
    };
    static constexpr Field kFields[] = {
        {"code", &StoredDeadLetter::code},         {"description", &StoredDeadLetter::description},
        {"vendor", &StoredDeadLetter::vendor},     {"vendor_code", &StoredDeadLetter::vendor_code},
        {"gtin", &StoredDeadLetter::gtin},         {"unit", &StoredDeadLetter::unit},
        {"document", &StoredDeadLetter::document}, {"time", &StoredDeadLetter::time},
        {"line_id", &StoredDeadLetter::line_id},   {"raw", &StoredDeadLetter::raw}};
    for (const Field& field : kFields) {
      TS_RETURN_IF_ERROR(FoundField(what, field.name, left.*field.text, right.*field.text));
    }
    return Status::Ok();
  }

  // --- reviews, settings, learned names ---

  Status Records() {
    std::vector<TenantId> left_ids, right_ids;
    for (const TenantPair& tenant : tenants_) {
      left_ids.push_back(tenant.left);
      right_ids.push_back(tenant.right);
    }
    std::sort(left_ids.begin(), left_ids.end());
    std::sort(right_ids.begin(), right_ids.end());
    std::vector<HashedEntry> left, right;
    TS_RETURN_IF_ERROR(HashRecords(left_, left_ids, &left));
    TS_RETURN_IF_ERROR(HashRecords(right_, right_ids, &right));
    const auto pairs = PairUp(std::move(left), std::move(right));
    for (size_t begin = 0; begin < pairs.size(); begin += kRecordsMax) {
      TS_RETURN_IF_ERROR(RecordPairs(
          std::span(pairs).subspan(begin, std::min(kRecordsMax, pairs.size() - begin))));
    }
    return Status::Ok();
  }

  Status RecordPairs(std::span<const std::pair<uint32_t, uint32_t>> pairs) {
    std::vector<uint32_t> left_places, right_places;
    for (const auto& pair : pairs) {
      if (pair.first != 0) {
        left_places.push_back(pair.first);
      }
      if (pair.second != 0) {
        right_places.push_back(pair.second);
      }
    }
    std::sort(left_places.begin(), left_places.end());
    std::sort(right_places.begin(), right_places.end());
    std::map<uint32_t, std::pair<TenantId, NamedRecord>> left, right;
    TS_RETURN_IF_ERROR(ReadRecords(left_, left_places, &left));
    TS_RETURN_IF_ERROR(ReadRecords(right_, right_places, &right));
    for (const auto& pair : pairs) {
      const bool has_left = pair.first != 0;
      const auto& [tenant, named] = has_left ? left[pair.first] : right[pair.second];
      Difference what{.kind = named.kind, .side = SideOf(has_left, pair.second != 0)};
      what.tenant = (has_left ? left_ : right_)->view()->TenantName(tenant);
      what.name = named.name;
      for (size_t field = 0; field < named.fields.size(); ++field) {
        TS_RETURN_IF_ERROR(FoundField(
            what, named.fields[field].first,
            has_left ? left[pair.first].second.fields[field].second : std::string(),
            pair.second != 0 ? right[pair.second].second.fields[field].second : std::string()));
      }
    }
    return Status::Ok();
  }

  DiffSide* const left_;
  DiffSide* const right_;
  const ProgressFunction& progress_;
  const StopFunction& stop_;
  const Differ::FoundFunction& found_;
  DiffReport* const report_;
  std::vector<TenantPair> tenants_;  // that both have, by name
  bool ended_ = false;
};

class DifferImpl final : public Differ {
 public:
  Status Open(const Options& options, const std::string& left, const std::string& right) {
    TS_RETURN_IF_ERROR(left_.Open(options, left));
    return right_.Open(options, right);
  }
  [[nodiscard]] uint64_t left_lsn() const override { return left_.view()->as_of(); }
  [[nodiscard]] uint64_t right_lsn() const override { return right_.view()->as_of(); }
  Status Run(const ProgressFunction& progress, const StopFunction& stop, const FoundFunction& found,
             DiffReport* report) override {
    *report = {};
    return Comparison(&left_, &right_, progress, stop, found, report).Run();
  }

 private:
  DiffSide left_, right_;
};

}  // namespace
}  // namespace diff

std::string_view DifferenceKindName(DifferenceKind kind) {
  static constexpr std::string_view kNames[kDifferenceKindCount] = {
      "tenant", "item", "balance", "batch", "line", "dead_letter", "review", "setting", "learned"};
  return kNames[static_cast<int>(kind)];
}

std::string_view DifferenceSideName(DifferenceSide side) {
  static constexpr std::string_view kNames[] = {"changed", "only_a", "only_b"};
  return kNames[static_cast<int>(side)];
}

Status Differ::Open(const Options& options, const std::string& left, const std::string& right,
                    std::unique_ptr<Differ>* differ) {
  differ->reset();
  auto made = std::make_unique<diff::DifferImpl>();
  TS_RETURN_IF_ERROR(made->Open(options, left, right));
  *differ = std::move(made);
  return Status::Ok();
}

}  // namespace tallystone
