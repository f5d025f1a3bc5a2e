// Who writes the servers of a database: one directory, the last that opened it.
#include <filesystem>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "engine_support/tenantwise_servers.h"
#include "store_support/tenantwise_store.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

// A copy of the directory takes over and gives the LSNs of what only the first one logged to lines
// of its own. Opened again, the first would take those for its own lines: what it acknowledged
// would be lost in silence (L1, L2).
TEST(ServerClaimsTest, ADirectoryIsRefusedAfterACopyOfItWroteTheServers) {
  EngineDirectory directory;
  EngineDirectory copied;
  const Disks disks = MakeDisks(1);
  bool gone = false;
  const auto prepare = [&](size_t, TenantwiseStore* store) {
    store->CutBy([&gone] { return gone ? Cut::kBefore : Cut::kNone; });
  };
  std::unique_ptr<Engine> engine;
  BatchResult result;
  ASSERT_OK(OpenOn(disks, directory, prepare, &engine));
  ASSERT_OK(engine->Ingest({}, Lines("a", "both know it"), &result));
  ASSERT_OK(engine->Close());
  std::filesystem::copy(directory.database(), copied.database(),
                        std::filesystem::copy_options::recursive);
  ASSERT_OK(OpenOn(disks, directory, prepare, &engine));
  std::filesystem::copy(directory.database() + "/SERVERS", copied.database() + "/SERVERS",
                        std::filesystem::copy_options::overwrite_existing);
  gone = true;
  for (const char* id : {"1", "2", "3"}) {
    ASSERT_OK(engine->Ingest({}, Lines("a", id), &result));
  }
  EXPECT_FALSE(engine->Close().ok());
  engine.reset();
  gone = false;

  ASSERT_OK(OpenOn(disks, copied, prepare, &engine));
  ASSERT_OK(engine->Ingest({}, Lines("a", "of the copy"), &result));
  ASSERT_OK(engine->Close());
  engine.reset();
  EXPECT_CODE(kFenced, OpenOn(disks, directory, prepare, &engine));
  EXPECT_CODE(kFenced, OpenOn(disks, directory, prepare, &engine));
  ASSERT_OK(
      OpenOn(disks, copied, prepare, &engine));  // and that did not stop the one that is right
  ASSERT_OK(engine->Ingest({}, Lines("a", "1"), &result));
  EXPECT_FALSE(result.resent);
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

// The new identity may be in some of the servers only.
TEST(ServerClaimsTest, AnOpenThatEndsBetweenTwoServersIsRepeated) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(3);
  const auto nothing = [](size_t, TenantwiseStore*) {};
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(disks, directory, nothing, &engine));
  ASSERT_OK(engine->Close());
  engine.reset();
  disks[2]->claimed = Status::TryAgain("the connection was cut");
  EXPECT_CODE(kTryAgain, OpenOn(disks, directory, nothing, &engine));
  EXPECT_NE(disks[0]->claim.writer, disks[2]->claim.writer);
  disks[2]->claimed = Status::Ok();
  ASSERT_OK(OpenOn(disks, directory, nothing, &engine));
  EXPECT_EQ(disks[0]->claim.writer, disks[2]->claim.writer);
  ASSERT_OK(engine->Close());
}

// A server that is restored from a backup while an engine writes it: what it forgot must be said,
// and nothing is written over the gap.
class ForgetfulStore final : public TenantwiseStore {
 public:
  ForgetfulStore(std::shared_ptr<TenantwiseDisk> disk, const bool* forgot)
      : TenantwiseStore(std::move(disk)), forgot_(forgot) {}
  Status ReadMarker(Marker* marker) override {
    Status status = TenantwiseStore::ReadMarker(marker);
    marker->applied = *forgot_ ? marker->applied - 1 : marker->applied;
    return status;
  }

 private:
  const bool* const forgot_;
};

TEST(ServerClaimsTest, AServerThatWasSetBackEndsTheWritingAndNotTheProgram) {
  EngineDirectory directory;
  bool forgot = false;
  const Disks disks = MakeDisks(1);
  Parts parts;
  parts.servers.emplace_back("s0", std::make_unique<ForgetfulStore>(disks.front(), &forgot));
  std::unique_ptr<Engine> engine;
  ASSERT_OK(EngineImpl::OpenWith(QuietOptions(), directory.database(), std::move(parts), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, Lines("t", "1"), &result));
  forgot = true;
  const Status status = engine->Ingest({.level = Durability::kApplied}, Lines("t", "2"), &result);
  EXPECT_CODE(kCorruption, status);
  EXPECT_NE(std::string::npos, status.message().find("was set back")) << status.message();
  EXPECT_FALSE(engine->Close().ok());
  engine.reset();
  // Opened again, what is missing comes from the log.
  ASSERT_OK(OpenOn(
      disks, directory, [](size_t, TenantwiseStore*) {}, &engine));
  BatchInfo info;
  ASSERT_OK(engine->GetBatch("t", "2", &info));
  EXPECT_TRUE(info.finished);
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

// A store that says after its first window that another writer took over.
class FencedStore final : public TenantwiseStore {
 public:
  using TenantwiseStore::TenantwiseStore;
  Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) override {
    return ++windows_ == 1 ? TenantwiseStore::Apply(window, marker, info)
                           : Status::Fenced("another writer took over");
  }

 private:
  int windows_ = 0;
};

TEST(ServerClaimsTest, AFencedWriterSaysSoAtOnceAndAcceptsNothingMore) {
  EngineDirectory directory;
  Parts parts;
  parts.servers.emplace_back("s0", std::make_unique<FencedStore>(MakeDisks(1).front()));
  std::unique_ptr<Engine> engine;
  ASSERT_OK(EngineImpl::OpenWith(QuietOptions(), directory.database(), std::move(parts), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, Lines("t", "1"), &result));
  EXPECT_CODE(kFenced, engine->Ingest({.level = Durability::kApplied}, Lines("t", "2"), &result));
  EXPECT_CODE(kFenced, engine->Ingest({}, Lines("t", "3"), &result));
  EXPECT_CODE(kFenced, engine->Flush());
  Balance balance;
  EXPECT_OK(engine->GetBalance({"t", "A"}, &balance));  // reading goes on
  EXPECT_CODE(kFenced, engine->Close());
}

}  // namespace
}  // namespace tallystone::testing
