// TenantCatalogue: the items and aliases of one tenant, and the mapper: which item a line means.
//
// The cascade (DESIGN 4.2), first that decides:
//   1. the line has a code: the item with that code, or a new item; nothing else then decides
//   2. the item with that vendor's code
//   3. the item with that GTIN (gtin.h)
//   4. the item that a person, or rule 7, said the name is, of this vendor or of any
//   5. the item that the normalised name is an alias of; several: ambiguous
//   6. the one item with an alias of the same tokens in an equal arrangement (arrangement.h)
//   7. mode kAuto: the one item that it names but for misspelled words (MatchIndex)
//   8. a new item, or kUnknownItem by policy; kSuggest and kAuto write down what it may have meant
// An item with another GTIN than the line's is never found by 4 to 7. What is found by 2 to 7 and
// is, as a person said, another item (RecordKind::kMerged) is that one.
//
// Every text seen with an item becomes an alias of it (at most limits::kAliasesPerItemMax per
// item).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/chunk.h"
#include "model/line_check.h"
#include "model/stored.h"
#include "tallystone/explain.h"
#include "tallystone/options.h"

namespace tallystone {

class RecordTable;

// Names of settings (RecordKind::kSetting).
inline constexpr std::string_view kMappingSetting = "mapping";
inline constexpr std::string_view kProtectedSetting = "protected";

struct Decision {
  Outcome outcome =
      Outcome::kAccepted;  // kAccepted, kUnknownItem, kAmbiguousItem or kCatalogueFull
  DecidedBy decided_by = DecidedBy::kNone;
  ItemId item = 0;
  DescriptionKind description_kind = DescriptionKind::kNone;
  std::shared_ptr<const Match> match = nullptr;
};

struct MapPolicy {
  MapPolicy(UnknownItemPolicy unknown_items, MappingMode mapping_mode = MappingMode::kExact)
      : unknown(unknown_items), mode(mapping_mode) {}
  UnknownItemPolicy unknown;
  MappingMode mode;
};

// The text by which descriptions are compared: NFKC, case folded, its tokens (token_form.h) with
// one space between them; what has none is only folded. The form of a form is itself: aliases are
// stored. A change needs a new number; aliases whose form is another one today are found by the
// form that they were stored in.
std::string NormaliseDescription(std::string_view text);
inline constexpr uint8_t kNormalFormVersion = 2;

// Not thread-safe: the tenant's lock protects it.
class TenantCatalogue {
 public:
  TenantCatalogue();
  ~TenantCatalogue();

  // Decides, and makes what the decision needs. What is made is appended to *changes (views into
  // this catalogue, valid while it lives). `room` = how many more items may be made. `with_code` =
  // the item that FindByCodes found for this line's code; 0 = none was found, or nobody looked.
  Decision Map(const CheckedLine& line, MapPolicy policy, uint64_t room, CatalogueChanges* changes,
               ItemId with_code = 0);

  // The items with these codes, 0 = none, into `found`, which is as long. Faster than one by one:
  // the look-ups wait for memory together.
  void FindByCodes(std::span<const std::string_view> codes, std::span<ItemId> found) const;

  // Takes back everything that Map appended to `changes` (all Maps since the changes were empty),
  // newest first. For batches that are refused whole.
  void Undo(const CatalogueChanges& changes);

  // Takes what was decided before: loading and recovery. Idempotent: the same item, description or
  // alias may come again. kCorruption if it contradicts what is there (another code under a number,
  // a gap).
  Status Learn(const CatalogueChanges& changes);
  Status LearnItem(ItemId item, const StoredItem& stored);
  Status LearnAlias(ItemId item, std::string_view text);
  void LearnRecord(const CatalogueRecord& record);

  // What a person decided: appended to *changes, to be undone with them.
  void SetRecord(const CatalogueRecord& record, CatalogueChanges* changes);
  // An item for lines that are taken from another one: without code and without aliases.
  ItemId AddSplitItem(std::string_view description, CatalogueChanges* changes);
  // `form`, a normal form, is an alias, and not one that means this item in lines of `vendor`
  // ("": of any).
  [[nodiscard]] bool IsNameOfAnother(ItemId item, std::string_view vendor,
                                     std::string_view form) const;
  // `form` was seen or learned as a name of `item`, for lines of `vendor`.
  [[nodiscard]] bool IsNameOf(ItemId item, std::string_view vendor, std::string_view form) const;
  [[nodiscard]] const RecordTable& records() const;
  // The item that a person said this vendor's lines of `item` are; mostly itself.
  [[nodiscard]] ItemId Resolve(std::string_view vendor, ItemId item) const;

  // What the rules for names see in a line without deciding anything: fills normal form, tokens and
  // candidates of *explanation.
  void Explain(const CheckedLine& line, MappingExplanation* explanation);
  [[nodiscard]] MappingMode mode() const;  // of the tenant

  // kNotFound. The views live as long as the catalogue, or until the description of the item
  // changes.
  [[nodiscard]] bool Find(ItemId item, StoredItem* stored) const;
  [[nodiscard]] bool View(ItemId item, NewItem* view) const;
  [[nodiscard]] ItemId FindByCode(std::string_view code) const;  // 0 = none
  [[nodiscard]] uint32_t size() const;  // items; their numbers are 1..size()

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallystone
