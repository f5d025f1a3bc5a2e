#include "batchlog/log_walk.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/check.h"
#include "batchlog/segment_end.h"

namespace tallystone::batchlog {
namespace {

// A group that is being written looks torn: its writer is given this long.
constexpr std::chrono::milliseconds kWriterDelay(2);
constexpr int kWriterDelays = 5;

std::string Records(Lsn first, Lsn last) {
  return first == last ? "record " + std::to_string(first)
                       : "records " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

std::string LogWalk::PathOf(uint64_t sequence) const {
  return directory_ + "/" + SegmentName(sequence);
}

Status LogWalk::Next(LogStep* step) {
  if (!begun_) {
    begun_ = true;
    TS_RETURN_IF_ERROR(ListSegments(file_system_, directory_, &segments_, &free_));
  }
  *step = {};
  for (bool told = false; !told;) {
    if (reader_ != nullptr) {
      TS_RETURN_IF_ERROR(ReadSegment(step, &told));
    } else if (index_ < segments_.size()) {
      TS_RETURN_IF_ERROR(EnterSegment(step, &told));
    } else {
      return Status::Ok();  // kEnd
    }
  }
  return Status::Ok();
}

Status LogWalk::ListAgain() {
  std::vector<LiveSegment> now;
  std::vector<uint64_t> free;
  TS_RETURN_IF_ERROR(ListSegments(file_system_, directory_, &now, &free));
  const uint64_t before = index_ == 0 ? 0 : segments_[index_ - 1].sequence;
  std::erase_if(now, [&](const LiveSegment& segment) { return segment.sequence <= before; });
  segments_.resize(index_);
  segments_.insert(segments_.end(), now.begin(), now.end());
  return Status::Ok();
}

void LogWalk::Tell(LogStepKind kind, LogStep* step, bool* told) {
  step->kind = kind;
  step->sequence = entered_;
  step->offset = offset_;
  *told = true;
}

void LogWalk::LeaveSegment() {
  reader_.reset();
  ++index_;
}

// Whatever comes next may begin anywhere. The segment that is being written is never released: if
// this one was the last that we knew, there are newer ones.
Status LogWalk::Release(LogStep* step, bool* told) {
  Tell(LogStepKind::kReleased, step, told);
  step->what =
      PathOf(entered_) + " was released while it was read: the store has everything that was in it";
  LeaveSegment();
  next_ = 0;
  hole_from_.reset();
  return index_ < segments_.size() ? Status::Ok() : ListAgain();
}

Status LogWalk::PeekFirst(size_t index, std::optional<Lsn>* first) {
  first->reset();
  for (++index; index < segments_.size() && !first->has_value(); ++index) {
    std::unique_ptr<SegmentReader> reader;
    const Status opened = SegmentReader::Open(file_system_, directory_, segments_[index].sequence,
                                              database_id_, &reader);
    if (opened.ok()) {
      *first = reader->header().first;
    } else if (opened.Is(StatusCode::kIoError)) {
      return opened;
    }
  }
  return Status::Ok();
}

Status LogWalk::EnterSegment(LogStep* step, bool* told) {
  if (headless_ != nullptr) {
    return Begin(std::move(headless_), headless_at_, next_, step, told);
  }
  entered_ = segments_[index_].sequence;
  offset_ = 0;
  std::unique_ptr<SegmentReader> reader;
  const Status opened =
      SegmentReader::Open(file_system_, directory_, entered_, database_id_, &reader);
  if (opened.Is(StatusCode::kIoError)) {
    return opened;
  }
  if (!opened.ok()) {
    return IsGone(entered_) ? Release(step, told) : TellHeader(opened, step, told);
  }
  database_id_ = reader->header().database_id;
  hole_from_.reset();
  const Lsn first = reader->header().first;
  if (next_ != 0 && first != next_) {
    bool changed = false;
    TS_RETURN_IF_ERROR(CheckGap(&changed));
    if (!changed) {
      TellGap(first, step, told);
    }
    return Status::Ok();
  }
  return Begin(std::move(reader), kSegmentHeaderBytes, first, step, told);
}

Status LogWalk::Begin(std::unique_ptr<SegmentReader> reader, uint64_t offset, Lsn first,
                      LogStep* step, bool* told) {
  Tell(LogStepKind::kSegment, step, told);
  step->lsn = next_ = first;
  reader_ = std::move(reader);
  offset_ = offset;
  waited_at_ = 0;
  limit_.reset();
  if (index_ + 1 < segments_.size()) {
    const Status neighbour = SegmentReader::Open(
        file_system_, directory_, segments_[index_ + 1].sequence, database_id_, &reader);
    if (neighbour.Is(StatusCode::kIoError)) {
      return neighbour;
    }
    if (neighbour.ok()) {
      limit_ = reader->header().first;
    }
  }
  return Status::Ok();
}

Status LogWalk::TellHeader(const Status& damage, LogStep* step, bool* told) {
  // What is of another database, or of a newer version, is not ours to read.
  if (damage.Is(StatusCode::kCorruption)) {
    TS_RETURN_IF_ERROR(TryHeadless(step, told));
    if (*told) {
      step->what = damage.message() + "; the records behind it can be read";
      return Status::Ok();
    }
  }
  Tell(LogStepKind::kDamage, step, told);
  step->what = damage.message();
  // Of several such segments in a row nobody knows where the one ends and the next begins.
  hole_from_ = hole_from_.value_or(next_);
  next_ = *hole_from_;
  std::optional<Lsn> behind;
  TS_RETURN_IF_ERROR(PeekFirst(index_, &behind));
  SetLost(behind.value_or(0), step);
  LeaveSegment();
  return Status::Ok();
}

Status LogWalk::TryHeadless(LogStep* step, bool* told) {
  std::unique_ptr<SegmentReader> reader;
  TS_RETURN_IF_ERROR(SegmentReader::OpenHeadless(file_system_, directory_, entered_, &reader));
  std::optional<Lsn> behind;
  TS_RETURN_IF_ERROR(PeekFirst(index_, &behind));
  Record record;
  bool found = false;
  TS_RETURN_IF_ERROR(
      reader->FindAfter(kSegmentHeaderBytes - kRecordAlignment, &record, &headless_at_, &found));
  const Lsn expected = hole_from_.value_or(next_);
  // What the next segment claims is dead here.
  if (!found || record.header.lsn < expected ||
      (behind.has_value() && record.header.lsn >= *behind)) {
    return Status::Ok();
  }
  Tell(LogStepKind::kDamage, step, told);
  step->end_offset = headless_at_;
  // The first record of all may have stood anywhere behind the header.
  step->nothing_lost =
      expected == 0 ? headless_at_ == kSegmentHeaderBytes : record.header.lsn == expected;
  next_ = expected;
  if (step->nothing_lost) {
    next_ = record.header.lsn;
  } else {
    SetLost(record.header.lsn, step);
  }
  hole_from_.reset();
  headless_ = std::move(reader);
  return Status::Ok();
}

// The listing may have passed over a segment, or those before this one were released.
Status LogWalk::CheckGap(bool* changed) {
  TS_CHECK(index_ > 0);  // something was read before
  if (IsGone(segments_[index_ - 1].sequence)) {
    *changed = true;
    next_ = 0;
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(ListAgain());
  *changed = index_ >= segments_.size() || segments_[index_].sequence != entered_;
  return Status::Ok();
}

void LogWalk::TellGap(Lsn first, LogStep* step, bool* told) {
  Tell(LogStepKind::kDamage, step, told);
  step->what =
      PathOf(entered_) + " at byte 24: the segment begins with record " + std::to_string(first);
  if (first > next_) {
    step->what += ", but " + Records(next_, first - 1) + " before it are not in the log";
    step->first_lost = next_;
    step->last_lost = first - 1;
  } else {
    step->what += ", which is before the end of the segment before it";
  }
  next_ = first;  // the segment comes with the next step
}

Status LogWalk::ReadSegment(LogStep* step, bool* told) {
  if (limit_.has_value() && next_ >= *limit_) {
    LeaveSegment();
    return Status::Ok();
  }
  Record record;
  bool found = false;
  TS_RETURN_IF_ERROR(reader_->ReadAt(offset_, &record, &found));
  if (!found) {
    reader_->Refresh();  // the writer may have been faster than the window
    TS_RETURN_IF_ERROR(reader_->ReadAt(offset_, &record, &found));
  }
  // What the next segment claims is dead here (format.h, 4).
  if (found && !(limit_.has_value() && record.header.lsn >= *limit_)) {
    TakeSound(record, step, told);
    return Status::Ok();
  }
  return JudgeHole(step, told);
}

void LogWalk::TakeSound(const Record& record, LogStep* step, bool* told) {
  const RecordHeader& header = record.header;
  const std::string at = PathOf(entered_) + " at byte " + std::to_string(offset_) + ": ";
  if (header.lsn > next_) {
    Tell(LogStepKind::kDamage, step, told);
    step->what = at + "record " + std::to_string(header.lsn) + " stands where record " +
                 std::to_string(next_) + " should";
    step->end_offset = offset_;
    step->first_lost = next_;
    step->last_lost = header.lsn - 1;
    next_ = header.lsn;  // it comes with the next step
    return;
  }
  Tell(LogStepKind::kRecord, step, told);
  step->end_offset = record.end;
  step->lsn = header.lsn;
  step->payload = record.payload;
  offset_ = record.end;
  if (header.lsn < next_) {
    step->kind = LogStepKind::kDamage;
    step->first_lost = step->last_lost = header.lsn;
    step->what = at + "record " + std::to_string(header.lsn) + " stands where record " +
                 std::to_string(next_) + " should";
    return;
  }
  next_ = header.lsn + 1;
  if (header.synced >= header.lsn || header.synced < synced_) {
    step->kind = LogStepKind::kDamage;
    step->first_lost = step->last_lost = header.lsn;
    step->what = at + "record " + std::to_string(header.lsn) + " says that record " +
                 std::to_string(header.synced) +
                 " was the last durable one, which cannot be: the one before it says " +
                 std::to_string(synced_);
  }
  synced_ = std::max(synced_, std::min(header.synced, header.lsn - 1));
}

Status LogWalk::JudgeHole(LogStep* step, bool* told) {
  std::string proof = "the segment after it was begun when this record was durable";
  if (!limit_.has_value()) {
    SegmentEnd end;
    TS_RETURN_IF_ERROR(JudgeEnd(reader_.get(), offset_, next_, &end));
    if (end.grown) {
      return Status::Ok();
    }
    if (!end.damaged) {
      return EndSegment(end.torn, step, told);
    }
    proof = "record " + std::to_string(end.witness) + " at byte " + std::to_string(end.witness_at) +
            " was written after it was durable";
  }
  const std::string what = PathOf(entered_) + " at byte " + std::to_string(offset_) + ": record " +
                           std::to_string(next_) + " cannot be read, but " + proof;
  Record record;
  bool found = false;
  uint64_t resume = offset_;
  do {
    TS_RETURN_IF_ERROR(reader_->FindAfter(resume, &record, &resume, &found));
  } while (found &&
           (record.header.lsn < next_ || (limit_.has_value() && record.header.lsn >= *limit_)));
  if (IsGone(entered_)) {
    return Release(step, told);
  }
  Tell(LogStepKind::kDamage, step, told);
  step->what = what;
  if (found) {
    step->end_offset = offset_ = resume;
    SetLost(record.header.lsn, step);
    return Status::Ok();
  }
  step->end_offset = reader_->header().bytes;
  std::optional<Lsn> behind = limit_;
  if (!behind.has_value()) {
    TS_RETURN_IF_ERROR(PeekFirst(index_, &behind));
  }
  SetLost(behind.value_or(0), step);
  LeaveSegment();
  return Status::Ok();
}

Status LogWalk::EndSegment(bool torn, LogStep* step, bool* told) {
  const bool newest = index_ + 1 == segments_.size();
  if (torn && newest && waited_at_ < offset_) {
    waited_at_ = offset_;
    bool found = false;
    for (int delay = 0; delay < kWriterDelays && !found; ++delay) {
      std::this_thread::sleep_for(kWriterDelay);
      Record record;
      reader_->Refresh();
      TS_RETURN_IF_ERROR(reader_->ReadAt(offset_, &record, &found));
    }
    return Status::Ok();  // look again
  }
  if (IsGone(entered_)) {
    return Release(step, told);
  }
  if (torn && newest) {
    Tell(LogStepKind::kTornTail, step, told);
    step->end_offset = offset_;
    step->what = PathOf(entered_) + " at byte " + std::to_string(offset_) +
                 ": an unfinished group that was never acknowledged";
  }
  LeaveSegment();
  return Status::Ok();
}

void LogWalk::SetLost(Lsn next, LogStep* step) {
  if (next == 0 || next > next_) {
    step->first_lost = next_;
    step->last_lost = next == 0 ? 0 : next - 1;
  }
  next_ = next;
}

}  // namespace tallystone::batchlog
