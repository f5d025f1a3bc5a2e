#include "inspect/preview.h"

#include "base/check.h"
#include "catalog/gtin.h"
#include "ingest/dead_letters.h"
#include "ingest/moved_half.h"
#include "model/line_check.h"
#include "tallystone/limits.h"

namespace tallystone {

Status Preview::Run(const IngestOptions& options, const Batch& batch,
                    std::vector<LineResult>* results) {
  PreviewedTenant* tenant = nullptr;
  TS_RETURN_IF_ERROR(Find(batch.tenant(), &tenant));
  uint64_t number = 0;
  for (const RawLine& raw : batch.lines().lines()) {
    LineResult result{++number};
    TS_RETURN_IF_ERROR(RunLine(options, raw, tenant, &result));
    results->push_back(result);
  }
  return Status::Ok();
}

Status Preview::RunLine(const IngestOptions& options, const RawLine& raw, PreviewedTenant* tenant,
                        LineResult* result) {
  const CheckedLine line = CheckLine(raw);
  result->outcome = line.outcome;
  if (line.outcome != Outcome::kAccepted) {
    return Status::Ok();
  }
  CatalogueChanges changes;
  Decision decision =
      tenant->catalogue.Map(line, {options.unknown_items, options.mapping},
                            items_ >= items_max_ ? 0 : items_max_ - items_, &changes);
  items_ += changes.items.size();
  if (decision.outcome == Outcome::kAccepted) {
    TS_RETURN_IF_ERROR(CheckBalance(line, tenant, &decision));
  }
  result->outcome = decision.outcome;
  if (decision.outcome == Outcome::kAccepted) {
    result->decided_by = decision.decided_by;
    result->item = decision.item;
  }
  result->match = std::move(decision.match);
  return Status::Ok();
}

Status Preview::Retry(const IngestOptions& options, const DeadLetterKey& key,
                      const TextLine* corrected, LineResult* result) {
  *result = {key.line};
  StoredDeadLetter letter;
  const LineRef ref{view_ == nullptr ? 0 : view_->FindTenant(key.tenant), key.batch, key.line};
  const Status read = ref.tenant == 0 ? Status::NotFound("there is no tenant '" + key.tenant + "'")
                                      : view_->GetDeadLetter(ref, &letter);
  if (read.IsNotFound()) {
    return Status::NotFound("there is no dead letter for line " + std::to_string(key.line) +
                            " of batch '" + key.batch + "' of tenant '" + key.tenant + "'");
  }
  TS_RETURN_IF_ERROR(read);
  MovedHalf half;
  TS_RETURN_IF_ERROR(FindMovedHalf(view_, ref, letter, &half));
  if (half.line != nullptr) {
    *result = {key.line, Outcome::kAccepted, DecidedBy::kMoved, half.line->item, nullptr};
    return corrected == nullptr ? Status::Ok() : HalfIsNotCorrected(ref);
  }
  PreviewedTenant* tenant = nullptr;
  TS_RETURN_IF_ERROR(Find(key.tenant, &tenant));
  BatchLines lines;
  if (corrected != nullptr) {
    lines.AddText(*corrected);
  }
  return RunLine(options, corrected != nullptr ? lines.lines().front() : LineOf(letter), tenant,
                 result);
}

namespace {

std::string_view ReasonOf(const MappingExplanation& explained) {
  switch (explained.result.decided_by) {
    case DecidedBy::kCode:
      return "the line has the code of this item; nothing else decides then";
    case DecidedBy::kVendorCode:
      return "this vendor's code was seen with this item before";
    case DecidedBy::kGtin:
      return "the item has this GTIN";
    case DecidedBy::kAlias:
      return "this name, in normal form, was seen with this item before, or a person said so";
    case DecidedBy::kSorted:
      return "the item has a name of the same words in another order, with what binds still bound";
    case DecidedBy::kFuzzy:
      return "the item has this name but for misspelled words, and no other item fits";
    case DecidedBy::kReview:
      return "no rule is sure; it would make a new item and ask about those that are like it";
    case DecidedBy::kCreated:
      return "nothing is known that it means; it would make a new item";
    case DecidedBy::kMoved:
    case DecidedBy::kNone:
      break;
  }
  return OutcomeText(explained.result.outcome);
}

}  // namespace

Status Preview::Explain(const std::string& name, const MappingQuery& query,
                        MappingExplanation* explanation) {
  *explanation = {};
  if (view_ == nullptr || view_->FindTenant(name) == 0) {
    return Status::NotFound("there is no tenant '" + name + "'");
  }
  PreviewedTenant* tenant = nullptr;
  TS_RETURN_IF_ERROR(Find(name, &tenant));
  TenantCatalogue& catalogue = tenant->catalogue;
  RawLine raw;
  raw.code = query.code;
  raw.description = query.description;
  raw.vendor = query.vendor;
  raw.vendor_code = query.vendor_code;
  raw.gtin = query.gtin;
  raw.quantity_text = "1";
  raw.unit_cost_text = "1";
  const CheckedLine line = CheckLine(raw);
  explanation->mode = query.mode == MappingMode::kOfTenant ? catalogue.mode() : query.mode;
  const uint64_t gtin = ParseGtin(line.gtin);
  if (gtin != 0) {
    constexpr size_t kDigits = 14;
    explanation->gtin = std::to_string(gtin);
    explanation->gtin.insert(0, kDigits - explanation->gtin.size(), '0');
  }
  explanation->result.line = 1;
  explanation->result.outcome = line.outcome;
  if (line.outcome == Outcome::kAccepted) {
    catalogue.Explain(line, explanation);
    CatalogueChanges changes;
    Decision decision =
        catalogue.Map(line, {UnknownItemPolicy::kCreate, explanation->mode}, UINT32_MAX, &changes);
    catalogue.Undo(changes);
    explanation->result = {1, decision.outcome, decision.decided_by, decision.item,
                           std::move(decision.match)};
  }
  explanation->reason = ReasonOf(*explanation);
  return Status::Ok();
}

// The rule of ChunkMaker::CheckBalance, over the view's balances.
Status Preview::CheckBalance(const CheckedLine& line, PreviewedTenant* tenant, Decision* decision) {
  const auto magnitude = [](Int128 value) { return value < 0 ? -value : value; };
  const Int128 product = Int128{line.quantity} * line.unit_cost;
  if (magnitude(product) <= Int128{1} << limits::kCheckedProductBits) {
    return Status::Ok();
  }
  auto [found, fresh] = tenant->values.try_emplace(decision->item, 0);
  if (fresh && tenant->id != 0) {
    BalanceSum balance;
    Status status = view_->GetBalance({tenant->id, decision->item}, &balance);
    if (!status.ok() && !status.IsNotFound()) {
      return status;
    }
    found->second = balance.value;
  }
  if (magnitude(found->second + product) > Int128{1} << limits::kBalanceBits) {
    decision->outcome = Outcome::kBalanceOverflow;
  } else {
    found->second += product;
  }
  return Status::Ok();
}

Status Preview::Find(const std::string& name, PreviewedTenant** tenant) {
  auto [found, fresh] = tenants_.try_emplace(name);
  if (fresh) {
    found->second = std::make_unique<PreviewedTenant>();
    found->second->id = view_ == nullptr ? 0 : view_->FindTenant(name);
    TS_RETURN_IF_ERROR(Load(found->second.get()));
  }
  *tenant = found->second.get();
  return Status::Ok();
}

Status Preview::Load(PreviewedTenant* tenant) {
  if (view_ == nullptr) {
    return Status::Ok();
  }
  auto items = view_->Items({counted_ ? tenant->id : 0, 0});
  for (items->SeekToFirst(); items->Valid(); items->Next()) {
    const auto& [key, item] = items->value();
    items_ += counted_ ? 0 : 1;
    if (key.tenant == tenant->id) {
      TS_RETURN_IF_ERROR(tenant->catalogue.LearnItem(key.item, item));
    } else if (counted_) {
      break;
    }
  }
  counted_ = true;
  TS_RETURN_IF_ERROR(items->status());
  auto aliases = view_->Aliases(tenant->id);
  for (aliases->SeekToFirst(); tenant->id != 0 && aliases->Valid(); aliases->Next()) {
    const auto& [key, text] = aliases->value();
    if (key.tenant == tenant->id) {
      TS_RETURN_IF_ERROR(tenant->catalogue.LearnAlias(key.item, text));
    }
  }
  TS_RETURN_IF_ERROR(aliases->status());
  auto records = view_->Records(tenant->id);
  for (records->SeekToFirst(); tenant->id != 0 && records->Valid(); records->Next()) {
    const auto& [ref, value] = records->value();
    if (ref.tenant == tenant->id) {
      tenant->catalogue.LearnRecord({ref.kind, ref.key, value});
    }
  }
  return records->status();
}

Status Preview::GetItem(const ItemKey& key, ItemInfo* item) {
  auto found = tenants_.find(key.tenant);
  if (found == tenants_.end()) {
    return Status::NotFound("there is no tenant '" + key.tenant + "'");
  }
  const TenantCatalogue& catalogue = found->second->catalogue;
  const ItemId number = key.code.empty() ? key.item : catalogue.FindByCode(key.code);
  StoredItem stored;
  if (!catalogue.Find(number, &stored)) {
    return Status::NotFound("tenant '" + key.tenant + "' has no such item");
  }
  *item = {key.tenant, number, stored.code, stored.description, stored.gtin, stored.unit};
  return Status::Ok();
}

}  // namespace tallystone
