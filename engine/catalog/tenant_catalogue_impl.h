// The inside of a TenantCatalogue, shared by tenant_catalogue.cc (what it holds) and mapper.cc
// (which item a line means).
#pragma once

#include "catalog/tenant_catalogue.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/hash_index.h"
#include "catalog/match_index.h"
#include "catalog/record_table.h"
#include "catalog/sorted_names.h"
#include "catalog/text_arena.h"

namespace tallystone {
namespace catalogue {

inline uint64_t HashText(std::string_view text, uint64_t seed = 0) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

inline uint32_t HashCode(std::string_view code) {
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
  uint32_t aliases : 31 = 0;
  // Its description, in normal form, may mean another item as well, or is said to mean another one.
  uint32_t name_is_shared : 1 = 0;

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

}  // namespace catalogue

struct TenantCatalogue::Impl {
  using Item = catalogue::Item;
  using Owners = catalogue::Owners;
  std::vector<Item> items;  // item n at n - 1
  TextArena arena;
  TextArena::Mark unchanged;  // where the arena stood when the changes were empty
  HashIndex codes;
  HashIndex descriptions;                             // of the items that have one
  boost::unordered_flat_map<uint64_t, Owners> gtins;  // by ParseGtin
  boost::unordered_flat_map<std::string_view, Owners, catalogue::TextHash> aliases;
  boost::unordered_flat_set<catalogue::SharedAlias, catalogue::SharedAliasHash> shared_aliases;
  // By the form of version 1, which differs from today's.
  boost::unordered_flat_map<std::string, Owners> old_aliases;
  RecordTable records{&arena};
  catalogue::SeenTexts seen;
  std::unique_ptr<SortedNames> names;  // of all aliases, from the first line on that asks for it
  std::unique_ptr<MatchIndex> words;   // likewise
  // Normal forms that somebody said are an item (RecordKind::kAlias), of whatever vendor.
  boost::unordered_flat_set<std::string> said_forms;
  bool words_are_mixed =
      false;  // `words` was made with aliases that Undo may take back among others
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
  void AddNameOfSplit(ItemId number, std::vector<std::pair<ItemId, std::string_view>>* names_of);
  const SortedNames& Names();
  // `aliases_changed`: some of the aliases may be taken back.
  MatchIndex& Words(bool aliases_changed = false);
  DescriptionKind TakeVariant(ItemId item, std::string_view text, CatalogueChanges* changes);
  Decision Found(ItemId item, DecidedBy rule, std::string_view text, CatalogueChanges* changes);
  Decision FoundFor(const CheckedLine& line, ItemId item, DecidedBy rule,
                    CatalogueChanges* changes);
  Decision FoundAsItIs(ItemId item, DecidedBy rule, std::string_view text);
  Decision FoundMisspelled(const CheckedLine& line, ItemId item, CatalogueChanges* changes);
  [[nodiscard]] ItemId FindByWholeName(std::string_view text) const;
  void NoteSaid(std::string_view record_key, ItemId item);
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

}  // namespace tallystone
