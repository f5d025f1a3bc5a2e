#include "inspect/archive_files.h"

#include <algorithm>

#include "base/check.h"

namespace tallystone::archive {
namespace {

constexpr size_t kBufferBytes = 1u << 20;
// Of a million files of blocks.
constexpr uint64_t kManifestBytesMax = 64u << 20;

}  // namespace

Status FileWriter::Create(FileSystem* files, const std::string& directory, FileKind kind,
                          uint64_t number, Lsn first, const std::string& database_id,
                          std::unique_ptr<FileWriter>* writer) {
  const std::string path = directory + "/" + FileName(kind, number);
  if (files->Exists(path)) {
    TS_RETURN_IF_ERROR(files->Remove(path));
  }
  std::unique_ptr<FileWriter> made(new FileWriter);
  TS_RETURN_IF_ERROR(files->Open(path, OpenMode::kCreate, &made->file_));
  made->entry_.kind = kind;
  made->entry_.number = number;
  made->entry_.first = first;
  made->entry_.last = first - 1;
  made->buffer_ = EncodeFileHeader(made->entry_, database_id, &made->seed_);
  made->entry_.bytes = made->buffer_.size();
  *writer = std::move(made);
  return Status::Ok();
}

Status FileWriter::Add(const ArchivedBlock& archived) {
  TS_CHECK(archived.block.lsn == entry_.last + 1);
  const size_t before = buffer_.size();
  uint64_t checksum = 0;
  EncodeRecord(archived, seed_, &buffer_, &checksum);
  entry_.bytes += buffer_.size() - before;
  entry_.sum += checksum;
  ++entry_.last;
  return buffer_.size() >= kBufferBytes ? WriteOut() : Status::Ok();
}

Status FileWriter::WriteOut() {
  TS_RETURN_IF_ERROR(file_->Write(written_, buffer_));
  written_ += buffer_.size();
  buffer_.clear();
  return Status::Ok();
}

Status FileWriter::Finish(FileEntry* entry) {
  TS_RETURN_IF_ERROR(WriteOut());
  TS_RETURN_IF_ERROR(file_->Sync());
  file_.reset();
  *entry = entry_;
  return Status::Ok();
}

Status FileReader::Open(FileSystem* files, const std::string& directory, const FileEntry& entry,
                        const std::string& database_id, std::unique_ptr<FileReader>* reader) {
  std::unique_ptr<FileReader> made(new FileReader);
  made->path_ = directory + "/" + FileName(entry.kind, entry.number);
  made->entry_ = entry;
  made->next_ = entry.first;
  const Status opened = files->Open(made->path_, OpenMode::kRead, &made->file_);
  if (opened.IsNotFound()) {
    return Status::Corruption(made->path_ + " is missing");
  }
  TS_RETURN_IF_ERROR(opened);
  TS_RETURN_IF_ERROR(made->file_->Size(&made->size_));
  std::string_view bytes;
  TS_RETURN_IF_ERROR(made->Peek(0, kFileHeaderBytes, &bytes));
  const Status checked = CheckFileHeader(bytes, entry, database_id, &made->seed_);
  if (!checked.ok()) {
    return {checked.code(), made->path_ + " at byte 0: " + checked.message()};
  }
  *reader = std::move(made);
  return Status::Ok();
}

Status FileReader::Damaged(const std::string& what) const {
  return Status::Corruption(path_ + " at byte " + std::to_string(offset_) + ": " + what +
                            " (block " + std::to_string(next_) + " of " +
                            std::to_string(entry_.first) + ".." + std::to_string(entry_.last) +
                            ")");
}

Status FileReader::Peek(uint64_t offset, size_t size, std::string_view* bytes) {
  if (offset < buffer_offset_ || offset + size > buffer_offset_ + buffer_.size()) {
    TS_RETURN_IF_ERROR(file_->Read(offset, std::max(size, kBufferBytes), &buffer_));
    buffer_offset_ = offset;
  }
  *bytes = std::string_view(buffer_).substr(offset - buffer_offset_, size);
  return Status::Ok();
}

Status FileReader::TryRecord(uint64_t offset, Lsn lsn_min, std::string_view* record) {
  const uint64_t end = std::min(size_, entry_.bytes);
  std::string_view bytes;
  if (offset + kRecordHeaderBytes > end) {
    return Status::NotFound("the file ends in the middle of a record");
  }
  TS_RETURN_IF_ERROR(Peek(offset, kRecordHeaderBytes, &bytes));
  const RecordHeader header = DecodeRecordHeader(bytes);
  if (header.lsn < lsn_min || header.lsn > entry_.last ||
      header.body_bytes > std::min<uint64_t>(end - offset - kRecordHeaderBytes, kBodyBytesMax)) {
    return Status::NotFound("the beginning of a record is damaged");
  }
  TS_RETURN_IF_ERROR(Peek(offset, kRecordHeaderBytes + header.body_bytes, record));
  if (record->size() == kRecordHeaderBytes + header.body_bytes && IsWhole(*record, seed_)) {
    return Status::Ok();
  }
  in_vain_bytes_ += record->size();
  return Status::NotFound("the checksum of a record does not fit");
}

Status FileReader::Next(ArchivedBlock* archived) {
  if (next_ > entry_.last) {
    if (!damaged_ && (offset_ != size_ || size_ != entry_.bytes || sum_ != entry_.sum)) {
      return Damaged("the file is not the one that the manifest names");
    }
    return Status::NotFound("that was the last block");
  }
  std::string_view record;
  const Status tried = TryRecord(offset_, next_, &record);
  if (tried.IsNotFound()) {
    return Damaged(tried.message());
  }
  TS_RETURN_IF_ERROR(tried);
  const RecordHeader header = DecodeRecordHeader(record);
  if (header.lsn != next_) {
    return Damaged("a record is missing");
  }
  archived->block.lsn = header.lsn;
  const Status decoded = DecodeBody(record.substr(kRecordHeaderBytes), archived);
  if (!decoded.ok()) {
    return Damaged(decoded.message());
  }
  sum_ += header.checksum;
  offset_ += record.size();
  ++next_;
  return Status::Ok();
}

Status FileReader::SkipDamage() {
  damaged_ = true;
  // Damage hardly ever looks like the beginning of a record; a file in which much does was made to
  // be read for ever.
  const uint64_t in_vain_max = 2 * size_ + kBodyBytesMax;
  for (uint64_t offset = offset_ + 1;
       offset < std::min(size_, entry_.bytes) && in_vain_bytes_ <= in_vain_max; ++offset) {
    std::string_view record;
    const Status tried = TryRecord(offset, next_ + 1, &record);
    if (tried.ok()) {
      offset_ = offset;
      next_ = DecodeRecordHeader(record).lsn;
    }
    if (!tried.IsNotFound()) {
      return tried;
    }
  }
  next_ = entry_.last + 1;
  return Status::Ok();
}

Status ReadManifest(FileSystem* files, const std::string& directory, Manifest* manifest) {
  const std::string path = directory + "/" + kManifestName;
  std::unique_ptr<File> file;
  const Status opened = files->Open(path, OpenMode::kRead, &file);
  if (opened.IsNotFound()) {
    return Status::NotFound("there is no backup in " + directory + " (it has no " + kManifestName +
                            ")");
  }
  TS_RETURN_IF_ERROR(opened);
  uint64_t size = 0;
  TS_RETURN_IF_ERROR(file->Size(&size));
  std::string bytes;
  if (size <= kManifestBytesMax) {
    TS_RETURN_IF_ERROR(file->Read(0, static_cast<size_t>(size), &bytes));
  }
  const Status decoded = DecodeManifest(bytes, manifest);
  return decoded.ok() ? decoded : Status(decoded.code(), path + ": " + decoded.message());
}

Status WriteManifest(FileSystem* files, const std::string& directory, const Manifest& manifest) {
  const std::string path = directory + "/" + kNewManifestName;
  if (files->Exists(path)) {
    TS_RETURN_IF_ERROR(files->Remove(path));
  }
  std::unique_ptr<File> file;
  TS_RETURN_IF_ERROR(files->Open(path, OpenMode::kCreate, &file));
  TS_RETURN_IF_ERROR(file->Write(0, EncodeManifest(manifest)));
  TS_RETURN_IF_ERROR(file->Sync());
  file.reset();
  // The names of the files that it names, first.
  TS_RETURN_IF_ERROR(files->SyncDirectory(directory));
  TS_RETURN_IF_ERROR(files->Rename(path, directory + "/" + kManifestName));
  return files->SyncDirectory(directory);
}

}  // namespace tallystone::archive
