// Three servers with many tenants: one that is gone holds up nobody but its own, also while tenants
// move.
#include <atomic>
#include <cstdio>
#include <deque>
#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "postgres_engine/servers_fixture.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kTenants = 200;
constexpr uint64_t kThreads = 4;

std::string TenantName(uint64_t index) {
  return "tenant " + std::to_string(index);
}

Batch SomeLines(uint64_t tenant, uint64_t number) {
  test::RandomSource random(tenant * 1000 + number);
  Batch batch(TenantName(tenant), "batch " + std::to_string(number));
  const uint64_t lines = 1 + random.Below(20);
  for (uint64_t line = 0; line < lines; ++line) {
    const std::string code = "C" + std::to_string(random.Below(12));
    batch.AddText({.code = code,
                   .quantity = random.Pick({"1", "2.5", "-3", "six"}),
                   .unit_cost = random.Pick({"1", "0.000001", "99.5"})});
  }
  return batch;
}

class ThreeServersTest : public PostgresEngineTest {
 protected:
  // Sends one batch of each tenant of a thread, from the next number on; those that are refused for
  // now wait for the next round, and so do all that come after them.
  class Sender {
   public:
    Sender(uint64_t thread, std::vector<std::atomic<uint64_t>>* sent)
        : thread_(thread), sent_(sent) {}
    void Round(Engine* engine, uint64_t rounds) {
      for (uint64_t tenant = thread_; tenant < kTenants; tenant += kThreads) {
        while ((*sent_)[tenant] < rounds) {
          BatchResult result;
          const Status status = engine->Ingest({}, SomeLines(tenant, (*sent_)[tenant]), &result);
          if (!status.ok()) {
            EXPECT_CODE(kUnavailable, status);
            break;
          }
          ++(*sent_)[tenant];
        }
      }
    }

   private:
    const uint64_t thread_;
    std::vector<std::atomic<uint64_t>>* const sent_;
  };

  // Numbers of the tenants on one server.
  [[nodiscard]] std::set<uint64_t> TenantsOf(size_t server) const {
    std::set<uint64_t> tenants;
    std::string names = databases_[server]->Value(
        "SELECT string_agg(substr(name, 8), ' ') FROM tallystone.tenants WHERE name IS NOT NULL "
        "AND owner = 'here'");
    for (size_t at = 0; at < names.size();) {
      size_t used = 0;
      tenants.insert(std::stoull(names.substr(at), &used));
      at += used;
    }
    return tenants;
  }
};

