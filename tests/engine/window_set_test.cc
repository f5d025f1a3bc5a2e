// What somebody who waits for room in a full window is told.
#include "ingest/window_set.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "model/chunk.h"
#include "support/status_matchers.h"

namespace tallystone {
namespace {

LoggedChunk OneLine(Lsn lsn) {
  Chunk chunk;
  chunk.header.tenant = 1;
  chunk.header.batch = "b";
  chunk.header.first_line = lsn;
  ChunkLine& line = chunk.lines.emplace_back();
  line.number = lsn;
  line.item = 1;
  line.decided_by = DecidedBy::kCode;
  line.quantity = 1;
  auto payload = std::make_shared<std::string>();
  EncodeChunk(chunk, payload.get());
  return {lsn, std::move(payload)};
}

// One window drains, the other is full.
class FullWindowsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(windows_.Add(OneLine(1)));
    ASSERT_NE(nullptr, windows_.Take());
    ASSERT_OK(windows_.Add(OneLine(2)));
    ASSERT_TRUE(windows_.full());
  }
  static Options OneLineWindows() {
    Options options;
    options.window_lines_max = 1;
    return options;
  }
  // What somebody is told who waits already when `cause` becomes known.
  Status ToldWhileWaiting(Status cause) {
    auto told = std::async(std::launch::async, [this] { return windows_.WaitForRoom(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    windows_.SetStalled(std::move(cause));
    return told.get();
  }

  IngestMetrics metrics_;
  WindowSet windows_{OneLineWindows(), nullptr, 0, &metrics_};
};

TEST_F(FullWindowsTest, AnotherWriterIsToldAsSuch) {
  const Status told = ToldWhileWaiting(Status::Fenced("another writer took over"));
  EXPECT_TRUE(told.Is(StatusCode::kFenced)) << told.ToString();
  EXPECT_EQ("another writer took over", told.message());
}

TEST_F(FullWindowsTest, AStoreThatCannotBeWrittenIsUnavailableWithItsCause) {
  const Status told = ToldWhileWaiting(Status::NoSpace("no room"));
  EXPECT_TRUE(told.Is(StatusCode::kUnavailable)) << told.ToString();
  EXPECT_NE(std::string::npos, told.message().find("no room"));
}

}  // namespace
}  // namespace tallystone
