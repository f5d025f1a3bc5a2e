#include <algorithm>

#include "base/check.h"
#include "base/coding.h"
#include "catalog/arrangement.h"
#include "catalog/gtin.h"
#include "catalog/normal_form.h"
#include "catalog/protected_words.h"
#include "catalog/tenant_catalogue_impl.h"
#include "tallystone/limits.h"

namespace tallystone {

using catalogue::HashCode;
using catalogue::Item;
using catalogue::Owners;
using catalogue::SharedAlias;

namespace {

Status Contradiction(ItemId item, const char* what) {
  return Status::Corruption("the catalogue contradicts itself at item " + std::to_string(item) +
                            ": " + what);
}

}  // namespace

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
  if (!description.empty()) {
    descriptions.Insert(HashCode(description), number);
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
  if (item.description_bytes != 0) {
    descriptions.Erase(HashCode(item.description()), static_cast<ItemId>(items.size()));
  }
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
  descriptions.Insert(HashCode(text), static_cast<ItemId>(item - items.data()) + 1);
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
  if (!said_forms.empty() && said_forms.contains(std::string(text))) {
    items[item - 1].name_is_shared = 1;
  }
  if (found->second.count > 1) {
    items[item - 1].name_is_shared = 1;
    items[found->second.first - 1].name_is_shared = 1;
  }
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

// An item that was split off has no alias, but its words are words of the catalogue.
void TenantCatalogue::Impl::AddNameOfSplit(
    ItemId number, std::vector<std::pair<ItemId, std::string_view>>* names_of) {
  const Item& item = items[number - 1];
  if (item.aliases > 0 || item.description_bytes == 0) {
    return;
  }
  std::string name;
  NormaliseDescription(item.description(), &name);
  if (!name.empty()) {
    names_of->emplace_back(number, arena.Copy(name));
  }
}

// In the order of the items, so that the same catalogue has the same index.
MatchIndex& TenantCatalogue::Impl::Words(bool aliases_changed) {
  if (words == nullptr) {
    std::vector<std::pair<ItemId, std::string_view>> all;
    ForEachAlias([&](ItemId item, std::string_view text) { all.emplace_back(item, text); });
    const size_t with_alias = all.size();
    for (ItemId item = 1; item <= items.size(); ++item) {
      AddNameOfSplit(item, &all);
    }
    std::sort(all.begin(), all.end());
    words = std::make_unique<MatchIndex>();
    words_are_mixed = aliases_changed || all.size() > with_alias;  // those are in the arena
    for (const auto& [item, text] : all) {
      words->Add(item, text);
    }
    words->Protect(records.Find(RecordKind::kSetting, kProtectedSetting));
  }
  return *words;
}

void TenantCatalogue::Undo(const CatalogueChanges& changes) {
  if (changes.empty()) {
    return;
  }
  if (impl_->words_are_mixed || (!changes.items.empty() && changes.aliases.empty())) {
    // Made in the middle of the changes, or with a split item: not in the order that they came.
    impl_->words.reset();
    impl_->words_are_mixed = false;
  }
  for (auto alias = changes.aliases.rbegin(); alias != changes.aliases.rend(); ++alias) {
    impl_->RemoveAlias(*alias);
  }
  for (const ItemDescription& described : changes.descriptions) {
    Item* item = impl_->at(described.item);
    TS_CHECK(item != nullptr);
    impl_->descriptions.Erase(HashCode(item->description()), described.item);
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

// A name that somebody said means `item` is no longer sure to mean who has it as its description.
void TenantCatalogue::Impl::NoteSaid(std::string_view record_key, ItemId item) {
  std::string_view vendor;
  if (!GetText(&record_key, &vendor)) {
    return;
  }
  said_forms.emplace(record_key);
  const auto found = aliases.find(record_key);
  if (found != aliases.end()) {
    items[found->second.first - 1].name_is_shared = 1;
  }
  if (Item* said = at(item); said != nullptr) {
    said->name_is_shared = 1;
  }
}

void TenantCatalogue::LearnRecord(const CatalogueRecord& record) {
  impl_->records.Set(record.kind, record.key, record.value, nullptr);
  if (record.kind == RecordKind::kAlias) {
    impl_->NoteSaid(record.key, impl_->records.FindItem(record.kind, record.key));
  }
  if (record.kind == RecordKind::kSetting) {
    impl_->TakeSettings();
  }
}

void TenantCatalogue::SetRecord(const CatalogueRecord& record, CatalogueChanges* changes) {
  if (changes->empty()) {
    impl_->unchanged = impl_->arena.mark();
  }
  impl_->records.Set(record.kind, record.key, record.value, changes);
  if (record.kind == RecordKind::kAlias) {
    impl_->NoteSaid(record.key, impl_->records.FindItem(record.kind, record.key));
  }
  if (record.kind == RecordKind::kSetting) {
    impl_->TakeSettings();
  }
}

bool TenantCatalogue::IsNameOfAnother(ItemId item, std::string_view vendor,
                                      std::string_view form) const {
  const auto found = impl_->aliases.find(form);
  return found != impl_->aliases.end() && found->second.first != item &&
         !impl_->shared_aliases.contains({found->first.data(), item}) &&
         impl_->Resolve(vendor, found->second.first) != item &&
         impl_->records.FindItem(RecordKind::kAlias, VendorTextKey(vendor, form)) != item;
}

bool TenantCatalogue::IsNameOf(ItemId item, std::string_view vendor, std::string_view form) const {
  return impl_->records.FindItem(RecordKind::kAlias, VendorTextKey(vendor, form)) == item ||
         (impl_->aliases.contains(form) && !IsNameOfAnother(item, vendor, form));
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
  impl_->words.reset();  // made anew with it, by the line that asks next
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
  std::vector<std::string_view> tokens;
  SplitTokens(explanation->normal_form, &tokens);
  for (const std::string_view token : tokens) {
    ExplainedToken& explained = explanation->tokens.emplace_back();
    explained.text = token;
    explained.protected_as = WordClassName(ClassOfWord(token));
    explained.known = impl.Words().Knows(token);
    const std::vector<std::string_view> meant = impl.Words().MayMean(token, tokens);
    explained.meant.assign(meant.begin(), meant.end());
  }
  impl.Words().FindCandidates(explanation->normal_form, limits::kCandidatesMax,
                              &explanation->candidates);
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
