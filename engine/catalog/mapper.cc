#include <algorithm>
#include <array>

#include "base/check.h"
#include "catalog/gtin.h"
#include "catalog/normal_form.h"
#include "catalog/tenant_catalogue_impl.h"
#include "model/review_entry.h"
#include "tallystone/limits.h"

namespace tallystone {

using catalogue::HashCode;

namespace {

// A new item whose name is at least this like another one's asks for a review.
constexpr uint32_t kReviewScore = 300;

}  // namespace

// A text that is not its item's own description: becomes that if there is none, and an alias.
DescriptionKind TenantCatalogue::Impl::TakeVariant(ItemId number, std::string_view text,
                                                   CatalogueChanges* changes) {
  Item& item = items[number - 1];
  if (seen.SeenBefore(number, text)) {
    return DescriptionKind::kOwn;
  }
  const bool describe = item.description_bytes == 0;
  const bool learn = item.aliases < limits::kAliasesPerItemMax;
  if (!describe && !learn) {
    return DescriptionKind::kOwn;
  }
  NormaliseDescription(text, &form);
  if (form.empty()) {
    return DescriptionKind::kOwn;
  }
  if (describe) {
    SetDescription(&item, text);
    changes->descriptions.push_back({number, item.description()});
  }
  std::string_view kept;
  if (learn && AddAlias(number, form, &kept)) {
    changes->aliases.push_back({number, kept});
  }
  return describe ? DescriptionKind::kOfItem : DescriptionKind::kOwn;
}

Decision TenantCatalogue::Impl::Found(ItemId item, DecidedBy rule, std::string_view text,
                                      CatalogueChanges* changes) {
  Decision decision{Outcome::kAccepted, rule, item, DescriptionKind::kNone};
  if (!text.empty()) {
    decision.description_kind = text == items[item - 1].description()
                                    ? DescriptionKind::kOfItem
                                    : TakeVariant(item, text, changes);
  }
  return decision;
}

// Learns nothing: today's form of the text may be an alias of another item, which was kept apart.
Decision TenantCatalogue::Impl::FoundAsItIs(ItemId item, DecidedBy rule, std::string_view text) {
  return {Outcome::kAccepted, rule, item,
          text.empty()                            ? DescriptionKind::kNone
          : text == items[item - 1].description() ? DescriptionKind::kOfItem
                                                  : DescriptionKind::kOwn};
}

// What the vendor's lines of `item` are. If that is another item, its names stay the first one's:
// of other vendors they are not the other's.
Decision TenantCatalogue::Impl::FoundFor(const CheckedLine& line, ItemId item, DecidedBy rule,
                                         CatalogueChanges* changes) {
  const ItemId meant = Resolve(line.vendor, item);
  return meant == item ? Found(item, rule, line.description, changes)
                       : FoundAsItIs(meant, rule, line.description);
}

// `form` is the normal form of the line's description.
Decision TenantCatalogue::Impl::Create(const CheckedLine& line, UnknownItemPolicy policy,
                                       uint64_t room, CatalogueChanges* changes) {
  Decision decision;
  const bool identifiable = !line.code.empty() || ParseGtin(line.gtin) != 0 || !form.empty() ||
                            (!line.vendor.empty() && !line.vendor_code.empty());
  if (policy == UnknownItemPolicy::kReject || !identifiable) {
    decision.outcome = Outcome::kUnknownItem;
    return decision;
  }
  if (room == 0 || items.size() >= UINT32_MAX) {
    decision.outcome = Outcome::kCatalogueFull;
    return decision;
  }
  const std::string_view description = form.empty() ? std::string_view() : line.description;
  const ItemId number = AddItem(line.code, line.gtin, line.unit, description);
  const Item& item = items.back();
  changes->items.push_back({number, item.code(), item.gtin(), item.description(), item.unit()});
  std::string_view kept;
  if (!form.empty() && AddAlias(number, form, &kept)) {
    changes->aliases.push_back({number, kept});
  }
  decision.decided_by = DecidedBy::kCreated;
  decision.item = number;
  if (!line.description.empty()) {
    decision.description_kind =
        description.empty() ? DescriptionKind::kOwn : DescriptionKind::kOfItem;
  }
  return decision;
}

// What a person said that this vendor's lines of an item are.
ItemId TenantCatalogue::Impl::Resolve(std::string_view vendor, ItemId item) const {
  if (!records.HasAny(RecordKind::kMerged)) [[likely]] {
    return item;
  }
  // Accepting refuses circles. Should there be one, the answer is still always the same.
  constexpr int kStepsMax = 16;
  for (int steps = 0; steps < kStepsMax; ++steps) {
    ItemId next = records.FindItem(RecordKind::kMerged, VendorItemKey(vendor, item));
    if (next == 0 && !vendor.empty()) {
      next = records.FindItem(RecordKind::kMerged, VendorItemKey({}, item));
    }
    if (next == 0 || at(next) == nullptr) {
      break;
    }
    item = next;
  }
  return item;
}

// Two different GTINs are two products, whatever else the line says.
bool TenantCatalogue::Impl::Contradicts(uint64_t gtin, ItemId item) const {
  const uint64_t of_item = gtin == 0 ? 0 : ParseGtin(items[item - 1].gtin());
  return of_item != 0 && of_item != gtin;
}

// The misspelled name is remembered apart from the aliases: its words are none of the catalogue's,
// so they may be repaired again in other names.
Decision TenantCatalogue::Impl::FoundMisspelled(const CheckedLine& line, ItemId item,
                                                CatalogueChanges* changes) {
  records.Set(RecordKind::kAlias, VendorTextKey({}, form), ItemValue(item), changes);
  NoteSaid(changes->records.back().key, item);
  // What this vendor's lines of it are; of other vendors it may be another item.
  return FoundAsItIs(Resolve(line.vendor, item), DecidedBy::kFuzzy, line.description);
}

void TenantCatalogue::Impl::AskForReview(const CheckedLine& line, ItemId item, const Match& match,
                                         CatalogueChanges* changes) {
  ReviewEntry entry;
  entry.version = match.version;
  entry.text = line.description;
  entry.vendor = line.vendor;
  entry.candidates = match.candidates;
  std::string value;
  EncodeReviewEntry(entry, &value);
  records.Set(RecordKind::kReview, ItemKeyOf(item), value, changes);
}

// As this vendor calls them.
void TenantCatalogue::Impl::TidyCandidates(std::string_view vendor,
                                           std::vector<Candidate>* candidates) const {
  for (Candidate& candidate : *candidates) {
    candidate.item = Resolve(vendor, candidate.item);
  }
  std::vector<ItemId> seen_items;
  std::erase_if(*candidates, [&](const Candidate& candidate) {
    const bool twice =
        std::find(seen_items.begin(), seen_items.end(), candidate.item) != seen_items.end();
    seen_items.push_back(candidate.item);
    return twice;
  });
}

// What no exact rule mapped. `form` is the normal form of the line's description.
Decision TenantCatalogue::Impl::MapByWords(const CheckedLine& line, MapPolicy policy, uint64_t room,
                                           CatalogueChanges* changes) {
  MatchIndex& index = Words(!changes->aliases.empty());
  Candidate meant;
  if (policy.mode == MappingMode::kAuto) {
    meant = index.FindMisspelled(form, Names());
  }
  const ItemId item = meant.item == 0 ? 0 : Resolve(line.vendor, meant.item);
  const bool found = item != 0 && !Contradicts(ParseGtin(line.gtin), item);
  // What is booked needs no more than a runner-up.
  constexpr size_t kFew = 4;
  auto match = std::make_shared<Match>();
  match->version = MatchVersion();
  index.FindCandidates(form, found ? kFew : limits::kCandidatesMax, &match->candidates);
  TidyCandidates(line.vendor, &match->candidates);
  Decision decision;
  if (found) {
    match->score = meant.score;
    decision = FoundMisspelled(line, meant.item, changes);
  } else {
    decision = Create(line, policy.unknown, room, changes);
    const bool like = !match->candidates.empty() && match->candidates.front().score >= kReviewScore;
    if (decision.outcome == Outcome::kAccepted && like) {
      decision.decided_by = DecidedBy::kReview;
      AskForReview(line, decision.item, *match, changes);
    }
  }
  decision.match = std::move(match);
  return decision;
}

// A line without a code of its own.
Decision TenantCatalogue::Impl::MapByRules(const CheckedLine& line, MapPolicy policy, uint64_t room,
                                           CatalogueChanges* changes) {
  Decision ambiguous;
  ambiguous.outcome = Outcome::kAmbiguousItem;
  const uint64_t gtin = ParseGtin(line.gtin);
  if (gtin != 0) {
    const auto found = gtins.find(gtin);
    if (found != gtins.end()) {
      return found->second.count > 1
                 ? ambiguous
                 : FoundFor(line, found->second.first, DecidedBy::kGtin, changes);
    }
  }
  if (!old_aliases.empty()) {
    NormaliseVersion1(line.description, &form);
    const auto found = old_aliases.find(form);
    if (found != old_aliases.end()) {
      return found->second.count > 1 ? ambiguous
                                     : FoundAsItIs(Resolve(line.vendor, found->second.first),
                                                   DecidedBy::kAlias, line.description);
    }
  }
  if (const ItemId named = FindByWholeName(line.description);
      named != 0 && !Contradicts(gtin, Resolve(line.vendor, named))) {
    return FoundFor(line, named, DecidedBy::kAlias, changes);
  }
  NormaliseDescription(line.description, &form);
  if (form.empty()) {
    return Create(line, policy.unknown, room, changes);
  }
  const ItemId said = FindSaid(line.vendor);
  if (said != 0 && !Contradicts(gtin, said)) {
    return FoundAsItIs(said, DecidedBy::kAlias, line.description);
  }
  const auto found = aliases.find(form);
  if (found != aliases.end()) {
    if (found->second.count > 1) {
      // A GTIN that no item has is none of theirs.
      return gtin == 0 ? ambiguous : Create(line, policy.unknown, room, changes);
    }
    const ItemId item = Resolve(line.vendor, found->second.first);
    return Contradicts(gtin, item)
               ? Create(line, policy.unknown, room, changes)
               : FoundFor(line, found->second.first, DecidedBy::kAlias, changes);
  }
  const ItemId sorted = Names().Find(form);
  if (sorted != 0 && !Contradicts(gtin, Resolve(line.vendor, sorted))) {
    return FoundFor(line, sorted, DecidedBy::kSorted, changes);
  }
  return policy.mode == MappingMode::kExact ? Create(line, policy.unknown, room, changes)
                                            : MapByWords(line, policy, room, changes);
}

// The item whose description is `text`, letter for letter, if its normal form is surely its alias
// and nobody else's: spares making the form, and looking it up. 0 = none, or not sure.
ItemId TenantCatalogue::Impl::FindByWholeName(std::string_view text) const {
  if (text.empty() || !old_aliases.empty()) {
    return 0;
  }
  const ItemId item = descriptions.Find(
      HashCode(text), [&](ItemId number) { return items[number - 1].description() == text; });
  return item == 0 || items[item - 1].name_is_shared != 0 || items[item - 1].aliases == 0 ? 0
                                                                                          : item;
}

// The item that a person, or the fuzzy rule, said `form` is, of this vendor or of any; 0 = none.
ItemId TenantCatalogue::Impl::FindSaid(std::string_view vendor) const {
  if (!records.HasAny(RecordKind::kAlias)) [[likely]] {
    return 0;
  }
  ItemId item = records.FindItem(RecordKind::kAlias, VendorTextKey(vendor, form));
  if (item == 0 && !vendor.empty()) {
    item = records.FindItem(RecordKind::kAlias, VendorTextKey({}, form));
  }
  return item == 0 || at(item) == nullptr ? 0 : Resolve(vendor, item);
}

// The item with the vendor's own code; 0 = none.
ItemId TenantCatalogue::Impl::FindVendorCode(const CheckedLine& line) const {
  if (line.vendor.empty() || !records.HasAny(RecordKind::kVendorCode)) {
    return 0;
  }
  const ItemId item =
      records.FindItem(RecordKind::kVendorCode, VendorTextKey(line.vendor, line.vendor_code));
  return at(item) == nullptr ? 0 : item;
}

void TenantCatalogue::FindByCodes(std::span<const std::string_view> codes,
                                  std::span<ItemId> found) const {
  constexpr size_t kTogether = 64;
  const Impl& impl = *impl_;
  std::array<uint32_t, kTogether> hashes;
  for (size_t begin = 0; begin < codes.size(); begin += kTogether) {
    const auto some = codes.subspan(begin, std::min(kTogether, codes.size() - begin));
    const auto answers = found.subspan(begin, some.size());
    // Each step asks for the memory that the next one reads.
    for (size_t index = 0; index < some.size(); ++index) {
      hashes[index] = HashCode(some[index]);
      impl.codes.Prefetch(hashes[index]);
    }
    for (size_t index = 0; index < some.size(); ++index) {
      answers[index] = impl.codes.Find(hashes[index], [](ItemId) { return true; });
      if (answers[index] != 0) {
        __builtin_prefetch(&impl.items[answers[index] - 1]);
      }
    }
    for (const ItemId item : answers) {
      if (item != 0) {
        __builtin_prefetch(impl.items[item - 1].texts);
      }
    }
    for (size_t index = 0; index < some.size(); ++index) {
      const bool same = answers[index] != 0 && impl.items[answers[index] - 1].code() == some[index];
      if (some[index].empty()) {
        answers[index] = 0;
      } else if (answers[index] != 0 && !same) [[unlikely]] {
        answers[index] = impl.FindCode(some[index], hashes[index]);
      }
    }
  }
}

Decision TenantCatalogue::Map(const CheckedLine& line, MapPolicy policy, uint64_t room,
                              CatalogueChanges* changes, ItemId with_code) {
  Impl& impl = *impl_;
  if (changes->empty()) {
    impl.unchanged = impl.arena.mark();
    impl.words_are_mixed = false;
  }
  if (policy.mode == MappingMode::kOfTenant) {
    policy.mode = impl.mode;
  }
  const bool vendor_code = !line.vendor_code.empty() && !line.vendor.empty();
  Decision decision;
  if (!line.code.empty()) {
    const ItemId found = with_code != 0 ? with_code : impl.FindCode(line.code, HashCode(line.code));
    if (found != 0) [[likely]] {
      decision = impl.Found(found, DecidedBy::kCode, line.description, changes);
    } else {
      NormaliseDescription(line.description, &impl.form);
      decision = impl.Create(line, policy.unknown, room, changes);
    }
  } else if (const ItemId found = vendor_code ? impl.FindVendorCode(line) : 0; found != 0) {
    return impl.FoundFor(line, found, DecidedBy::kVendorCode, changes);
  } else {
    decision = impl.MapByRules(line, policy, room, changes);
  }
  if (vendor_code && decision.outcome == Outcome::kAccepted) [[unlikely]] {
    const std::string key = VendorTextKey(line.vendor, line.vendor_code);
    if (impl.records.Find(RecordKind::kVendorCode, key).empty()) {  // the first that had it counts
      impl.records.Set(RecordKind::kVendorCode, key, ItemValue(decision.item), changes);
    }
  }
  return decision;
}

}  // namespace tallystone
