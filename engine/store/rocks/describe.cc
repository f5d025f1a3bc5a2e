#include "store/rocks/describe.h"

#include <rocksdb/table.h>
#include <rocksdb/version.h>

#include "base/check.h"
#include "store/rocks/format.h"
#include "store/rocks/keys.h"

namespace tallystone::rocks {
namespace {

class Description {
 public:
  explicit Description(std::vector<Setting>* settings) : settings_(settings) {}

  void Add(std::string name, std::string value, SettingOrigin origin = SettingOrigin::kBuild) {
    settings_->push_back({std::move(name), std::move(value), origin});
  }
  void Add(std::string name, uint64_t value, SettingOrigin origin = SettingOrigin::kBuild) {
    Add(std::move(name), std::to_string(value), origin);
  }

 private:
  std::vector<Setting>* const settings_;
};

std::string CompressionName(rocksdb::CompressionType type) {
  switch (type) {
    case rocksdb::kNoCompression:
      return "none";
    case rocksdb::kLZ4Compression:
      return "lz4";
    case rocksdb::kZSTD:
      return "zstd";
    default:
      return "number " + std::to_string(static_cast<int>(type));
  }
}

void DescribeFamily(const Database& database, Family family, Description* to) {
  const rocksdb::Options options = database.db()->GetOptions(database.handle(family));
  const std::string name = "rocksdb." + FamilyName(family) + ".";
  to->Add(name + "compression", CompressionName(options.compression));
  to->Add(name + "bottommost_compression", CompressionName(options.bottommost_compression));
  to->Add(name + "write_buffer_bytes", options.write_buffer_size);
  to->Add(name + "level0_files_max",
          static_cast<uint64_t>(options.level0_file_num_compaction_trigger));
  const auto* table = options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  if (table != nullptr) {
    to->Add(name + "block_bytes", table->block_size);
    to->Add(name + "filter", table->filter_policy == nullptr ? "none" : "bloom");
  }
  uint64_t bytes = 0;
  if (database.db()->GetIntProperty(database.handle(family),
                                    rocksdb::DB::Properties::kLiveSstFilesSize, &bytes)) {
    to->Add(name + "bytes", bytes, SettingOrigin::kDatabase);
  }
}

}  // namespace

Status Describe(const Database& database, std::vector<Setting>* settings) {
  Description to(settings);
  std::string value;
  uint32_t format = 0;
  uint32_t merge = 0;
  TS_RETURN_IF_ERROR(database.MapRead(
      database.db()->Get({}, database.handle(Family::kDefault), ToSlice(kFormatKey), &value),
      "format"));
  TS_RETURN_IF_ERROR(DecodeFormat(value, &format, &merge));
  to.Add("store.format", format, SettingOrigin::kDatabase);
  to.Add("store.format_written", kStoreFormatVersion);
  to.Add("store.format_oldest_read", kReadableFormatVersion);
  to.Add("store.merge_version", merge, SettingOrigin::kDatabase);
  to.Add("rocksdb.version", rocksdb::GetRocksVersionAsString());
  const rocksdb::DBOptions options = database.db()->GetDBOptions();
  to.Add("rocksdb.background_jobs_max", static_cast<uint64_t>(options.max_background_jobs));
  to.Add("rocksdb.write_buffers_bytes", options.db_write_buffer_size);
  to.Add("rocksdb.wal_bytes_max", options.max_total_wal_size);
  for (size_t family = 0; family < kFamilyCount; ++family) {
    DescribeFamily(database, static_cast<Family>(family), &to);
  }
  return Status::Ok();
}

}  // namespace tallystone::rocks
