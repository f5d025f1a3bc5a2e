#include "catalog/tenant_catalogue.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash_index.h"
#include "catalog/arrangement.h"
#include "catalog/gtin.h"
#include "catalog/match_index.h"
#include "catalog/normal_form.h"
#include "catalog/protected_words.h"
#include "catalog/record_table.h"
#include "catalog/sorted_names.h"
#include "catalog/text_arena.h"
#include "model/review_entry.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

uint64_t HashText(std::string_view text, uint64_t seed = 0) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

uint32_t HashCode(std::string_view code) {
  return static_cast<uint32_t>(HashText(code));
}

struct TextHash {
  using is_avalanching = void;
  size_t operator()(std::string_view text) const { return HashText(text); }
};

// An item in 32 bytes, so that a million of them stay near the caches. Code, GTIN and unit stand in
// this order in one piece, the description that came with them behind them: a line that repeats its
// item touches the item and, mostly, one more cache line.
struct Item {
  const char* texts = nullptr;
  const char* description_text = nullptr;
  uint16_t code_bytes = 0;
  uint16_t gtin_bytes = 0;
  uint16_t unit_bytes = 0;
  uint16_t description_bytes = 0;
  uint32_t aliases = 0;

  [[nodiscard]] std::string_view code() const { return {texts, code_bytes}; }
  [[nodiscard]] std::string_view gtin() const { return {texts + code_bytes, gtin_bytes}; }
  [[nodiscard]] std::string_view unit() const {
    return {texts + code_bytes + gtin_bytes, unit_bytes};
  }
  [[nodiscard]] std::string_view description() const {
    return {description_text, description_bytes};
  }
};
static_assert(sizeof(Item) == 32);

// A new item whose name is at least this like another one's asks for a review.
constexpr uint32_t kReviewScore = 300;

// The items that share a GTIN or an alias: the first, and how many.
struct Owners {
  ItemId first = 0;
  uint32_t count = 0;
};

// (address of an alias text, item): the items of an alias other than its first.
struct SharedAlias {
  const char* text = nullptr;
  ItemId item = 0;
  friend bool operator==(const SharedAlias&, const SharedAlias&) = default;
};
struct SharedAliasHash {
  using is_avalanching = void;
  size_t operator()(const SharedAlias& alias) const { return XXH3_64bits(&alias, 12); }
};
static_assert(offsetof(SharedAlias, item) == 8);

// Texts that were lately seen with an item whose own description they are not: a second look at
// them needs no normal form. Direct-mapped, so bounded; a false "seen" (1 in 2^64) would only leave
// an alias unlearned.
class SeenTexts {
 public:
  // True if (item, text) was seen; remembers it.
  bool SeenBefore(ItemId item, std::string_view text) {
    if (slots_.empty()) {
      slots_.resize(kSlotsMin);
    } else if (filled_ > slots_.size() / 2 && slots_.size() < kSlotsMax) {
      slots_.assign(slots_.size() * 4, 0);
      filled_ = 0;
    }
    const uint64_t hash = HashText(text, item) | 1;  // 0 = a free slot
    uint64_t& slot = slots_[hash >> kSlotShift & (slots_.size() - 1)];
    if (slot == hash) {
      return true;
    }
    filled_ += slot == 0 ? 1 : 0;
    slot = hash;
    return false;
  }

  void Forget() {
    slots_.clear();
    filled_ = 0;
  }

 private:
  static constexpr size_t kSlotsMin = 64;
  static constexpr size_t kSlotsMax = 64 * 1024;  // 512 KiB, of a tenant with that many variants
  static constexpr int kSlotShift = 32;

  std::vector<uint64_t> slots_;
  size_t filled_ = 0;
};

Status Contradiction(ItemId item, const char* what) {
  return Status::Corruption("the catalogue contradicts itself at item " + std::to_string(item) +
                            ": " + what);
}

}  // namespace

struct TenantCatalogue::Impl {
  std::vector<Item> items;  // item n at n - 1
  TextArena arena;
  TextArena::Mark unchanged;  // where the arena stood when the changes were empty
  HashIndex codes;
  boost::unordered_flat_map<uint64_t, Owners> gtins;  // by ParseGtin
  boost::unordered_flat_map<std::string_view, Owners, TextHash> aliases;
  boost::unordered_flat_set<SharedAlias, SharedAliasHash> shared_aliases;
  // By the form of version 1, which differs from today's.
  boost::unordered_flat_map<std::string, Owners> old_aliases;
  RecordTable records{&arena};
  SeenTexts seen;
  std::unique_ptr<SortedNames> names;  // of all aliases, from the first line on that asks for it
  std::unique_ptr<MatchIndex> words;   // likewise
  MappingMode mode = MappingMode::kExact;
  std::string form;  // working memory

