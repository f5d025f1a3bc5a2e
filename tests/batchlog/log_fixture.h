// The verbs of the batch log's tests: a log on a disk in memory.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "batchlog/batch_log.h"
#include "batchlog/format.h"
#include "support/fault_file_system.h"
#include "support/status_matchers.h"

namespace tallystone {

inline const std::string kLogDirectory = "log";
inline const std::string kDatabaseId = "0123456789abcdef";

using Entry = std::pair<Lsn, std::string>;

inline std::string PathOfSegment(uint64_t sequence) {
  return kLogDirectory + "/" + batchlog::SegmentName(sequence);
}

// Payloads as large as two to a segment of 8192 bytes.
inline std::string LargePayload(const std::string& name) {
  std::string payload = name;
  payload.resize(1700, '.');
  return payload;
}

class LogTest : public testing::Test {
 protected:
  LogTest() {
    options_.file_system = &disk_;
    options_.segment_bytes = 8192;
  }

  Status TryOpen(Lsn after = 0) {
    log_.reset();
    replayed_.clear();
    return BatchLog::Open(
        options_, kLogDirectory, kDatabaseId, after,
        [this](const LoggedChunk& chunk) {
          replayed_.emplace_back(chunk.lsn, *chunk.payload);
          return Status::Ok();
        },
        [this](const LoggedChunk& chunk) { durable_.emplace_back(chunk.lsn, *chunk.payload); },
        &log_);
  }
  void Open(Lsn after = 0) { ASSERT_OK(TryOpen(after)); }

  Status TryRead(Lsn after, std::vector<Entry>* entries, LogTail* tail) {
    entries->clear();
    return BatchLog::Read(
        options_, kLogDirectory, kDatabaseId, after,
        [entries](const LoggedChunk& chunk) {
          entries->emplace_back(chunk.lsn, *chunk.payload);
          return Status::Ok();
        },
        tail);
  }

  Lsn Append(const std::string& payload) {
    Lsn lsn = 0;
    EXPECT_OK(log_->Append(std::make_shared<const std::string>(payload), &lsn));
    return lsn;
  }
  Lsn AppendSynced(const std::string& payload) {
    const Lsn lsn = Append(payload);
    EXPECT_OK(log_->Sync(lsn));
    return lsn;
  }
  // Records first..last, each in a group of its own.
  void Fill(int first, int last) {
    for (int number = first; number <= last; ++number) {
      AppendSynced(LargePayload("record " + std::to_string(number)));
    }
  }

  std::string Bytes(uint64_t sequence) { return disk_.Contents(PathOfSegment(sequence)).value(); }
  void FlipByte(uint64_t sequence, size_t offset) {
    std::string bytes = Bytes(sequence);
    bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ 0x10);
    disk_.SetContents(PathOfSegment(sequence), bytes);
  }
  void Shrink(uint64_t sequence, size_t size) {
    disk_.SetContents(PathOfSegment(sequence), Bytes(sequence).substr(0, size));
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    EXPECT_OK(disk_.List(kLogDirectory, &names));
    return names;
  }

  FaultFileSystem disk_;
  BatchLogOptions options_;
  std::vector<Entry> replayed_;
  std::vector<Entry> durable_;
  std::unique_ptr<BatchLog> log_;  // last: its destructor may still hand on records
};

}  // namespace tallystone
