// The store in PostgreSQL while network and server fail at random moments: driven as the drain
// drives it, it ends with the contents of the oracle, exactly.
//
//   TALLYSTONE_PG_FAULTS=100 TALLYSTONE_PG_SEED=7 postgres_store_tests --gtest_filter='*Faults*'
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "postgres_support/postgres_server.h"
#include "postgres_support/tcp_proxy.h"
#include "store/memory/memory_store.h"
#include "store/postgres/postgres_store.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Kind = ProxyFault::Kind;
using Target = ProxyFault::Target;

constexpr uint32_t kWaitMs = 1000;                 // of the store, for a byte from the server
constexpr std::chrono::seconds kOneWindowMax(90);  // all faults of one window included
constexpr size_t kCopyLinesMin = 20;               // some shares come by COPY, others do not
constexpr uint64_t kWindowsPerFaultMax = 200;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class PostgresFaultsTest : public ::testing::Test {
 protected:
  struct Fault {
    std::string name;
    std::function<void()> begin;                           // in a thread of its own
    std::function<bool()> happened = [] { return true; };  // asked after `begin`
  };

  void SetUp() override {
    const Status installed = PostgresServer::Installed();
    if (!installed.ok()) {
      GTEST_SKIP() << installed.message();
    }
    PostgresOptions options;
    options.tcp = true;
    ASSERT_OK(PostgresServer::Start(options, &server_));
    proxy_ = std::make_unique<TcpProxy>(server_->port());
    ASSERT_OK(proxy_->Start());
    ASSERT_OK(oracle_.Initialise(WindowMaker::EmptyMarker()));
    PostgresStoreOptions store_options;
    store_options.connection = PostgresServer::ConnectionTo(proxy_->port());
    store_options.create = true;
    store_options.wait_ms_max = kWaitMs;
    store_options.copy_lines_min = kCopyLinesMin;
    ASSERT_OK(PostgresStore::Open(store_options, &store_));
    ASSERT_OK(store_->TakeOver());
    ASSERT_OK(store_->Initialise(WindowMaker::EmptyMarker()));
  }

  uint64_t Random(uint64_t end) { return random_() % end; }

  // A fault of the proxy at one of the next messages.
  Fault At(const std::string& name, ProxyFault fault, uint64_t skip_end) {
    fault.skip = Random(skip_end);
    const uint64_t before = proxy_->counts().faults;
    return {name, [this, fault] { proxy_->Arm(fault); },
            [this, before] { return proxy_->counts().faults > before; }};
  }
  // Something else, in the middle of a window or between two.
  Fault After(const std::string& name, std::function<void()> begin) {
    const milliseconds wait(Random(25));
    return {name, [wait, begin] {
              std::this_thread::sleep_for(wait);
              begin();
            }};
  }

  Fault Choose(uint64_t number) {
    constexpr uint64_t kCommits = 8;
    constexpr uint64_t kStatements = 100;
    const std::string state = std::vector<std::string>{"40001", "40P01", "55P03"}[Random(3)];
    switch (number % 15) {
      case 0:
        return At("cut before COMMIT", {.kind = Kind::kCutBefore}, kCommits);
      case 1:
        return At("cut after COMMIT", {.kind = Kind::kCutAfter}, kCommits);
      case 2:
        return At("COMMIT fails " + state, {.kind = Kind::kRaise, .sqlstate = state}, kCommits);
      case 3:
        return After("SIGKILL, restart", [this] {
          server_->Kill();
          EXPECT_OK(server_->Restart());
        });
      case 4:
        return At("statement fails " + state,
                  {.kind = Kind::kRaise, .target = Target::kStatement, .sqlstate = state},
                  kStatements);
      case 5:
        return After("network stalls", [this] {
          proxy_->SetStalled(true);
          std::this_thread::sleep_for(milliseconds(kWaitMs + 200 + Random(500)));
          proxy_->SetStalled(false);
        });
      case 6:
        return At("cut in the reply to COMMIT", {.kind = Kind::kCutInReply}, kCommits);
      case 7:
        return After("immediate stop, restart", [this] {
          server_->StopImmediate();
          EXPECT_OK(server_->Restart());
        });
      case 8:
        return At("cut before COMMIT, locks held", {.kind = Kind::kCutBefore, .at_once = true},
                  kCommits);
      case 9:
        return At("cut blindly at COMMIT", {.kind = Kind::kCutBlind}, kCommits);
      case 10:
        return At("statement refused 53300",
                  {.kind = Kind::kRefuse, .target = Target::kStatement, .sqlstate = "53300"},
                  kStatements);
      case 11:
        return After("no connections for a while", [this] {
          proxy_->SetRefusing(true);
          proxy_->CutAll();
          std::this_thread::sleep_for(milliseconds(Random(300)));
          proxy_->SetRefusing(false);
        });
      case 12:
        return At("cut before a statement",
                  {.kind = Kind::kCutBefore, .target = Target::kStatement}, kStatements);
      case 13:
        return At("COMMIT arrives late",
                  {.kind = Kind::kCutBlind, .hold = milliseconds(20 + Random(200))}, kCommits);
      default:
        return After("shutdown, restart", [this] {
          EXPECT_OK(server_->Stop());
          EXPECT_OK(server_->Restart());
        });
    }
  }

  // As the drain: the marker says whether an attempt that seemed to fail had worked.
  void Drive(uint64_t number) {
    const SortedWindow window = maker_.Make(number);
    const auto deadline = Clock::now() + kOneWindowMax;
    Status status;
    for (milliseconds pause(1);; pause = std::min(2 * pause, milliseconds(100))) {
      Marker marker;
      status = store_->ReadMarker(&marker);
      if (status.ok() && marker.applied >= window.last) {
        break;
      }
      if (status.ok()) {
        ASSERT_EQ(window.first, marker.applied + 1) << "a window was lost or came twice";
        status = store_->Apply(window, maker_.MarkerOf(number), nullptr);
      }
      if (status.ok()) {
        break;
      }
      ++refusals_[std::string(StatusCodeName(status.code()))];
      ASSERT_TRUE(status.Is(StatusCode::kTryAgain) || status.Is(StatusCode::kUnavailable))
          << status.ToString();
      ASSERT_LT(Clock::now(), deadline) << status.ToString();
      std::this_thread::sleep_for(pause);
      if (status.Is(StatusCode::kUnavailable)) {
        store_->Recover().PermitUnchecked();  // the next attempt tells
      }
    }
    ASSERT_OK(oracle_.Apply(window, maker_.MarkerOf(number), nullptr));
  }

  // Reads take connections of their own, which may be of before the fault.
  std::string DifferenceFromOracle() {
    std::string difference;
    for (int tries = 0; tries < 20; ++tries) {
      difference = Difference(store_.get(), &oracle_);
      if (difference.empty()) {
        break;
      }
      MemoryState state;
      if (ReadContents(store_.get(), &state).ok()) {
        return Difference(store_.get(), &oracle_);
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
    return difference;
  }

  const uint64_t seed_ = FromEnvironment("TALLYSTONE_PG_SEED", 1);
  std::mt19937_64 random_{seed_};
  const WindowMaker maker_{seed_, {.tenants = 3}};
  std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<TcpProxy> proxy_;
  MemoryStore oracle_;
  std::unique_ptr<Store> store_;
  std::map<std::string, uint64_t> refusals_;  // by code, of the store
};

TEST_F(PostgresFaultsTest, NothingIsLostAndNothingIsThereTwice) {
  const uint64_t faults = FromEnvironment("TALLYSTONE_PG_FAULTS", 15);
  std::map<std::string, uint64_t> counts;
  uint64_t number = 0;
  for (uint64_t index = 0; index < faults; ++index) {
    const Fault fault = Choose(index);
    SCOPED_TRACE("seed " + std::to_string(seed_) + ", fault " + std::to_string(index) + ": " +
                 fault.name);
    proxy_->SetDelay(std::chrono::microseconds(Random(3) * 1000));
    std::thread thread;
    std::atomic<bool> begun = false;
    thread = std::thread([&] {
      fault.begin();
      begun = true;
    });
    // Windows go on until it is over, and one more.
    const uint64_t first = number;
    for (bool over = false; !over && !HasFatalFailure();) {
      over = begun && fault.happened();
      Drive(number++);
      if (number - first > kWindowsPerFaultMax && begun) {
        ADD_FAILURE() << "it does not happen";
        break;
      }
    }
    thread.join();
    ASSERT_FALSE(HasFatalFailure());
    ++counts[fault.name];
    ASSERT_EQ("", DifferenceFromOracle());
  }
  std::printf("seed %llu, %llu windows; faults:\n", static_cast<unsigned long long>(seed_),
              static_cast<unsigned long long>(number));
  for (const auto& [name, count] : counts) {
    std::printf("  %3llu %s\n", static_cast<unsigned long long>(count), name.c_str());
  }
  for (const auto& [code, count] : refusals_) {
    std::printf("  the store answered '%s' %llu times\n", code.c_str(),
                static_cast<unsigned long long>(count));
  }
  store_.reset();
  PostgresStoreOptions options;
  options.connection = server_->connection();
  ASSERT_OK(PostgresStore::Open(options, &store_));
  ASSERT_OK(store_->TakeOver());
  EXPECT_EQ("", DifferenceFromOracle()) << "after opening it again";
}

}  // namespace
}  // namespace tallystone::testing
