#include "tallystone/log_inspector.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/check.h"
#include "batchlog/batch_log.h"
#include "ingest/database_directory.h"
#include "inspect/log_entries.h"
#include "inspect/log_state.h"
#include "inspect/open_inspector.h"
#include "inspect/opened_database.h"
#include "store/rocks/rocks_store.h"

namespace tallystone {
namespace {

constexpr uint64_t kProgressLines = 100'000;
// A writer at work may change the store between the reading of its files.
constexpr int kStoreAttempts = 20;
constexpr std::chrono::milliseconds kStoreDelay(20);

class EntryCursor final : public Cursor<LogEntry> {
 public:
  // Ends behind record `last_lsn`; what is damaged behind the last record is shown.
  EntryCursor(FileSystem* files, std::string log, StoreSide* side, Filter filter, Lsn last_lsn,
              bool content)
      : files_(files),
        log_(std::move(log)),
        side_(side),
        filter_(std::move(filter)),
        last_lsn_(last_lsn),
        content_(content) {}

  void SeekToFirst() override {
    status_ = Status::Ok();
    entries_ = std::make_unique<LogEntries>(files_, log_, side_, content_);
    Next();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    for (valid_ = false; !valid_ && status_.ok();) {
      bool end = false;
      status_ = entries_->Next(&entry_, &end);
      if (!status_.ok() || end ||
          (entry_.kind == LogEntryKind::kRecord && entry_.record.lsn > last_lsn_)) {
        return;
      }
      valid_ = Passes();
    }
  }
  [[nodiscard]] const LogEntry& value() const override { return entry_; }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  [[nodiscard]] bool Passes() const;

  FileSystem* const files_;
  const std::string log_;
  StoreSide* const side_;
  const Filter filter_;
  const Lsn last_lsn_;
  const bool content_;
  std::unique_ptr<LogEntries> entries_;
  LogEntry entry_;
  bool valid_ = false;
  Status status_;
};

bool EntryCursor::Passes() const {
  if (entry_.kind == LogEntryKind::kDamage) {
    return (filter_.last_lsn == 0 || entry_.damage.first_lsn <= filter_.last_lsn) &&
           (entry_.damage.last_lsn == 0 || entry_.damage.last_lsn >= filter_.first_lsn);
  }
  const LogRecord& record = entry_.record;
  return entry_.kind != LogEntryKind::kRecord ||
         (record.lsn >= filter_.first_lsn &&
          (filter_.tenant.empty() || record.tenant == filter_.tenant) &&
          (filter_.batch.empty() || record.batch == filter_.batch));
}

class LogInspectorImpl final : public LogInspector {
 public:
  // `kept`: the name of a log that a repair put aside; "" = the database's own.
  LogInspectorImpl(const Options& options, std::string path, const std::string& kept,
                   FileSystem* files, rocksdb::Env* env)
      : options_(options),
        path_(std::move(path)),
        log_(kept.empty() ? LogPath(path_) : path_ + "/" + kept),
        kept_(!kept.empty()),
        files_(files),
        env_(env) {}

  Status Open();

  [[nodiscard]] const std::vector<LogSegment>& segments() const override { return segments_; }
  Status NewCursor(const Filter& filter, bool content,
                   std::unique_ptr<Cursor<LogEntry>>* cursor) override;
  Status Verify(const ProgressFunction& progress, LogReport* report) override;
  [[nodiscard]] uint64_t as_of_lsn() const override { return last_; }
  [[nodiscard]] uint64_t applied_lsn() const override { return side_.marker.applied; }
  [[nodiscard]] const std::string& store_problem() const override { return side_.problem; }

 private:
  void ReadStore();
  Status OpenStore(StoreExtent extent);
  Status OpenEmbedded(StoreExtent extent);
  Status ReadSegments();
  LogSegment* Find(uint64_t sequence);
  Status Size(LogSegment* segment) const;
  // What the store's marker says of the log's ends; "" = they fit.
  Status CheckEnds(LogDamage* damage);
  Status CheckWithEngine(LogJudge* judge);

