// The list of servers must come back as it was written, or be refused.
#include "ingest/server_list.h"

#include <fstream>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "store/server_store.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

class ServerListTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(files_->CreateDirectory(directory_.database())); }
  void WriteText(const std::string& text) {
    std::ofstream(directory_.database() + "/SERVERS", std::ios::binary) << text;
  }
  Status Read() { return ReadServerList(files_, directory_.database(), &read_); }

  FileSystem* const files_ = FileSystem::Posix();
  EngineDirectory directory_;
  std::vector<ServerEntry> read_;
};

TEST_F(ServerListTest, ADatabaseWithoutAListHasNoServers) {
  read_.push_back({"x", "y"});
  ASSERT_OK(Read());
  EXPECT_TRUE(read_.empty());
}

TEST_F(ServerListTest, WhatIsWrittenIsReadAlsoOverAnOlderList) {
  const std::vector<std::string> writers = {"\x07", std::string(16, '\xfe')};
  const std::vector<ServerEntry> first = {{"\x01\xff", "host=/tmp dbname=a b"}};
  std::vector<ServerEntry> second = first;
  second.push_back({"", "postgresql://user@host:5432/stock?target_session_attrs=read-write"});
  ASSERT_OK(WriteServerList(files_, directory_.database(), first, {}));
  ASSERT_OK(Read());
  EXPECT_EQ(first, read_);
  ASSERT_OK(WriteServerList(files_, directory_.database(), second, writers));
  std::vector<std::string> read_writers;
  ASSERT_OK(ReadServerList(files_, directory_.database(), &read_, &read_writers));
  EXPECT_EQ(second, read_);
  EXPECT_EQ(writers, read_writers);
}

// A copy of a directory, or one that does not know all servers, must not go on.
TEST_F(ServerListTest, AStoreOfAnotherWriterOrWithMoreServersIsRefused) {
  const std::vector<ServerEntry> servers = {{"a", "host=a"}, {"b", "host=b"}};
  const std::vector<std::string> writers = {"one", "two"};
  EXPECT_OK(CheckClaim({}, servers, &writers));
  EXPECT_OK(CheckClaim({"two", {"a", "b"}}, servers, &writers));
  EXPECT_OK(CheckClaim({"one", {"a"}}, servers, &writers));  // set back; b is newer
  EXPECT_CODE(kFenced, CheckClaim({"three", {"a"}}, servers, &writers));
  EXPECT_OK(CheckClaim({"three", {"a"}}, servers, nullptr));
  EXPECT_CODE(kInvalidArgument, CheckClaim({"two", {"a", "c"}}, servers, &writers));
  EXPECT_CODE(kInvalidArgument, CheckClaim({"three", {"c"}}, servers, nullptr));
}

TEST_F(ServerListTest, AListThatIsCutOrOtherTextIsRefused) {
  const std::vector<std::string> texts = {
      "",
      "tallystone servers 1\n",
      "tallystone servers 1\n0a host=x\n",
      "tallystone servers 1\n0a\nend\n",
      "tallystone servers 1\n0 host=x\nend\n",
      "tallystone servers 1\nxy host=x\nend\n",
      "host=x\nend\n",
      "tallystone servers 1\nwriter 0\nend\n",
  };
  for (const std::string& text : texts) {
    WriteText(text);
    SCOPED_TRACE(text);
    EXPECT_CODE(kCorruption, Read());
  }
  WriteText("tallystone servers 2\nend\n");
  EXPECT_CODE(kFormatMismatch, Read());
}

#ifdef TALLYSTONE_POSTGRES
TEST(FindServerTest, AServerIsFoundByWhateverTextReachesIt) {
  std::string shown;
  ASSERT_OK(PublicConnection("postgresql://stock@db2.example:5433/stock", &shown));
  const std::vector<ServerEntry> servers = {{std::string(16, '\x2a'), "dbname=stock host=db1"},
                                            {std::string(16, '\x5b'), shown}};
  for (const char* name :
       {"postgresql://stock@db2.example:5433/stock",
        "postgres://stock:secret@db2.example:5433/stock",
        "host=db2.example port=5433 user=stock dbname=stock",
        "password='a b' dbname = stock port=5433 user=stock host=db2.example", "5b5b"}) {
    size_t index = 0;
    SCOPED_TRACE(name);
    EXPECT_OK(FindServer(servers, name, &index));
    EXPECT_EQ(1u, index);
  }
  size_t index = 0;
  const Status other = FindServer(servers, "postgresql://stock:secret@db3.example/stock", &index);
  EXPECT_CODE(kNotFound, other);
  EXPECT_EQ(std::string::npos, other.message().find("secret")) << other.message();
  EXPECT_NE(std::string::npos, other.message().find("db3.example")) << other.message();
  EXPECT_CODE(kNotFound, FindServer(servers, "elsewhere", &index));
}
#endif

}  // namespace
}  // namespace tallystone::testing
