// The column families and the options of the database.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/db.h>

namespace tallystone::rocks {

// In the order in which a WriteBatch holds them, which is also the order of their numbers in
// RocksDB.
enum class Family : uint8_t {
  kDefault = 0,  // format, marker
  kBalances = 1,
  kBlocks = 2,
  kPostings = 3,
  kCatalogue = 4,
  kBatches = 5,
};
inline constexpr size_t kFamilyCount = 6;

// "default", "balances", ...: names on disk.
const std::string& FamilyName(Family family);

using FamilyHandles = std::array<rocksdb::ColumnFamilyHandle*, kFamilyCount>;

struct DatabaseTuning {
  size_t block_cache_bytes = 32u << 20;
  rocksdb::Env* env = nullptr;
  std::shared_ptr<rocksdb::Logger> logger;
};

rocksdb::DBOptions MakeDbOptions(const DatabaseTuning& tuning);

// One for each family, in order; they share one block cache.
std::vector<rocksdb::ColumnFamilyDescriptor> MakeFamilies(const DatabaseTuning& tuning);

// How the sorted files of a window are written. Files that a compaction soon rewrites are not
// compressed; files that stay as they are get the family's last compression at once.
rocksdb::Options MakeSstOptions(const rocksdb::DBOptions& db, Family family,
                                const rocksdb::ColumnFamilyOptions& options);

}  // namespace tallystone::rocks
