#include "store/rocks/format.h"

#include "base/check.h"
#include "base/coding.h"
#include "store/rocks/merge_operator.h"

namespace tallystone::rocks {
namespace {
constexpr std::string_view kMagic = "TLYS";
constexpr size_t kFormatBytes = 4 + 4 + 4;
}  // namespace

std::string EncodeFormat() {
  std::string value(kMagic);
  PutBigEndian32(&value, kStoreFormatVersion);
  PutBigEndian32(&value, kMergeVersion);
  return value;
}

Status DecodeFormat(std::string_view value, uint32_t* format, uint32_t* merge) {
  std::string_view magic;
  if (!GetBytes(&value, kMagic.size(), &magic) || magic != kMagic ||
      !GetBigEndian32(&value, format) || !GetBigEndian32(&value, merge)) {
    return Status::FormatMismatch("not a store of Tallystone");
  }
  return Status::Ok();
}

Status CheckFormat(std::string_view value, bool older) {
  uint32_t format = 0;
  uint32_t merge = 0;
  TS_RETURN_IF_ERROR(DecodeFormat(value, &format, &merge));
  const bool whole = value.size() == kFormatBytes;
  if (format >= kOldestFormatVersion && format < kReadableFormatVersion && whole) {
    return older ? Status::Ok()
                 : Status::FormatMismatch(
                       "written in store format " + std::to_string(format) + "; this build reads " +
                       std::to_string(kStoreFormatVersion) +
                       ": open it once for writing, as `tallystone resume` does, and it is made "
                       "anew from its blocks, the old one kept beside it");
  }
  if (format < kReadableFormatVersion || format > kStoreFormatVersion || merge != kMergeVersion ||
      !whole) {
    return Status::FormatMismatch("written in store format " + std::to_string(format) + "." +
                                  std::to_string(merge) + "; this build reads " +
                                  std::to_string(kStoreFormatVersion) + "." +
                                  std::to_string(kMergeVersion));
  }
  return Status::Ok();
}

}  // namespace tallystone::rocks
