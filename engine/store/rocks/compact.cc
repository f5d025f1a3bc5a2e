#include "store/rocks/compact.h"

#include <array>

#include "base/check.h"
#include "store/rocks/status_map.h"

namespace tallystone::rocks {
namespace {

bool Cancelled(const CompactOptions& options) {
  return options.cancel != nullptr && options.cancel->load();
}

Status CompactFamily(Database* database, Family family, const CompactOptions& options) {
  rocksdb::CompactRangeOptions range;
  range.canceled = options.cancel;
  // Blocks come into the last level as they stay. Of the others, a sorted file that was ingested
  // there has another compression than that of the level until it is written anew.
  range.bottommost_level_compaction =
      family == Family::kBlocks ? rocksdb::BottommostLevelCompaction::kIfHaveCompactionFilter
                                : rocksdb::BottommostLevelCompaction::kForceOptimized;
  const rocksdb::Status done =
      database->db()->CompactRange(range, database->handle(family), nullptr, nullptr);
  if (!done.ok() && Cancelled(options)) {
    return Status::Interrupted("the compaction was ended before " + FamilyName(family) +
                               " was done; what is done stays");
  }
  return MapStatus(done, "compacting " + FamilyName(family));
}

}  // namespace

Status Compact(Database* database, const CompactOptions& options) {
  std::array<uint64_t, kFamilyCount> bytes{};
  uint64_t total = 0;
  for (size_t index = 0; index < kFamilyCount; ++index) {
    database->db()->GetIntProperty(database->handle(static_cast<Family>(index)),
                                   rocksdb::DB::Properties::kLiveSstFilesSize, &bytes[index]);
    total += bytes[index];
  }
  uint64_t done = 0;
  for (size_t index = 0; index < kFamilyCount; ++index) {
    const auto family = static_cast<Family>(index);
    if (options.progress) {
      options.progress(FamilyName(family), done, total);
    }
    if (Cancelled(options)) {
      return Status::Interrupted("the compaction was ended early; what is done stays");
    }
    TS_RETURN_IF_ERROR(CompactFamily(database, family, options));
    done += bytes[index];
  }
  if (options.progress) {
    options.progress("", total, total);
  }
  // Looks for files that are not needed any more, so that the caller sees what was gained.
  return MapStatus(database->db()->EnableFileDeletions(false), "removing old files");
}

}  // namespace tallystone::rocks
