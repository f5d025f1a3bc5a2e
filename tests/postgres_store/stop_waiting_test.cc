// A server that falls silent, and somebody who does not want to wait for it any more.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "postgres_support/postgres_server.h"
#include "postgres_support/tcp_proxy.h"
#include "store/postgres/postgres_store.h"
#include "store/postgres/stop_signal.h"
#include "store_support/window_maker.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A second of grace, a step, and a busy machine; the server would be waited for 60 s.
constexpr milliseconds kEndMax(10'000);

class StopWaitingTest : public ::testing::Test {
 protected:
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
  }

  Status Open(uint16_t port, std::unique_ptr<Store>* store) {
    PostgresStoreOptions options;
    options.connection = PostgresServer::ConnectionTo(port);
    options.create = true;
    options.stop_waiting = &stop_;
    return PostgresStore::Open(options, store);
  }

  // What `work` answers after somebody waited for it for a while and then not any more.
  template <typename Work>
  Status Stopped(const Work& work) {
    auto answer = std::async(std::launch::async, work);
    EXPECT_EQ(std::future_status::timeout, answer.wait_for(milliseconds(1500)));
    const auto start = Clock::now();
    stop_ = true;
    Status status = answer.get();
    EXPECT_LT(Clock::now() - start, kEndMax);
    stop_ = false;
    return status;
  }

  std::atomic<bool> stop_ = false;
  std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<TcpProxy> proxy_;
};

TEST_F(StopWaitingTest, AWindowUnderWayEndsAsIfTheConnectionWereLostAndIsBookedOnce) {
  const WindowMaker maker(7);
  std::unique_ptr<Store> store;
  ASSERT_OK(Open(proxy_->port(), &store));
  ASSERT_OK(store->TakeOver());
  ASSERT_OK(store->Initialise(WindowMaker::EmptyMarker()));
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  proxy_->SetStalled(true);
  const Status stopped =
      Stopped([&] { return store->Apply(maker.Make(1), maker.MarkerOf(1), nullptr); });
  EXPECT_TRUE(stopped.Is(StatusCode::kTryAgain)) << stopped.ToString();
  EXPECT_NE(std::string::npos, stopped.message().find("waited for no longer"));
  store.reset();

  // What was sent, COMMITs too, arrives now; who opens next settles whether it counts.
  proxy_->SetStalled(false);
  ASSERT_OK(Open(server_->port(), &store));
  ASSERT_OK(store->TakeOver());
  Marker marker;
  ASSERT_OK(store->ReadMarker(&marker));
  if (maker.CountOf(marker) < 2) {
    ASSERT_OK(store->Apply(maker.Make(1), maker.MarkerOf(1), nullptr));
  }
  ASSERT_OK(store->ReadMarker(&marker));
  EXPECT_EQ(maker.MarkerOf(1).applied, marker.applied);
  uint64_t lines = 0;
  for (uint64_t number = 0; number < 2; ++number) {
    lines += maker.Make(number).postings.size();
  }
  std::string counted;
  ASSERT_OK(server_->Execute("SELECT count(*) FROM tallystone.lines", &counted));
  EXPECT_EQ(std::to_string(lines), counted);
}

TEST_F(StopWaitingTest, ALoginThatIsNeverAnsweredEnds) {
  proxy_->SetStalled(true);
  std::unique_ptr<Store> store;
  const Status stopped = Stopped([&] { return Open(proxy_->port(), &store); });
  EXPECT_TRUE(stopped.Is(StatusCode::kUnavailable)) << stopped.ToString();
  EXPECT_NE(std::string::npos, stopped.message().find("waited for no longer"));
}

TEST(StopSignalTest, AServerHasASecondAndThenOneStepOfSilence) {
  std::atomic<bool> stop = false;
  postgres::StopSignal signal(&stop);
  const milliseconds step = postgres::StopSignal::kStep;
  EXPECT_FALSE(signal.Ends(milliseconds(60'000)));
  stop = true;
  EXPECT_FALSE(signal.Ends(milliseconds(60'000)));  // seen now
  std::this_thread::sleep_for(postgres::StopSignal::kGrace);
  EXPECT_FALSE(signal.Ends(step - milliseconds(1)));  // it answered a moment ago
  EXPECT_TRUE(signal.Ends(step));
  EXPECT_FALSE(postgres::StopSignal(nullptr).Ends(milliseconds(60'000)));
}

}  // namespace
}  // namespace tallystone::testing
