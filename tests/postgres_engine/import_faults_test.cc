// A whole engine that imports while network and server fail at random moments, and the engine
// itself is killed: it ends with what an engine has that nobody disturbed.
//
//   TALLYSTONE_SEED=7 TALLYSTONE_PG_FAULTS=100 TALLYSTONE_PG_KILLS=100 postgres_engine_tests
//   --gtest_filter='*ImportFaults*'
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "engine_support/ingest_child.h"
#include "postgres_engine/servers_fixture.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Kind = ProxyFault::Kind;
using Target = ProxyFault::Target;

constexpr std::chrono::seconds kOneFaultMax(60);

Options SmallWindows() {
  Options options;
  options.window_lines_max = 1500;
  options.window_age_ms_max = 5;
  options.log_segment_bytes = 64u << 10;
  options.store_retry_delay_ms = 2;
  return options;
}

class ImportFaultsTest : public PostgresEngineTest {
 protected:
  struct Fault {
    std::string name;
    std::function<void()> begin;
    std::function<bool()> happened = [] { return true; };  // asked after `begin`
  };

  [[nodiscard]] ServerDatabase* database() const { return databases_.front().get(); }
  [[nodiscard]] TcpProxy* proxy() const { return database()->proxy(); }
  [[nodiscard]] PostgresServer* server() const { return database()->server(); }

  // A fault of the proxy at one of the next messages.
  Fault At(const std::string& name, ProxyFault fault) {
    fault.skip = random_.Below(fault.target == Target::kStatement ? 100 : 8);
    const uint64_t before = proxy()->counts().faults;
    return {name, [this, fault] { proxy()->Arm(fault); },
            [this, before] { return proxy()->counts().faults > before; }};
  }
  Fault KillAndRestart(const std::string& name, void (PostgresServer::*end)()) {
    const milliseconds down(random_.Below(200));
    return {name, [this, end, down] {
              (server()->*end)();
              std::this_thread::sleep_for(down);
              EXPECT_OK(server()->Restart());
            }};
  }
  Fault Choose(uint64_t number) {
    const std::string state(random_.Pick({"40001", "40P01", "55P03"}));
    switch (number % 12) {
      case 0:
        return KillAndRestart("SIGKILL, restart", &PostgresServer::Kill);
      case 1:
        return At("cut after COMMIT", {.kind = Kind::kCutAfter});
      case 2:
        return At("cut before COMMIT", {.kind = Kind::kCutBefore, .at_once = random_.OneIn(2)});
      case 3:
        return At("cut in the reply to COMMIT", {.kind = Kind::kCutInReply});
      case 4:
        return At("COMMIT fails " + state, {.kind = Kind::kRaise, .sqlstate = state});
      case 5:
        return KillAndRestart("immediate stop, restart", &PostgresServer::StopImmediate);
      case 6:
        return At("COMMIT that arrives late", {.kind = Kind::kCutBlind, .hold = milliseconds(60)});
      case 7:
        return At("statement fails " + state,
                  {.kind = Kind::kRaise, .target = Target::kStatement, .sqlstate = state});
      case 8: {
        const uint64_t before = proxy()->counts().faults;
        return {"connecting refused 53300",
                [this] {
                  proxy()->Arm(
                      {.kind = Kind::kRefuse, .target = Target::kConnect, .sqlstate = "53300"});
                  proxy()->CutAll();
                },
                [this, before] { return proxy()->counts().faults > before; }};
      }
      case 9:
        return {"network stalls", [this] {
                  proxy()->SetStalled(true);
                  std::this_thread::sleep_for(milliseconds(1200 + random_.Below(300)));
                  proxy()->SetStalled(false);
                }};
      case 10:
        return At("statement fails 53300",
                  {.kind = Kind::kRaise, .target = Target::kStatement, .sqlstate = "53300"});
      default:
        return {"all connections cut", [this] { proxy()->CutAll(); }};
    }
  }

  test::RandomSource random_{0};
};

