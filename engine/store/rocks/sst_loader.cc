#include "store/rocks/sst_loader.h"

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

// A window with this many keys is worth a second thread. Of small ones the order of writes is
// always the same, which tests of crashes need.
constexpr size_t kKeysForTwoThreads = 50'000;
// Where the families are divided between the two: about half of the work each.
constexpr auto kFirstOfSecondThread = static_cast<size_t>(Family::kBlocks);

// The sink of WindowEntries that writes a sorted file for each family that has any.
class FileSink {
 public:
  explicit FileSink(Database* database) : database_(database) {}

  void Put(Family family, std::string_view key, std::string_view head, std::string_view tail) {
    std::string_view value = head;
    if (!tail.empty()) {
      value_.assign(head).append(tail);
      value = value_;
    }
    Write(family,
          [&](rocksdb::SstFileWriter* file) { return file->Put(ToSlice(key), ToSlice(value)); });
  }
  void Merge(Family family, std::string_view key, std::string_view operand) {
    Write(family, [&](rocksdb::SstFileWriter* file) {
      return file->Merge(ToSlice(key), ToSlice(operand));
    });
  }
  void Delete(Family family, std::string_view key) {
    Write(family, [&](rocksdb::SstFileWriter* file) { return file->Delete(ToSlice(key)); });
  }

  // Completes and syncs the last file. Then every file is durable, or the answer says why not.
  rocksdb::Status Finish() {
    if (writer_ != nullptr && status_.ok()) {
      status_ = writer_->Finish();
    }
    writer_.reset();
    return status_;
  }

  [[nodiscard]] const std::vector<rocksdb::IngestExternalFileArg>& files() const { return files_; }

 private:
  template <typename Add>
  void Write(Family family, const Add& add) {
    if (status_.ok() && (writer_ == nullptr || family != family_)) {
      Finish().PermitUncheckedError();
      if (status_.ok()) {
        Begin(family);
      }
    }
    if (status_.ok()) {
      status_ = add(writer_.get());
    }
  }

  void Begin(Family family) {
    TS_CHECK(files_.empty() || family > family_);
    family_ = family;
    // The page cache keeps the file: a compaction reads it soon.
    writer_ = std::make_unique<rocksdb::SstFileWriter>(
        rocksdb::EnvOptions(), database_->SstOptions(family), database_->handle(family),
        /*invalidate_page_cache=*/false);
    rocksdb::IngestExternalFileArg file;
    file.column_family = database_->handle(family);
    file.external_files = {database_->ingest_directory() + "/" + FamilyName(family) + ".sst"};
    file.options.move_files = true;
    // The number that makes these keys newer than all before stands in the MANIFEST; the file stays
    // as it was synced.
    file.options.write_global_seqno = false;
    // Of blocks that cannot be read, the ingest would make an empty file (see guarded_files.h).
    file.options.verify_checksums_before_ingest = true;
    files_.push_back(file);
    status_ = writer_->Open(file.external_files.front());
  }

  Database* const database_;
  Family family_ = Family::kDefault;
  rocksdb::Status status_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  std::vector<rocksdb::IngestExternalFileArg> files_;
  std::string value_;
};

rocksdb::Status BuildFiles(Database* database, const SortedWindow& window, WindowPart part,
                           const Marker& marker,
                           std::vector<rocksdb::IngestExternalFileArg>* files) {
  FileSink first(database), second(database);
  const auto build = [&](FileSink* sink, size_t begin, size_t end) {
    WindowEntries entries(sink);
    for (size_t family = begin; family < end; ++family) {
      entries.AddFamily(static_cast<Family>(family), window, part, marker);
    }
    return sink->Finish();
  };
  rocksdb::Status first_status, second_status;
  if (window.deltas.size() < kKeysForTwoThreads) {
    first_status = build(&first, 0, kFamilyCount);
  } else {
    std::thread helper([&] { second_status = build(&second, kFirstOfSecondThread, kFamilyCount); });
    first_status = build(&first, 0, kFirstOfSecondThread);
    helper.join();
  }
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

Status LoadAsSortedFiles(Database* database, const SortedWindow& window, WindowPart part,
                         const Marker& marker) {
  WaitForCompactions(database);
  // A file of ours that an earlier ingest could not unlink is one with a live file of the database
  // (moving is linking). To write to it again would destroy that one, so nothing begins before it
  // is gone.
  TS_RETURN_IF_ERROR(ClearDirectory(database->file_system(), database->ingest_directory()));
  std::vector<rocksdb::IngestExternalFileArg> files;
  rocksdb::Status status = BuildFiles(database, window, part, marker, &files);
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
