#include "store/rocks/sst_loader.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <rocksdb/sst_file_writer.h>

#include "base/check.h"
#include "store/rocks/guarded_files.h"
#include "store/rocks/status_map.h"

namespace tallystone::rocks {
namespace {

// An ingest is not held back by RocksDB when compactions fall behind, so the loader waits by
// itself: every file of level 0 is one more merge operand for a reader. Not for ever, should
// compactions have stopped.
constexpr uint64_t kLevel0FilesMax = 32;
constexpr auto kCompactionPoll = std::chrono::milliseconds(2);
constexpr auto kCompactionWaitMax = std::chrono::seconds(20);

// A batch with this many entries is worth a second thread. Of small ones the order of writes is
// always the same, which tests of crashes need.
constexpr uint32_t kEntriesForTwoThreads = 100'000;
// Where the families are divided between the two: about half of the work each.
constexpr auto kFirstOfSecondThread = static_cast<uint32_t>(Family::kPostings);

// Walks a batch into one SstFileWriter for each of the families [begin, end).
class FileBuilder : public rocksdb::WriteBatch::Handler {
 public:
  FileBuilder(Database* database, uint32_t begin, uint32_t end)
      : database_(database), begin_(begin), end_(end) {}

  rocksdb::Status PutCF(uint32_t family, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    return Write(family, [&](rocksdb::SstFileWriter* file) { return file->Put(key, value); });
  }
  rocksdb::Status MergeCF(uint32_t family, const rocksdb::Slice& key,
                          const rocksdb::Slice& value) override {
    return Write(family, [&](rocksdb::SstFileWriter* file) { return file->Merge(key, value); });
  }
  rocksdb::Status DeleteCF(uint32_t family, const rocksdb::Slice& key) override {
    return Write(family, [&](rocksdb::SstFileWriter* file) { return file->Delete(key); });
  }

  // Then every file is complete and durable.
  rocksdb::Status Build(const rocksdb::WriteBatch& batch) {
    const rocksdb::Status status = batch.Iterate(this);
    return status.ok() ? Finish() : status;
  }

  [[nodiscard]] const std::vector<rocksdb::IngestExternalFileArg>& files() const { return files_; }

 private:
  // Syncs the last file.
  rocksdb::Status Finish() {
    if (writer_ == nullptr) {
      return rocksdb::Status::OK();
    }
    const rocksdb::Status status = writer_->Finish();
    writer_.reset();
    return status;
  }

  template <typename Add>
  rocksdb::Status Write(uint32_t family, const Add& add) {
    if (family < begin_ || family >= end_) {
      return rocksdb::Status::OK();
    }
    if (writer_ == nullptr || family != family_) {
      rocksdb::Status status = Finish();
      if (status.ok()) {
        status = Begin(family);
      }
      if (!status.ok()) {
        return status;
      }
    }
    return add(writer_.get());
  }

  rocksdb::Status Begin(uint32_t family) {
    TS_CHECK(family < kFamilyCount && (files_.empty() || family > family_));
    family_ = family;
    const auto which = static_cast<Family>(family);
    // The page cache keeps the file: a compaction reads it soon.
    writer_ = std::make_unique<rocksdb::SstFileWriter>(
        rocksdb::EnvOptions(), database_->SstOptions(which), database_->handle(which),
        /*invalidate_page_cache=*/false);
    rocksdb::IngestExternalFileArg file;
    file.column_family = database_->handle(which);
    file.external_files = {database_->ingest_directory() + "/" + FamilyName(which) + ".sst"};
    file.options.move_files = true;
    // The number that makes these keys newer than all before stands in the MANIFEST; the file stays
    // as it was synced.
    file.options.write_global_seqno = false;
    // Of blocks that cannot be read, the ingest would make an empty file (see guarded_files.h).
    file.options.verify_checksums_before_ingest = true;
    files_.push_back(file);
    return writer_->Open(file.external_files.front());
  }

  Database* const database_;
  const uint32_t begin_;
  const uint32_t end_;
  uint32_t family_ = 0;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  std::vector<rocksdb::IngestExternalFileArg> files_;
};

rocksdb::Status BuildFiles(Database* database, const rocksdb::WriteBatch& batch,
                           std::vector<rocksdb::IngestExternalFileArg>* files) {
  if (batch.Count() < kEntriesForTwoThreads) {
    FileBuilder all(database, 0, kFamilyCount);
    const rocksdb::Status status = all.Build(batch);
    *files = all.files();
    return status;
  }
  FileBuilder first(database, 0, kFirstOfSecondThread);
  FileBuilder second(database, kFirstOfSecondThread, kFamilyCount);
  rocksdb::Status second_status;
  std::thread helper([&] { second_status = second.Build(batch); });
  const rocksdb::Status first_status = first.Build(batch);
  helper.join();
  *files = first.files();
  files->insert(files->end(), second.files().begin(), second.files().end());
  return first_status.ok() ? second_status : first_status;
}

void WaitForCompactions(Database* database) {
  const auto deadline = std::chrono::steady_clock::now() + kCompactionWaitMax;
  for (const Family family : {Family::kBalances, Family::kPostings}) {
    std::string files;
    while (database->db()->GetProperty(database->handle(family),
                                       rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0",
                                       &files) &&
           std::strtoull(files.c_str(), nullptr, 10) >= kLevel0FilesMax &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kCompactionPoll);
    }
  }
}

}  // namespace

Status LoadAsSortedFiles(Database* database, const rocksdb::WriteBatch& batch) {
  WaitForCompactions(database);
  // A file of ours that an earlier ingest could not unlink is one with a live file of the database
  // (moving is linking). To write to it again would destroy that one, so nothing begins before it
  // is gone.
  TS_RETURN_IF_ERROR(ClearDirectory(database->file_system(), database->ingest_directory()));
  std::vector<rocksdb::IngestExternalFileArg> files;
  rocksdb::Status status = BuildFiles(database, batch, &files);
  if (status.ok()) {
    const IngestScope scope;
    const WriterLock lock(database->ingest_mutex());
    status = database->db()->IngestExternalFiles(files);
  }
  if (!status.ok()) {
    // Frees the space now; a crash would leave it to the next open.
    ClearDirectory(database->file_system(), database->ingest_directory()).PermitUnchecked();
  }
  return MapStatus(status, "loading a window as sorted files");
}

}  // namespace tallystone::rocks