TEST_F(ImportFaultsTest, NothingIsLostAndNothingIsThereTwice) {
  START_SERVERS(1);
  const uint64_t seed = test::TestSeed();
  random_ = test::RandomSource(seed);
  const uint64_t faults = FromEnvironment("TALLYSTONE_PG_FAULTS", 12);
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenEngine(SmallWindows(), directory_.database(), databases_, &engine));
  std::atomic<bool> over = false;
  std::atomic<uint64_t> sent = 0;
  uint64_t lines = 0;
  uint64_t refused = 0;
  std::thread import([&] {
    while (!over) {
      const Batch batch = ChildBatch(sent);
      BatchResult result;
      EXPECT_OK(Insist([&] {
        Status status = engine->Ingest(
            {.level = sent % 7 == 0 ? Durability::kApplied : Durability::kLogged}, batch, &result);
        refused += !status.ok();
        return status;
      }));
      ++sent;
      lines += batch.size();
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  std::map<std::string, uint64_t> counts;
  for (uint64_t index = 0; index < faults && !HasFailure(); ++index) {
    const Fault fault = Choose(index);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", fault " + std::to_string(index) + ": " +
                 fault.name);
    proxy()->SetDelay(std::chrono::microseconds(random_.Below(3) * 500));
    std::this_thread::sleep_for(milliseconds(random_.Below(60)));
    fault.begin();
    const auto deadline = Clock::now() + kOneFaultMax;
    while (!fault.happened() && Clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    EXPECT_TRUE(fault.happened()) << "it does not happen";
    ++counts[fault.name];
    // Before the next one it goes on.
    const uint64_t now = sent;
    while (sent < now + 5 && Clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    EXPECT_GE(sent, now + 5) << "the import stands still";
  }
  over = true;
  import.join();
  ASSERT_OK(Insist([&] { return engine->Flush(); }));
  const MetricsSnapshot metrics = engine->metrics();
  EXPECT_OK(engine->Close());
  engine.reset();
  std::printf(
      "seed %llu, %llu batches, %llu lines, %llu windows; %llu answers to the importer were "
      "no; the store: %llu repeats, %llu standstills; faults:\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(sent.load()),
      static_cast<unsigned long long>(lines),
      static_cast<unsigned long long>(metrics.drain_micros.count),
      static_cast<unsigned long long>(refused),
      static_cast<unsigned long long>(metrics.store_retries),
      static_cast<unsigned long long>(metrics.store_failures));
  for (const auto& [name, count] : counts) {
    std::printf("  %3llu %s\n", static_cast<unsigned long long>(count), name.c_str());
  }
  EXPECT_EQ(EmbeddedDigest([&](Engine* undisturbed) {
              for (uint64_t number = 0; number < sent; ++number) {
                BatchResult result;
                EXPECT_OK(undisturbed->Ingest({}, ChildBatch(number), &result));
              }
            }),
            SoundDigest(databases_));
  const std::string booked = database()->Value("SELECT sum(lines) FROM tallystone.balances");
  const std::string there = database()->Value("SELECT count(*) FROM tallystone.lines");
  std::printf("  lines booked: %s in balances, %s rows; refused by the store: %s\n", booked.c_str(),
              there.c_str(),
              database()
                  ->Value("SELECT count(*) FROM tallystone.dead_letters WHERE cause = "
                          "'store_rejected'")
                  .c_str());
  EXPECT_EQ(booked, there);
}

// --- the engine is killed ---

void CheckAcknowledged(Engine* engine, const std::set<uint64_t>& acknowledged) {
  for (const uint64_t number : acknowledged) {
    const Batch batch = ChildBatch(number);
    BatchInfo info;
    ASSERT_OK(engine->GetBatch(batch.tenant(), batch.id(), &info));
    EXPECT_TRUE(info.finished) << batch.id();
    EXPECT_EQ(info.lines, batch.size()) << batch.id();
  }
}

TEST_F(ImportFaultsTest, AnEngineThatIsKilledGoesOnWhereItWas) {
  START_SERVERS(1);
  const uint64_t seed = test::TestSeed();
  random_ = test::RandomSource(seed);
  const uint64_t kills = FromEnvironment("TALLYSTONE_PG_KILLS", 2);
  EngineDirectory undisturbed;
  int pipe = -1;
  pid_t child = StartIngestChild(undisturbed.database(), {}, &pipe);
  EXPECT_EQ(ReadAcknowledged(pipe).size(), kChildBatches);
  ASSERT_EQ(WaitForChild(child), 0);
  const std::string expected = undisturbed.SoundDigest();
  ASSERT_NE("", expected);

  const std::vector<std::string> servers = {database()->through_proxy()};
  auto directory = std::make_unique<EngineDirectory>();
  std::set<uint64_t> acknowledged;
  uint64_t killed = 0, finished = 0, failed = 0, servers_killed = 0, checked = 0;
  // How long a run takes is learned: the moments must be within it.
  uint64_t run_ms = 2000;
  for (uint64_t run = 0; killed < kills && !HasFailure(); ++run) {
    SCOPED_TRACE("run " + std::to_string(run) + " of seed " + std::to_string(seed));
    ASSERT_LT(run, 20 * kills) << "the child always ends before it is killed";
    const auto start = Clock::now();
    child = StartIngestChild(directory->database(), servers, &pipe);
    std::this_thread::sleep_for(milliseconds(random_.Below(run_ms)));
    // Now and then its server dies in the same moment, or its network.
    const uint64_t beside = random_.Below(4);
    if (beside == 0) {
      server()->Kill();
      ++servers_killed;
    } else if (beside == 1) {
      proxy()->CutAll();
    }
    kill(child, SIGKILL);
    acknowledged.merge(ReadAcknowledged(pipe));
    const int end = WaitForChild(child);
    if (beside == 0) {
      ASSERT_OK(server()->Restart());
    }
    ASSERT_TRUE(end == -SIGKILL || end == 0 || (end == 1 && beside < 2)) << end;
    killed += end == -SIGKILL;
    failed += end == 1;
    if (end == 0) {
      run_ms = 1 + std::min<uint64_t>(
                       run_ms,
                       static_cast<uint64_t>(
                           std::chrono::duration_cast<milliseconds>(Clock::now() - start).count()));
      ++finished;
      EXPECT_EQ(SoundDigest(databases_), expected);
      directory = std::make_unique<EngineDirectory>();
      ASSERT_OK(database()->Empty());
      acknowledged.clear();
    } else if (random_.OneIn(3)) {
      // With other windows than the child's. The next child may find what this one has left.
      std::unique_ptr<Engine> engine;
      ASSERT_OK(OpenEngine(QuietOptions(), directory->database(), databases_, &engine));
      ASSERT_NO_FATAL_FAILURE(CheckAcknowledged(engine.get(), acknowledged));
      ++checked;
    }
  }
  child = StartIngestChild(directory->database(), servers, &pipe);
  EXPECT_EQ(ReadAcknowledged(pipe).size(), kChildBatches);
  EXPECT_EQ(WaitForChild(child), 0);
  EXPECT_EQ(SoundDigest(databases_), expected);
  std::printf(
      "seed %llu: engine killed %llu times, server beside it %llu times; runs that finished "
      "%llu, that gave up %llu, that were looked at %llu\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(killed),
      static_cast<unsigned long long>(servers_killed), static_cast<unsigned long long>(finished),
      static_cast<unsigned long long>(failed), static_cast<unsigned long long>(checked));
}

// --- the server's disk is full ---

TEST_F(ImportFaultsTest, AFullDiskOfTheServerIsWaitedForAndRefusesNoLine) {
  const Status installed = PostgresServer::Installed();
  if (!installed.ok() || ::geteuid() != 0) {
    GTEST_SKIP() << (installed.ok() ? "only root may mount a small file system"
                                    : installed.message());
  }
  PostgresOptions server_options;
  server_options.space_bytes = 128 << 20;
  std::unique_ptr<PostgresServer> small;
  const Status started = PostgresServer::Start(server_options, &small);
  if (started.message().find("mounting") != std::string::npos) {
    GTEST_SKIP() << started.message();
  }
  ASSERT_OK(started);
  Options options = SmallWindows();
  options.window_lines_max = 4000;
  options.servers = {small->connection()};
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open(options, directory_.database(), &engine));
  uint64_t sent = 0;
  BatchResult result;
  for (; sent < 5; ++sent) {
    ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, ChildBatch(sent), &result));
  }
  ASSERT_OK(small->FillSpace(256 << 10));
  Status status;
  for (; status.ok() && sent < 3000; sent += status.ok()) {
    status = engine->Ingest({.level = Durability::kApplied}, ChildBatch(sent), &result);
  }
  EXPECT_CODE(kNoSpace, status);
  EXPECT_EQ(0u, engine->metrics().windows_refused);
  // What is acknowledged by the log goes on until the window is full.
  const uint64_t before = sent;
  while ((status = engine->Ingest({}, ChildBatch(sent), &result)).ok() && sent < before + 3000) {
    ++sent;
  }
  EXPECT_GT(sent, before);
  EXPECT_CODE(kUnavailable, status);
  ASSERT_OK(small->FreeSpace());
  ASSERT_OK(Insist([&] { return engine->Ingest({}, ChildBatch(sent), &result); }));
  ++sent;
  ASSERT_OK(Insist([&] { return engine->Flush(); }));
  EXPECT_EQ(0u, engine->metrics().windows_refused);
  EXPECT_OK(engine->Close());
  engine.reset();
  std::string rejected;
  ASSERT_OK(small->Execute(
      "SELECT count(*) FROM tallystone.dead_letters WHERE cause = 'store_rejected'", &rejected));
  EXPECT_EQ("0", rejected);
  EXPECT_EQ(EmbeddedDigest([&](Engine* other) {
              for (uint64_t number = 0; number < sent; ++number) {
                EXPECT_OK(other->Ingest({}, ChildBatch(number), &result));
              }
            }),
            SoundDigestAt(small->connection()));
}

}  // namespace
}  // namespace tallystone::testing