  const Options options_;
  const std::string path_;
  const std::string log_;
  const bool kept_;
  FileSystem* const files_;
  rocksdb::Env* const env_;
  StoreSide side_;
  std::vector<LogSegment> segments_;
  Lsn opened_at_ = 0;  // what the store had before the log was read
  Lsn first_ = 0;      // that the oldest segment begins with
  Lsn last_ = 0;
};

Status LogInspectorImpl::Open() {
  TS_RETURN_IF_ERROR(FindDatabase(files_, path_));
  if (kept_ && !files_->Exists(log_)) {
    return Status::NotFound("there is no log " + log_);
  }
  ReadStore();
  side_.kept = kept_;
  side_.has_marker = side_.has_marker && !kept_;
  opened_at_ = side_.marker.applied;
  return ReadSegments();
}

Status LogInspectorImpl::OpenEmbedded(StoreExtent extent) {
  RocksStoreOptions options;
  options.path = StorePath(path_);
  options.read_only = true;
  options.extent = extent;
  options.block_cache_bytes = options_.block_cache_bytes;
  options.logger = options_.logger;
  options.file_system = files_;
  options.env = env_;
  std::unique_ptr<Store>& store = side_.stores.emplace_back();
  Status status;
  for (int attempt = 0; attempt < kStoreAttempts; ++attempt) {
    status = RocksStore::Open(options, &store);
    if (!status.Is(StatusCode::kTryAgain)) {
      break;
    }
    std::this_thread::sleep_for(kStoreDelay);
  }
  return status;
}

Status LogInspectorImpl::OpenStore(StoreExtent extent) {
  std::vector<ServerEntry> servers;
  TS_RETURN_IF_ERROR(ReadServerList(files_, path_, &servers));
  TS_RETURN_IF_ERROR(servers.empty()
                         ? OpenEmbedded(extent)
                         : OpenListedServers(options_, path_, files_, true, &side_.stores));
  TS_RETURN_IF_ERROR(ReadLowestMarker(side_.stores, &side_.marker));
  side_.has_marker = true;
  if (extent != StoreExtent::kWhole) {
    return Status::Ok();
  }
  std::vector<std::unique_ptr<StoreView>> views;
  for (const auto& store : side_.stores) {
    TS_RETURN_IF_ERROR(store->NewView(&views.emplace_back()));
  }
  return LiveView::Make(std::move(views), {}, &side_.names);
}

void LogInspectorImpl::ReadStore() {
  side_ = {};
  const Status whole = OpenStore(StoreExtent::kWhole);
  if (whole.ok()) {
    return;
  }
  side_ = {};
  side_.problem = whole.message();
  // The marker may still be readable.
  if (!OpenStore(StoreExtent::kBlocks).ok()) {
    side_.has_marker = false;
    side_.stores.clear();
    side_.marker = {};
  }
}

LogSegment* LogInspectorImpl::Find(uint64_t sequence) {
  for (LogSegment& segment : segments_) {
    if (segment.sequence == sequence && segment.live) {
      return &segment;
    }
  }
  segments_.push_back({});
  segments_.back().sequence = sequence;
  segments_.back().file = batchlog::SegmentName(sequence);
  segments_.back().live = true;
  return &segments_.back();
}

Status LogInspectorImpl::Size(LogSegment* segment) const {
  std::unique_ptr<File> file;
  const Status opened = files_->Open(log_ + "/" + segment->file, OpenMode::kRead, &file);
  if (opened.IsNotFound()) {
    return Status::Ok();  // released meanwhile
  }
  TS_RETURN_IF_ERROR(opened);
  return file->Size(&segment->bytes);
}

Status LogInspectorImpl::ReadSegments() {
  using batchlog::LogStepKind;
  batchlog::LogWalk walk(files_, log_, side_.marker.database_id);
  batchlog::LogStep step;
  bool damaged = false;
  for (;;) {
    TS_RETURN_IF_ERROR(walk.Next(&step));
    if (step.kind == LogStepKind::kEnd) {
      break;
    }
    LogSegment* const segment = Find(step.sequence);
    switch (step.kind) {
      case LogStepKind::kSegment:
        segment->first_lsn = step.lsn;
        segment->bytes_used = batchlog::kSegmentHeaderBytes;
        first_ = first_ == 0 && !damaged ? step.lsn : first_;
        last_ = std::max<Lsn>(last_, step.lsn - 1);
        TS_RETURN_IF_ERROR(Size(segment));
        break;
      case LogStepKind::kRecord:
        ++segment->records;
        segment->last_lsn = last_ = step.lsn;
        segment->bytes_used = step.end_offset;
        break;
      case LogStepKind::kDamage:
        ++segment->damage;
        damaged = damaged || !step.nothing_lost;
        TS_RETURN_IF_ERROR(Size(segment));
        break;
      case LogStepKind::kTornTail:
        segment->torn_tail = true;
        break;
      case LogStepKind::kReleased:
        std::erase_if(segments_, [&](const LogSegment& gone) {
          return gone.live && gone.sequence == step.sequence;
        });
        break;
      case LogStepKind::kEnd:
        break;
    }
  }
  for (size_t index = 0; index < segments_.size(); ++index) {
    const bool newest = index + 1 == segments_.size();
    // Without its header nothing says what was in it, but the segment behind it.
    const Lsn end = newest ? last_ : segments_[index + 1].first_lsn - 1;
    segments_[index].in_store = side_.has_marker && end <= side_.marker.applied &&
                                (segments_[index].damage == 0 || !newest);
  }
  for (const uint64_t sequence : walk.free_segments()) {
    LogSegment segment;
    segment.sequence = sequence;
    segment.file = batchlog::FreeSegmentName(sequence);
    TS_RETURN_IF_ERROR(Size(&segment));
    segments_.push_back(std::move(segment));
  }
  return Status::Ok();
}

Status LogInspectorImpl::NewCursor(const Filter& filter, bool content,
                                   std::unique_ptr<Cursor<LogEntry>>* cursor) {
  const Lsn last = filter.last_lsn == 0 ? last_ : std::min<Lsn>(last_, filter.last_lsn);
  *cursor = std::make_unique<EntryCursor>(files_, log_, &side_, filter, last, content);
  return Status::Ok();
}

Status LogInspectorImpl::CheckEnds(LogDamage* damage) {
  // The marker was read before the log. A writer releases what the store has, so it may have moved
  // on by now; what is missing then is missing for good.
  if (side_.has_marker && first_ > side_.marker.applied + 1) {
    ReadStore();
  }
  if (!side_.has_marker) {
    return Status::Ok();
  }
  const Lsn applied = side_.marker.applied;
  // The other end may be compared only with what the store had before the log was read.
  if (first_ > applied + 1) {
    damage->what = log_ + ": the log begins with record " + std::to_string(first_) +
                   ", but the store has everything up to record " + std::to_string(applied) +
                   " only";
    damage->first_lsn = applied + 1;
    damage->last_lsn = first_ - 1;
    damage->meaning =
        "records between are missing: the store is new or older than the log; their "
        "lines are lost unless their batches are sent again";
  } else if (last_ < opened_at_) {
    damage->what = log_ +
                   (segments_.empty() ? ": there is no log"
                                      : ": the log ends with record " + std::to_string(last_)) +
                   ", but the store has everything up to record " + std::to_string(opened_at_);
    damage->first_lsn = last_ + 1;
    damage->last_lsn = opened_at_;
    damage->in_store = true;
    damage->meaning =
        "the store has these records; whether others were logged behind them, nobody can say";
  }
  return Status::Ok();
}

// The engine has a reader of its own, which refuses where this one goes on: what it refuses is
// never called sound.
Status LogInspectorImpl::CheckWithEngine(LogJudge* judge) {
  if (!side_.has_marker || segments_.empty()) {
    return Status::Ok();
  }
  BatchLogOptions options;
  options.file_system = files_;
  LogTail tail;
  const Status read =
      BatchLog::Read(options, log_, side_.marker.database_id, side_.marker.applied, nullptr, &tail);
  if (read.ok() || read.Is(StatusCode::kTryAgain)) {
    return Status::Ok();
  }
  if (!read.Is(StatusCode::kCorruption)) {
    return read;
  }
  LogEntry entry;
  entry.kind = LogEntryKind::kDamage;
  entry.file = log_;
  entry.damage.what = read.message();
  entry.damage.meaning = "the engine does not open such a log";
  judge->TakeDamage(std::move(entry));
  return Status::Ok();
}

Status LogInspectorImpl::Verify(const ProgressFunction& progress, LogReport* report) {
  *report = {};
  for (const LogSegment& segment : segments_) {
    ++(segment.live ? report->segments : report->free_segments);
  }
  LogEntry ends;
  TS_RETURN_IF_ERROR(CheckEnds(&ends.damage));
  LogJudge judge(side_, report);
  if (!ends.damage.what.empty()) {
    ends.kind = LogEntryKind::kDamage;
    ends.file = log_;
    if (ends.damage.in_store) {
      judge.TakeEnd(last_);
    }
    judge.TakeDamage(std::move(ends));
  }
  EntryCursor cursor(files_, log_, &side_, {}, last_, false);
  uint64_t reported = 0;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    const LogEntry& entry = cursor.value();
    switch (entry.kind) {
      case LogEntryKind::kRecord:
        judge.TakeRecord(entry.record);
        report->bytes += entry.end_offset - entry.offset;
        break;
      case LogEntryKind::kDamage:
        judge.TakeDamage(entry);
        break;
      case LogEntryKind::kTornTail:
        report->torn_tail = true;
        report->torn_at = entry.file + " at byte " + std::to_string(entry.offset);
        break;
      case LogEntryKind::kReleased:
        ++report->released;
        break;
    }
    if (progress && report->lines - reported >= kProgressLines) {
      reported = report->lines;
      progress(reported, 0);
    }
  }
  TS_RETURN_IF_ERROR(cursor.status());
  if (report->damage_count == 0) {
    TS_RETURN_IF_ERROR(CheckWithEngine(&judge));
  }
  judge.Finish();
  return Status::Ok();
}

}  // namespace

Status LogInspector::Open(const Options& options, const std::string& path,
                          std::unique_ptr<LogInspector>* inspector) {
  return OpenLogInspector(options, path, FileSystem::Posix(), nullptr, inspector);
}

Status LogInspector::OpenKept(const Options& options, const std::string& path,
                              const std::string& name, std::unique_ptr<LogInspector>* inspector) {
  inspector->reset();
  if (name.find('/') != std::string::npos || name.rfind("log.", 0) != 0) {
    return Status::InvalidArgument(name +
                                   " is not the name of a log that a repair kept (log.damaged-1)");
  }
  auto made = std::make_unique<LogInspectorImpl>(options, path, name, FileSystem::Posix(), nullptr);
  TS_RETURN_IF_ERROR(made->Open());
  *inspector = std::move(made);
  return Status::Ok();
}

Status OpenLogInspector(const Options& options, const std::string& path, FileSystem* files,
                        rocksdb::Env* env, std::unique_ptr<LogInspector>* inspector) {
  inspector->reset();
  auto made = std::make_unique<LogInspectorImpl>(options, path, "", files, env);
  TS_RETURN_IF_ERROR(made->Open());
  *inspector = std::move(made);
  return Status::Ok();
}

}  // namespace tallystone