  Item* at(ItemId item) { return item == 0 || item > items.size() ? nullptr : &items[item - 1]; }
  [[nodiscard]] const Item* at(ItemId item) const {
    return item == 0 || item > items.size() ? nullptr : &items[item - 1];
  }

  [[nodiscard]] ItemId FindCode(std::string_view code, uint32_t hash) const {
    return codes.Find(hash, [&](ItemId item) { return items[item - 1].code() == code; });
  }

  void TakeSettings();
  ItemId AddItem(std::string_view code, std::string_view gtin, std::string_view unit,
                 std::string_view description);
  bool AddAlias(ItemId item, std::string_view text, std::string_view* kept);
  void RemoveAlias(const NewAlias& alias);
  void RemoveLastItem();
  void SetDescription(Item* item, std::string_view text);

  template <typename Add>
  void ForEachAlias(const Add& add) const;
  const SortedNames& Names();
  MatchIndex& Words();
  DescriptionKind TakeVariant(ItemId item, std::string_view text, CatalogueChanges* changes);
  Decision Found(ItemId item, DecidedBy rule, std::string_view text, CatalogueChanges* changes);
  Decision FoundAsItIs(ItemId item, DecidedBy rule, std::string_view text);
  Decision FoundMisspelled(const CheckedLine& line, ItemId item, CatalogueChanges* changes);
  ItemId FindSaid(std::string_view vendor) const;
  ItemId FindVendorCode(const CheckedLine& line) const;
  [[nodiscard]] ItemId Resolve(std::string_view vendor, ItemId item) const;
  [[nodiscard]] bool Contradicts(uint64_t gtin, ItemId item) const;
  void TidyCandidates(std::string_view vendor, std::vector<Candidate>* candidates) const;
  void AskForReview(const CheckedLine& line, ItemId item, const Match& match,
                    CatalogueChanges* changes);
  Decision MapByRules(const CheckedLine& line, MapPolicy policy, uint64_t room,
                      CatalogueChanges* changes);
  Decision Create(const CheckedLine& line, UnknownItemPolicy policy, uint64_t room,
                  CatalogueChanges* changes);
  Decision MapByWords(const CheckedLine& line, MapPolicy policy, uint64_t room,
                      CatalogueChanges* changes);
  Status CheckSame(ItemId number, const StoredItem& stored);
};

// --- making and taking back ---

ItemId TenantCatalogue::Impl::AddItem(std::string_view code, std::string_view gtin,
                                      std::string_view unit, std::string_view description) {
  char* place = arena.Allocate(code.size() + gtin.size() + unit.size() + description.size());
  Item item;
  item.texts = place;
  for (const std::string_view text : {code, gtin, unit, description}) {
    TS_CHECK(text.size() <= UINT16_MAX);
    place = text.empty() ? place : std::copy(text.begin(), text.end(), place);
  }
  item.code_bytes = static_cast<uint16_t>(code.size());
  item.gtin_bytes = static_cast<uint16_t>(gtin.size());
  item.unit_bytes = static_cast<uint16_t>(unit.size());
  item.description_bytes = static_cast<uint16_t>(description.size());
  item.description_text = description.empty() ? nullptr : place - description.size();
  items.push_back(item);
  const auto number = static_cast<ItemId>(items.size());
  if (!code.empty()) {
    codes.Insert(HashCode(code), number);
  }
  if (const uint64_t gtin_number = ParseGtin(gtin); gtin_number != 0) {
    Owners& owners = gtins.try_emplace(gtin_number).first->second;
    owners.first = owners.count == 0 ? number : owners.first;
    ++owners.count;
  }
  return number;
}

// The last item, with no alias left.
void TenantCatalogue::Impl::RemoveLastItem() {
  const Item& item = items.back();
  TS_CHECK(item.aliases == 0);
  if (item.code_bytes != 0) {
    codes.Erase(HashCode(item.code()), static_cast<ItemId>(items.size()));
  }
  if (const uint64_t gtin = ParseGtin(item.gtin()); gtin != 0) {
    auto owners = gtins.find(gtin);
    TS_CHECK(owners != gtins.end());
    if (--owners->second.count == 0) {
      gtins.erase(owners);
    }
  }
  items.pop_back();
}

