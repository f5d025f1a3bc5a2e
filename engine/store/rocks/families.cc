#include "store/rocks/families.h"

#include <algorithm>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "store/rocks/merge_operator.h"

namespace tallystone::rocks {
namespace {

// Memtables hold small windows only, so they stay small: memory is for the engine's own windows.
constexpr size_t kWriteBufferBytes = 4u << 20;
constexpr size_t kAllWriteBuffersBytes = 16u << 20;
constexpr uint64_t kWalBytesMax = 32u << 20;
constexpr uint64_t kManifestBytesMax = 8u << 20;
// Without this a new database preallocates 4 MiB of manifest.
constexpr size_t kManifestPreallocationBytes = 64u << 10;
constexpr int kCacheShardBits = 3;
constexpr int kOpenFilesMax = 256;
constexpr int kBackgroundJobsMax = 3;
constexpr double kBloomBitsPerKey = 10;
constexpr uint64_t kLevelBaseBytes = 64u << 20;
constexpr uint64_t kFileBytes = 16u << 20;

// How a family is used.
struct FamilyTraits {
  const char* name;
  size_t block_bytes;
  bool point_reads;      // worth a Bloom filter
  bool written_once;     // never compacted: sorted files come in final form
  int level0_files_max;  // compacted from here on: bounds the merge operands of a key
};

constexpr FamilyTraits kTraits[kFamilyCount] = {
    {"default", 4u << 10, false, false, 8},   {"balances", 8u << 10, true, false, 4},
    {"blocks", 32u << 10, false, true, 8},    {"postings", 16u << 10, false, false, 16},
    {"catalogue", 16u << 10, true, false, 4}, {"batches", 16u << 10, true, false, 4},
};

const FamilyTraits& TraitsOf(Family family) {
  return kTraits[static_cast<size_t>(family)];
}

bool Supports(rocksdb::CompressionType wanted) {
  static const std::vector<rocksdb::CompressionType> supported =
      rocksdb::GetSupportedCompressions();
  return std::find(supported.begin(), supported.end(), wanted) != supported.end();
}

// For data that stays: the best that the library has.
rocksdb::CompressionType StrongCompression() {
  return Supports(rocksdb::kZSTD)             ? rocksdb::kZSTD
         : Supports(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression
                                              : rocksdb::kNoCompression;
}

rocksdb::CompressionType FastCompression() {
  return Supports(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::BlockBasedTableOptions MakeTable(Family family,
                                          const std::shared_ptr<rocksdb::Cache>& cache) {
  const FamilyTraits& traits = TraitsOf(family);
  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kXXH3;  // Debian's build has no hardware CRC32C
  table.format_version = 5;
  table.block_size = traits.block_bytes;
  table.block_cache = cache;
  // Indexes and filters count towards the cache, so memory does not grow with the database (law
  // L9). In pieces: a whole filter is larger than a shard of the cache, and would be read anew by
  // every Get.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  if (traits.point_reads) {
    table.partition_filters = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  }
  return table;
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions(Family family,
                                               const std::shared_ptr<rocksdb::Cache>& cache) {
  const FamilyTraits& traits = TraitsOf(family);
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(MakeTable(family, cache)));
  options.write_buffer_size = kWriteBufferBytes;
  options.compression = FastCompression();
  options.bottommost_compression = StrongCompression();
  options.compaction_style = rocksdb::kCompactionStyleLevel;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_bytes_for_level_base = kLevelBaseBytes;
  options.target_file_size_base = kFileBytes;
  options.level0_file_num_compaction_trigger = traits.level0_files_max;
  options.ttl = 0;  // nothing here ages
  if (family == Family::kBalances) {
    options.merge_operator = NewBalanceMergeOperator();
  } else if (family == Family::kBatches) {
    options.merge_operator = NewBatchMergeOperator();
  }
  return options;
}

}  // namespace

const std::string& FamilyName(Family family) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const FamilyTraits& traits : kTraits) {
      all.emplace_back(traits.name);
    }
    return all;
  }();
  return names[static_cast<size_t>(family)];
}

rocksdb::DBOptions MakeDbOptions(const DatabaseTuning& tuning) {
  rocksdb::DBOptions options;
  options.env = tuning.env;
  options.info_log = tuning.logger;  // given: RocksDB writes no LOG file of its own
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_background_jobs = kBackgroundJobsMax;
  options.max_open_files = kOpenFilesMax;
  options.db_write_buffer_size = kAllWriteBuffersBytes;
  options.max_total_wal_size = kWalBytesMax;
  options.max_manifest_file_size = kManifestBytesMax;
  options.manifest_preallocation_size = kManifestPreallocationBytes;
  options.keep_log_file_num = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.avoid_unnecessary_blocking_io = true;
  options.avoid_flush_during_shutdown = false;
  // Whatever a damaged log loses, it loses whole batches from some point on, and the marker with
  // them; the engine compares the marker with its own log and refuses what does not fit.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> MakeFamilies(const DatabaseTuning& tuning) {
  const std::shared_ptr<rocksdb::Cache> cache =
      rocksdb::NewLRUCache(tuning.block_cache_bytes, kCacheShardBits);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t index = 0; index < kFamilyCount; ++index) {
    const auto family = static_cast<Family>(index);
    families.emplace_back(FamilyName(family), MakeFamilyOptions(family, cache));
  }
  return families;
}

rocksdb::Options MakeSstOptions(const rocksdb::DBOptions& db, Family family,
                                const rocksdb::ColumnFamilyOptions& options) {
  rocksdb::Options sst(db, options);
  // SstFileWriter prefers the compression of the last level.
  sst.bottommost_compression = rocksdb::kDisableCompressionOption;
  sst.compression =
      TraitsOf(family).written_once ? options.bottommost_compression : options.compression;
  return sst;
}

}  // namespace tallystone::rocks
