// kill -9 at random moments: what was acknowledged is there, each line once, and after sending
// everything again the state equals that of an uninterrupted run (laws L1, L2, L7).
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "engine_support/engine_fixture.h"
#include "engine_support/ingest_child.h"
#include "model/random_source.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

int Kills() {
  const char* given = std::getenv("TALLYSTONE_KILLS");
  return given != nullptr ? std::atoi(given) : 50;
}

// Reopens with windows of another size than the child's, so that the tail is folded anew.
void CheckAcknowledged(const EngineDirectory& directory, const std::set<uint64_t>& acknowledged) {
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open(QuietOptions(), directory.database(), &engine));
  for (const uint64_t number : acknowledged) {
    const Batch batch = ChildBatch(number);
    BatchInfo info;
    ASSERT_OK(engine->GetBatch(batch.tenant(), batch.id(), &info));
    EXPECT_TRUE(info.finished) << batch.id();
    EXPECT_EQ(info.lines, batch.size()) << batch.id();
    EXPECT_EQ(info.items_processed + info.items_failed, info.lines) << batch.id();
  }
  std::set<std::tuple<std::string, std::string, uint64_t>> lines;
  uint64_t booked = 0;
  std::unique_ptr<Cursor<Transaction>> transactions;
  ASSERT_OK(engine->NewTransactionCursor({}, &transactions));
  for (transactions->SeekToFirst(); transactions->Valid(); transactions->Next(), ++booked) {
    const Transaction& line = transactions->value();
    EXPECT_TRUE(lines.insert({line.tenant, line.batch, line.line}).second)
        << line.batch << " line " << line.line << " was booked twice";
  }
  ASSERT_OK(transactions->status());
  transactions.reset();
  uint64_t summed = 0;
  std::unique_ptr<Cursor<Balance>> balances;
  ASSERT_OK(engine->NewBalanceCursor({}, &balances));
  for (balances->SeekToFirst(); balances->Valid(); balances->Next()) {
    summed += balances->value().lines;
  }
  ASSERT_OK(balances->status());
  EXPECT_EQ(summed, booked);
}

// The digest after a run that nobody disturbs, and how long it took.
std::string UninterruptedDigest(int64_t* micros) {
  EngineDirectory directory;
  const auto start = std::chrono::steady_clock::now();
  int pipe = -1;
  const pid_t child = StartIngestChild(directory.database(), {}, &pipe);
  EXPECT_EQ(ReadAcknowledged(pipe).size(), kChildBatches);
  EXPECT_EQ(WaitForChild(child), 0);
  *micros = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                  start)
                .count();
  return directory.SoundDigest();
}

TEST(KillTest, AtRandomMomentsLosesNothingAndDoublesNothing) {
  const uint64_t seed = test::TestSeed();
  test::RandomSource random(seed);
  int64_t run_micros = 0;
  const std::string expected = UninterruptedDigest(&run_micros);
  ASSERT_NE(expected, "");
  auto directory = std::make_unique<EngineDirectory>();
  std::set<uint64_t> acknowledged;
  int killed = 0;
  for (int run = 0; killed < Kills(); ++run) {
    ASSERT_LT(run, 20 * Kills()) << "the child always finishes before it is killed";
    SCOPED_TRACE("run " + std::to_string(run) + " of seed " + std::to_string(seed));
    int pipe = -1;
    const pid_t child = StartIngestChild(directory->database(), {}, &pipe);
    std::this_thread::sleep_for(std::chrono::microseconds(
        static_cast<int64_t>(random.Below(static_cast<uint64_t>(run_micros)))));
    kill(child, SIGKILL);
    acknowledged.merge(ReadAcknowledged(pipe));
    const int end = WaitForChild(child);
    ASSERT_TRUE(end == -SIGKILL || end == 0) << end;
    killed += end == -SIGKILL;
    // Not every time: the next child then has to recover by itself.
    if (random.OneIn(2)) {
      ASSERT_NO_FATAL_FAILURE(CheckAcknowledged(*directory, acknowledged));
    }
    if (::testing::Test::HasFailure()) {
      return;
    }
    if (end == 0) {
      EXPECT_EQ(directory->SoundDigest(), expected);
      directory = std::make_unique<EngineDirectory>();
      acknowledged.clear();
    }
  }
  int pipe = -1;
  const pid_t child = StartIngestChild(directory->database(), {}, &pipe);
  EXPECT_EQ(ReadAcknowledged(pipe).size(), kChildBatches);
  EXPECT_EQ(WaitForChild(child), 0);
  EXPECT_EQ(directory->SoundDigest(), expected);
}

}  // namespace
}  // namespace tallystone::testing
