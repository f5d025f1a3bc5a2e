// TenantCatalogue: the items and aliases of one tenant, and the mapper: which item a line means.
//
// The cascade (DESIGN 4.2), first that decides:
//   1. the line has a code: the item with that code, or a new item (its description then decides
//   nothing)
//   2. the line has a GTIN: the item with that GTIN
//   3. the line has a description: the item that its normalised text is an alias of; several:
//   ambiguous
//   4. the one item that has an alias of the same tokens in another, equal arrangement
//   (arrangement.h)
//   5. mode kAuto: the one item that it names but for misspelled words (MatchIndex)
//   6. a new item, or kUnknownItem by policy; modes kSuggest and kAuto write down what else the
//   line may have meant
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
#include "tallystone/options.h"

namespace tallystone {

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
