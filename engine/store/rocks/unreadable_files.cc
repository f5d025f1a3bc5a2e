#include "store/rocks/unreadable_files.h"

#include <algorithm>
#include <string_view>

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

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

}  // namespace

Status NameUnreadableFiles(const Status& status, const rocksdb::Options& options,
                           const std::string& directory, const std::vector<std::string>& names) {
  if (!status.Is(StatusCode::kCorruption) ||
      status.message().find(kTableEnd) != std::string::npos) {
    return status;
  }
  const std::string_view missing = MissingNumber(status.message());
  if (!missing.empty()) {
    return Status::Corruption(status.message() + " (" + std::string(missing) +
                              std::string(kTableEnd) + " is missing)");
  }
  std::string unreadable;
  size_t count = 0;
  for (const std::string& name : names) {
    if (!std::string_view(name).ends_with(kTableEnd)) {
      continue;
    }
    rocksdb::SstFileReader reader(options);
    if (!reader.Open(directory + "/" + name).ok() && ++count <= kNamedMax) {
      unreadable += (unreadable.empty() ? "" : ", ") + name;
    }
  }
  if (count == 0) {
    return status;
  }
  if (count > kNamedMax) {
    unreadable += " and " + std::to_string(count - kNamedMax) + " more";
  }
  return Status::Corruption(status.message() + " (cannot be opened: " + unreadable + ")");
}

}  // namespace tallystone::rocks