void TenantCatalogue::Impl::SetDescription(Item* item, std::string_view text) {
  TS_CHECK(text.size() <= UINT16_MAX);
  item->description_text = arena.Copy(text).data();
  item->description_bytes = static_cast<uint16_t>(text.size());
}

// False: `text` is one of the item's already. *kept is the catalogue's copy.
bool TenantCatalogue::Impl::AddAlias(ItemId item, std::string_view text, std::string_view* kept) {
  auto found = aliases.find(text);
  if (found == aliases.end()) {
    found = aliases.emplace(arena.Copy(text), Owners{item, 0}).first;
  } else if (found->second.first == item ||
             !shared_aliases.insert({found->first.data(), item}).second) {
    return false;
  }
  ++found->second.count;
  ++items[item - 1].aliases;
  *kept = found->first;
  if (names != nullptr) {
    names->Add(item, *kept);
  }
  if (words != nullptr) {
    words->Add(item, *kept);
  }
  return true;
}

// Newest first: the first owner of an alias goes last.
void TenantCatalogue::Impl::RemoveAlias(const NewAlias& alias) {
  auto found = aliases.find(alias.text);
  TS_CHECK(found != aliases.end());
  --items[alias.item - 1].aliases;
  if (names != nullptr) {
    names->Remove(alias.item, alias.text);
  }
  if (words != nullptr) {
    words->RemoveLast();
  }
  if (--found->second.count == 0) {
    TS_CHECK(found->second.first == alias.item);
    aliases.erase(found);
  } else {
    TS_CHECK(shared_aliases.erase({found->first.data(), alias.item}) == 1);
  }
}

void TenantCatalogue::Impl::TakeSettings() {
  mode = MappingMode::kExact;
  (void)ParseMappingMode(records.Find(RecordKind::kSetting, kMappingSetting), &mode);
  if (words != nullptr) {
    words->Protect(records.Find(RecordKind::kSetting, kProtectedSetting));
  }
}

// --- mapping ---

// add(item, text) for each alias of each item.
template <typename Add>
void TenantCatalogue::Impl::ForEachAlias(const Add& add) const {
  boost::unordered_flat_map<const char*, std::string_view> shared_texts;
  for (const auto& [text, owners] : aliases) {
    add(owners.first, text);
    if (owners.count > 1) {
      shared_texts.emplace(text.data(), text);
    }
  }
  for (const SharedAlias& shared : shared_aliases) {
    add(shared.item, shared_texts.find(shared.text)->second);
  }
}

const SortedNames& TenantCatalogue::Impl::Names() {
  if (names == nullptr) {
    names = std::make_unique<SortedNames>();
    ForEachAlias([this](ItemId item, std::string_view text) { names->Add(item, text); });
  }
  return *names;
}

// In the order of the items, so that the same catalogue has the same index.
MatchIndex& TenantCatalogue::Impl::Words() {
  if (words == nullptr) {
    std::vector<std::pair<ItemId, std::string_view>> all;
    ForEachAlias([&](ItemId item, std::string_view text) { all.emplace_back(item, text); });
    std::sort(all.begin(), all.end());
    words = std::make_unique<MatchIndex>();
    for (const auto& [item, text] : all) {
      words->Add(item, text);
    }
    words->Protect(records.Find(RecordKind::kSetting, kProtectedSetting));
  }
  return *words;
}

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
  // Chains are short, and free of circles: ReviewMover sees to it.
  for (size_t steps = 0; steps < items.size(); ++steps) {
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
  return FoundAsItIs(item, DecidedBy::kFuzzy, line.description);
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

// As this vendor calls them, without those that a person said it is not.
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
    return twice || !records.Find(RecordKind::kRejected, ItemTextKey(candidate.item, form)).empty();
  });
}