TEST_F(ThreeServersTest, OneThatIsKilledHoldsUpItsOwnTenantsOnlyAndTwoTenantsMove) {
  START_SERVERS(3);
  Options options;
  options.window_lines_max = 4000;
  options.window_age_ms_max = 10;
  options.log_segment_bytes = 64u << 10;
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenEngine(options, directory_.database(), databases_, &engine));
  std::vector<std::atomic<uint64_t>> sent(kTenants);
  std::atomic<uint64_t> rounds = 1;
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Sender sender(thread, &sent);
      while (!over) {
        sender.Round(engine.get(), rounds);
        std::this_thread::sleep_for(milliseconds(1));
      }
      sender.Round(engine.get(), rounds);
    });
  }
  const auto wait_for = [&](const std::set<uint64_t>& tenants, uint64_t number) {
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    for (const uint64_t tenant : tenants) {
      while (sent[tenant] < number && Clock::now() < deadline) {
        std::this_thread::sleep_for(milliseconds(2));
      }
      EXPECT_GE(sent[tenant], number) << TenantName(tenant) << " does not go on";
    }
  };
  std::set<uint64_t> all;
  for (uint64_t tenant = 0; tenant < kTenants; ++tenant) {
    all.insert(tenant);
  }
  wait_for(all, 1);
  EXPECT_OK(engine->Flush());
  std::vector<std::set<uint64_t>> tenants;
  for (size_t server = 0; server < 3; ++server) {
    tenants.push_back(TenantsOf(server));
    EXPECT_GT(tenants.back().size(), kTenants / 6) << "server " << server;
  }
  EXPECT_EQ(kTenants, tenants[0].size() + tenants[1].size() + tenants[2].size());

  // In the middle of the import.
  rounds = 4;
  std::this_thread::sleep_for(milliseconds(50));
  databases_[1]->server()->Kill();
  const auto killed = Clock::now();
  std::set<uint64_t> others = tenants[0];
  others.insert(tenants[2].begin(), tenants[2].end());
  // One tenant moves between those that are there, one to the one that is down, once it is back.
  const uint64_t leaving = *tenants[0].begin();
  const uint64_t waiting = *tenants[2].begin();
  std::atomic<bool> left = false, arrived = false;
  std::thread mover([&] {
    EXPECT_OK(Insist([&] { return engine->MoveTenant(TenantName(leaving), "server 2"); }));
    left = true;
    EXPECT_OK(Insist([&] { return engine->MoveTenant(TenantName(waiting), "server 1"); }));
    arrived = true;
  });
  rounds = 14;
  wait_for(others, 14);
  const auto acknowledged = Clock::now() - killed;
  // The server that is down has none of it, and some of it is acknowledged by the log.
  uint64_t down = 0;
  for (const uint64_t tenant : tenants[1]) {
    down += sent[tenant];
  }
  EXPECT_GT(down, tenants[1].size()) << "the log takes what the server cannot";
  const auto deadline_of_move = Clock::now() + std::chrono::seconds(20);
  while (!left && Clock::now() < deadline_of_move) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_TRUE(left) << "a move between two servers does not wait for a third";
  const auto moved = Clock::now() - killed;
  tenants[0].erase(leaving);
  tenants[2].insert(leaving);
  EXPECT_EQ(tenants[0], TenantsOf(0));
  EXPECT_EQ(tenants[2], TenantsOf(2));
  // In the stores of the others too, while it is down.
  for (const size_t server : {0, 2}) {
    uint64_t lines = 0, accepted = 0;
    for (const uint64_t tenant : tenants[server]) {
      for (uint64_t number = 0; number < 14; ++number) {
        lines += SomeLines(tenant, number).size();
      }
    }
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    while (accepted < lines && Clock::now() < deadline) {
      accepted = std::stoull(
          databases_[server]->Value("SELECT COALESCE(sum(lines), 0) FROM tallystone.batches"));
    }
    EXPECT_EQ(lines, accepted) << "server " << server << ", while another one is down";
    BatchResult result;
    EXPECT_OK(engine->Ingest({.level = Durability::kApplied},
                             SomeLines(*tenants[server].begin(), 0), &result));
  }
  const auto applied = Clock::now() - killed;
  EXPECT_FALSE(databases_[1]->server()->running());
  EXPECT_FALSE(arrived) << "a tenant is on a server that is down";
  ASSERT_OK(databases_[1]->server()->Restart());
  wait_for(all, 14);
  over = true;
  mover.join();
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_OK(Insist([&] { return engine->Flush(); }));
  EXPECT_OK(engine->Close());
  engine.reset();
  tenants[2].erase(waiting);
  tenants[1].insert(waiting);
  for (size_t server = 0; server < 3; ++server) {
    EXPECT_EQ(tenants[server], TenantsOf(server)) << "server " << server;
  }
  const auto in_ms = [](auto duration) {
    return static_cast<unsigned long long>(
        std::chrono::duration_cast<milliseconds>(duration).count());
  };
  std::printf(
      "tenants %zu, %zu, %zu; while the second server was down the others' batches were "
      "acknowledged in %llu ms and in their stores after %llu ms, and a tenant had moved after "
      "%llu "
      "ms\n",
      tenants[0].size(), tenants[1].size(), tenants[2].size(), in_ms(acknowledged), in_ms(applied),
      in_ms(moved));
  EXPECT_EQ(EmbeddedDigest([&](Engine* other) {
              for (uint64_t tenant = 0; tenant < kTenants; ++tenant) {
                for (uint64_t number = 0; number < 14; ++number) {
                  BatchResult result;
                  EXPECT_OK(other->Ingest({}, SomeLines(tenant, number), &result));
                }
              }
            }),
            SoundDigest(databases_));
}

}  // namespace
}  // namespace tallystone::testing
