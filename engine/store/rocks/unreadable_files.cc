#include "store/rocks/unreadable_files.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <rocksdb/iterator.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table_properties.h>

namespace tallystone::rocks {
namespace {

constexpr std::string_view kTableEnd = ".sst";
constexpr std::string_view kOldTableEnd = ".ldb";  // LevelDB's; none of ours has it
constexpr size_t kNamedMax = 3;

bool IsDigit(char byte) {
  return byte >= '0' && byte <= '9';
}

// "000018" of "... /000018.ldb: No such file ..."; empty if it does not speak of such a file.
std::string_view MissingNumber(std::string_view message) {
  const size_t end = message.find(kOldTableEnd);
  if (end == std::string_view::npos) {
    return {};
  }
  size_t begin = end;
  while (begin > 0 && IsDigit(message[begin - 1])) {
    --begin;
  }
  return message.substr(begin, end - begin);
}

// A file that was loaded says so, and has room for a sequence number, which we leave zero. RocksDB
// asks for it when it opens the file in a database, but not when it opens it by itself.
bool HasBadSequence(const rocksdb::TableProperties& properties) {
  const auto& all = properties.user_collected_properties;
  const auto sequence = all.find("rocksdb.external_sst_file.global_seqno");
  return all.contains("rocksdb.external_sst_file.version") &&
         (sequence == all.end() || sequence->second != std::string(sizeof(uint64_t), '\0'));
}

// Entries of any family can be read with it, whatever their merge operator is.
class FirstOperand : public rocksdb::AssociativeMergeOperator {
 public:
  const char* Name() const override { return "tallystone.FirstOperand"; }
  bool Merge(const rocksdb::Slice& /*key*/, const rocksdb::Slice* /*existing*/,
             const rocksdb::Slice& operand, std::string* merged,
             rocksdb::Logger* /*logger*/) const override {
    merged->assign(operand.data(), operand.size());
    return true;
  }
};

// A footer that names another version of the format is believed, until a block is unpacked.
bool EndsAreReadable(rocksdb::SstFileReader* reader) {
  rocksdb::ReadOptions read;
  read.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> entries(reader->NewIterator(read));
  entries->SeekToFirst();
  if (!entries->status().ok()) {
    return false;
  }
  entries->SeekToLast();
  return entries->status().ok();
}

bool IsUnreadable(rocksdb::Options options, const std::string& path) {
  options.merge_operator = std::make_shared<FirstOperand>();
  rocksdb::SstFileReader reader(options);
  const rocksdb::Status opened = reader.Open(path);
  if (opened.ok()) {
    return HasBadSequence(*reader.GetTableProperties()) || !EndsAreReadable(&reader);
  }
  // One that is gone by now was deleted by a compaction.
  return !opened.IsPathNotFound() &&
         opened.ToString().find("No such file or directory") == std::string::npos;
}

}  // namespace

Status NameUnreadableFiles(const Status& status, const rocksdb::Options& options,
                           const std::string& directory, const std::vector<std::string>& names) {
  if (!status.Is(StatusCode::kCorruption) ||
      status.message().find(kTableEnd) != std::string::npos) {
    return status;
  }
  // RocksDB looks for a file of LevelDB's time where its own is missing, and speaks of that one.
  const std::string_view missing = MissingNumber(status.message());
  if (!missing.empty()) {
    std::string message = status.message();
    const size_t number = message.find(missing.data(), 0, missing.size() + kOldTableEnd.size());
    message.replace(number + missing.size(), kOldTableEnd.size(), kTableEnd);
    return Status::Corruption(message + " (" + std::string(missing) + std::string(kTableEnd) +
                              " is missing)");
  }
  std::string unreadable;
  size_t count = 0;
  for (const std::string& name : names) {
    if (!std::string_view(name).ends_with(kTableEnd)) {
      continue;
    }
    if (IsUnreadable(options, directory + "/" + name) && ++count <= kNamedMax) {
      unreadable += (unreadable.empty() ? "" : ", ") + name;
    }
  }
  if (count == 0) {
    return status;
  }
  if (count > kNamedMax) {
    unreadable += " and " + std::to_string(count - kNamedMax) + " more";
  }
  return Status::Corruption(status.message() + " (cannot be read: " + unreadable + ")");
}

}  // namespace tallystone::rocks