// What no exact rule mapped. `form` is the normal form of the line's description.
Decision TenantCatalogue::Impl::MapByWords(const CheckedLine& line, MapPolicy policy, uint64_t room,
                                           CatalogueChanges* changes) {
  MatchIndex& index = Words();
  auto match = std::make_shared<Match>();
  match->version = kMatchVersion;
  index.FindCandidates(form, &match->candidates);
  TidyCandidates(line.vendor, &match->candidates);
  Candidate meant;
  if (policy.mode == MappingMode::kAuto) {
    meant = index.FindMisspelled(form, Names());
  }
  const ItemId item = meant.item == 0 ? 0 : Resolve(line.vendor, meant.item);
  const bool rejected = item == 0 || Contradicts(ParseGtin(line.gtin), item) ||
                        !records.Find(RecordKind::kRejected, ItemTextKey(item, form)).empty();
  Decision decision;
  if (!rejected) {
    match->score = meant.score;
    decision = FoundMisspelled(line, item, changes);
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
      return found->second.count > 1 ? ambiguous
                                     : Found(Resolve(line.vendor, found->second.first),
                                             DecidedBy::kGtin, line.description, changes);
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
    return Contradicts(gtin, item) ? Create(line, policy.unknown, room, changes)
                                   : Found(item, DecidedBy::kAlias, line.description, changes);
  }
  const ItemId sorted = Names().Find(form);
  if (sorted != 0 && !Contradicts(gtin, Resolve(line.vendor, sorted))) {
    return Found(Resolve(line.vendor, sorted), DecidedBy::kSorted, line.description, changes);
  }
  return policy.mode == MappingMode::kExact ? Create(line, policy.unknown, room, changes)
                                            : MapByWords(line, policy, room, changes);
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
  return item == 0 || at(item) == nullptr ? 0 : Resolve(line.vendor, item);
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
    return impl.Found(found, DecidedBy::kVendorCode, line.description, changes);
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

void TenantCatalogue::Undo(const CatalogueChanges& changes) {
  if (changes.empty()) {
    return;
  }
  for (auto alias = changes.aliases.rbegin(); alias != changes.aliases.rend(); ++alias) {
    impl_->RemoveAlias(*alias);
  }
  for (const ItemDescription& described : changes.descriptions) {
    Item* item = impl_->at(described.item);
    TS_CHECK(item != nullptr);
    item->description_text = nullptr;
    item->description_bytes = 0;
  }
  for (auto item = changes.items.rbegin(); item != changes.items.rend(); ++item) {
    TS_CHECK(item->item == impl_->items.size());
    impl_->RemoveLastItem();
  }
  impl_->records.Undo(changes);
  impl_->TakeSettings();
  impl_->seen.Forget();
  impl_->arena.Rewind(impl_->unchanged);
}

// --- learning what was decided ---

Status TenantCatalogue::Impl::CheckSame(ItemId number, const StoredItem& stored) {
  Item& item = items[number - 1];
  if (item.code() != stored.code) {
    return Contradiction(number, "two codes");
  }
  if (item.gtin() != stored.gtin || item.unit() != stored.unit) {
    return Contradiction(number, "two GTINs or two units");
  }
  if (stored.description.empty() || item.description() == stored.description) {
    return Status::Ok();
  }
  if (item.description_bytes != 0) {
    return Contradiction(number, "two descriptions");
  }
  SetDescription(&item, stored.description);
  return Status::Ok();
}

Status TenantCatalogue::LearnItem(ItemId item, const StoredItem& stored) {
  Impl& impl = *impl_;
  if (stored.code.size() > UINT16_MAX || stored.gtin.size() > UINT16_MAX ||
      stored.unit.size() > UINT16_MAX || stored.description.size() > UINT16_MAX) {
    return Contradiction(item, "a text is longer than any text may be");
  }
  if (impl.at(item) != nullptr) {
    return impl.CheckSame(item, stored);
  }
  if (item != impl.items.size() + 1) {
    return Contradiction(item, "its number leaves a gap");
  }
  if (!stored.code.empty() && impl.FindCode(stored.code, HashCode(stored.code)) != 0) {
    return Contradiction(item, "its code is another item's");
  }
  impl.AddItem(stored.code, stored.gtin, stored.unit, stored.description);
  return Status::Ok();
}

Status TenantCatalogue::LearnAlias(ItemId item, std::string_view text) {
  if (impl_->at(item) == nullptr || text.empty()) {
    return Contradiction(item, "an alias of an item that is not there, or an empty alias");
  }
  NormaliseDescription(text, &impl_->form);
  std::string_view kept;
  if (impl_->form == text) {
    impl_->AddAlias(item, text, &kept);
  } else {  // of version 1: to be found by its own form only, so that what it kept apart stays
            // apart
    Owners& owners = impl_->old_aliases.try_emplace(std::string(text)).first->second;
    owners.count += owners.count == 0 || owners.first != item ? 1 : 0;
    owners.first = owners.count == 1 ? item : owners.first;
  }
  return Status::Ok();
}

Status TenantCatalogue::Learn(const CatalogueChanges& changes) {
  StoredItem stored;
  for (const NewItem& item : changes.items) {
    stored.code = item.code;
    stored.gtin = item.gtin;
    stored.description = item.description;
    stored.unit = item.unit;
    TS_RETURN_IF_ERROR(LearnItem(item.item, stored));
  }
  for (const ItemDescription& described : changes.descriptions) {
    Item* item = impl_->at(described.item);
    if (item == nullptr || described.description.size() > UINT16_MAX) {
      return Contradiction(described.item, "a description of an item that is not there");
    }
    if (item->description_bytes == 0) {
      impl_->SetDescription(item, described.description);
    } else if (item->description() != described.description) {
      return Contradiction(described.item, "two descriptions");
    }
  }
  for (const NewAlias& alias : changes.aliases) {
    TS_RETURN_IF_ERROR(LearnAlias(alias.item, alias.text));
  }
  for (const CatalogueRecord& record : changes.records) {
    LearnRecord(record);
  }
  return Status::Ok();
}

void TenantCatalogue::LearnRecord(const CatalogueRecord& record) {
  impl_->records.Set(record.kind, record.key, record.value, nullptr);
  if (record.kind == RecordKind::kSetting) {
    impl_->TakeSettings();
  }
}

void TenantCatalogue::SetRecord(const CatalogueRecord& record, CatalogueChanges* changes) {
  if (changes->empty()) {
    impl_->unchanged = impl_->arena.mark();
  }
  impl_->records.Set(record.kind, record.key, record.value, changes);
  if (record.kind == RecordKind::kSetting) {
    impl_->TakeSettings();
  }
}

const RecordTable& TenantCatalogue::records() const {
  return impl_->records;
}

ItemId TenantCatalogue::AddSplitItem(std::string_view description, CatalogueChanges* changes) {
  if (changes->empty()) {
    impl_->unchanged = impl_->arena.mark();
  }
  const ItemId number = impl_->AddItem({}, {}, {}, description);
  const Item& item = impl_->items.back();
  changes->items.push_back({number, item.code(), item.gtin(), item.description(), item.unit()});
  return number;
}

ItemId TenantCatalogue::Resolve(std::string_view vendor, ItemId item) const {
  return impl_->Resolve(vendor, item);
}

// --- reading ---

void TenantCatalogue::Explain(const CheckedLine& line, MappingExplanation* explanation) {
  Impl& impl = *impl_;
  NormaliseDescription(line.description, &impl.form);
  explanation->normal_form = impl.form;
  std::vector<std::string_view> tokens, meant;
  SplitTokens(explanation->normal_form, &tokens);
  for (const std::string_view token : tokens) {
    ExplainedToken& explained = explanation->tokens.emplace_back();
    explained.text = token;
    explained.protected_as = WordClassName(ClassOfWord(token));
    explained.known = impl.Words().Knows(token, &meant);
    explained.meant.assign(meant.begin(), meant.end());
  }
  impl.Words().FindCandidates(explanation->normal_form, &explanation->candidates);
  impl.TidyCandidates(line.vendor, &explanation->candidates);
}

MappingMode TenantCatalogue::mode() const {
  return impl_->mode;
}

TenantCatalogue::TenantCatalogue() : impl_(std::make_unique<Impl>()) {}
TenantCatalogue::~TenantCatalogue() = default;

bool TenantCatalogue::Find(ItemId item, StoredItem* stored) const {
  const Item* found = impl_->at(item);
  if (found != nullptr) {
    stored->code = found->code();
    stored->gtin = found->gtin();
    stored->description = found->description();
    stored->unit = found->unit();
  }
  return found != nullptr;
}

bool TenantCatalogue::View(ItemId item, NewItem* view) const {
  const Item* found = impl_->at(item);
  if (found != nullptr) {
    *view = {item, found->code(), found->gtin(), found->description(), found->unit()};
  }
  return found != nullptr;
}

ItemId TenantCatalogue::FindByCode(std::string_view code) const {
  return code.empty() ? 0 : impl_->FindCode(code, HashCode(code));
}

uint32_t TenantCatalogue::size() const {
  return static_cast<uint32_t>(impl_->items.size());
}

}  // namespace tallystone
