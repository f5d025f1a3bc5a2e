// The entries of a store as they are kept, decoded, for people who want to look underneath. The
// chunks of the log that are not in the store yet count as if they were.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tallystone {

// What a store keeps. Keys are texts of parts with slashes between them; TENANT is its number.
enum class StoreFamily : uint8_t {
  kMeta = 0,         // NAME: the marker, and what belongs to it
  kTenants = 1,      // TENANT
  kItems = 2,        // TENANT/ITEM
  kAliases = 3,      // TENANT/ITEM/ALIAS, in the order of tenants only
  kRecords = 4,      // TENANT/KIND/...: see docs/log_and_store_commands.md
  kBalances = 5,     // TENANT/ITEM
  kPostings = 6,     // TENANT/ITEM/LSN
  kBlocks = 7,       // LSN
  kBatches = 8,      // TENANT/BATCH
  kDeadLetters = 9,  // TENANT/BATCH/LINE
};
inline constexpr int kStoreFamilyCount = 10;

// "meta", "tenants", "items", "aliases", "records", "balances", "postings", "blocks", "batches",
// "dead-letters".
std::string_view StoreFamilyName(StoreFamily family);
// The inverse. False for an unknown name; *family is then unchanged.
bool ParseStoreFamily(std::string_view name, StoreFamily* family);

struct StoreField {
  enum class Kind : uint8_t {
    kText,
    kCount,    // a whole number, or empty
    kDecimal,  // an exact decimal
    kBool,     // "true" or "false"
  };
  std::string_view name;
  Kind kind = Kind::kText;
};

// The fields of each entry, in order, beside its key.
const std::vector<StoreField>& FieldsOf(StoreFamily family);

struct StoreEntry {
  std::string key;
  std::vector<std::string> values;  // one for each field
};

// Which entries. Keys may be given up to any part: "3" begins, or ends, with all of tenant 3. Both
// ends belong to the range; "" = no end there.
struct EntryRange {
  std::string from;
  std::string to;
  std::string tenant;  // by name; "" = all
};

}  // namespace tallystone
