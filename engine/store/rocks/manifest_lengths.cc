#include "store/rocks/manifest_lengths.h"

#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"

namespace tallystone::rocks {
namespace {

constexpr std::string_view kMagic = "TLYM";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kSlotBytes = 512;  // a sector
constexpr size_t kUsedBytes = 4 + 4 + 8 + 8 + 8;

std::string Encode(uint64_t number, uint64_t bytes) {
  std::string slot(kMagic);
  PutBigEndian32(&slot, kVersion);
  PutBigEndian64(&slot, number);
  PutBigEndian64(&slot, bytes);
  PutBigEndian64(&slot, Hash64(slot));
  return slot;
}

bool Decode(std::string_view slot, uint64_t* number, uint64_t* bytes) {
  if (slot.size() < kUsedBytes) {
    return false;
  }
  *number = DecodeBigEndian64(slot.data() + 8);
  *bytes = DecodeBigEndian64(slot.data() + 16);
  return slot.substr(0, kUsedBytes) == Encode(*number, *bytes);
}

}  // namespace

ManifestLengths::ManifestLengths(FileSystem* files, std::string path)
    : files_(files), path_(std::move(path)) {}

void ManifestLengths::Load(uint64_t current) {
  const MutexLock lock(&mutex_);
  current_ = current;
  slots_ = {};
  std::unique_ptr<File> file;
  if (!files_->Open(path_, OpenMode::kRead, &file).ok()) {
    return;
  }
  for (size_t index = 0; index < slots_.size(); ++index) {
    std::string bytes;
    Slot slot;
    if (file->Read(index * kSlotBytes, kUsedBytes, &bytes).ok() &&
        Decode(bytes, &slot.number, &slot.bytes)) {
      slots_[index] = slot;
    }
  }
}

Status ManifestLengths::OpenFile() {
  if (file_ != nullptr) {
    return Status::Ok();
  }
  if (files_->Exists(path_)) {
    return files_->Open(path_, OpenMode::kReadWrite, &file_);
  }
  std::unique_ptr<File> made;
  TS_RETURN_IF_ERROR(files_->Open(path_, OpenMode::kCreate, &made));
  TS_RETURN_IF_ERROR(made->Write(0, std::string(slots_.size() * kSlotBytes, '\0')));
  TS_RETURN_IF_ERROR(made->Sync());
  TS_RETURN_IF_ERROR(files_->SyncDirectory(ParentDirectory(path_)));
  file_ = std::move(made);
  return Status::Ok();
}

Status ManifestLengths::Synced(uint64_t number, uint64_t bytes) {
  const MutexLock lock(&mutex_);
  size_t index = slots_[0].number == number ? 0 : 1;
  if (slots_[index].number != number) {
    index = slots_[0].number != 0 && slots_[0].number == current_ ? 1 : 0;
  }
  TS_RETURN_IF_ERROR(OpenFile());
  TS_RETURN_IF_ERROR(file_->Write(index * kSlotBytes, Encode(number, bytes)));
  TS_RETURN_IF_ERROR(file_->Sync());
  slots_[index] = {number, bytes};
  return Status::Ok();
}

void ManifestLengths::SetCurrent(uint64_t number) {
  const MutexLock lock(&mutex_);
  current_ = number;
}

bool ManifestLengths::LimitReads() {
  const MutexLock lock(&mutex_);
  for (const Slot& slot : slots_) {
    if (slot.number != 0 && slot.number == current_) {
      limit_ = slot;
    }
  }
  return limit_.number != 0;
}

std::optional<uint64_t> ManifestLengths::ReadLimit(uint64_t number) const {
  const MutexLock lock(&mutex_);
  return number != 0 && limit_.number == number ? std::optional(limit_.bytes) : std::nullopt;
}

std::optional<uint64_t> ManifestLengths::Of(uint64_t number) const {
  const MutexLock lock(&mutex_);
  for (const Slot& slot : slots_) {
    if (slot.number == number && number != 0) {
      return slot.bytes;
    }
  }
  return std::nullopt;
}

}  // namespace tallystone::rocks
