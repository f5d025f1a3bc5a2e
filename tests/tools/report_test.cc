// What the inspection page is made of: buckets of time, the first of many, HTML that data cannot
// leave.
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "report/history.h"
#include "report/page.h"
#include "report/time_series.h"
#include "report/top_list.h"
#include "serve/request_guard.h"
#include "serve/token.h"

namespace tallystone::tool {
namespace {

constexpr uint64_t kSecond = 1'000'000;
constexpr uint64_t kDay = 86'400 * kSecond;

uint64_t LinesOf(const TimeSeries& series) {
  uint64_t lines = 0;
  for (const auto& [index, sums] : series.buckets()) {
    lines += sums.lines;
  }
  return lines;
}

uint64_t SpanOf(const TimeSeries& series) {
  return series.buckets().rbegin()->first - series.buckets().begin()->first + 1;
}

TEST(TimeSeriesTest, BucketsWidenWithTheTimeTheyCoverAndLoseNothing) {
  TimeSeries series;
  for (uint64_t second = 0; second < 5'000; ++second) {
    series.Add(1'000 * kDay + second * kSecond, {2, 1, 1, 0});
    ASSERT_LE(SpanOf(series), TimeSeries::kBucketsMax);
  }
  EXPECT_EQ(series.width_us(), 60 * kSecond);
  EXPECT_EQ(LinesOf(series), 10'000u);
}

TEST(TimeSeriesTest, AnyTimeIsTakenWhereAClockWasWrong) {
  TimeSeries series;
  series.Add(1'000 * kDay, {1, 0, 1, 1});
  series.Add(0, {1, 0, 1, 1});
  series.Add(UINT64_MAX, {1, 0, 1, 1});
  EXPECT_LE(SpanOf(series), TimeSeries::kBucketsMax);
  EXPECT_EQ(LinesOf(series), 3u);
}

TEST(HistoryTest, APauseBeginsANewRunAndRetriesAreNotNewLines) {
  History history;
  ChunkInfo chunk;
  chunk.first = true;
  chunk.lines = 10;
  chunk.accepted = 10;
  chunk.accepted_at_us = 1'000 * kDay;
  history.Add(chunk);
  chunk.accepted_at_us += History::kPauseMicros;
  history.Add(chunk);
  EXPECT_EQ(LinesOf(history.latest_run()), 20u);
  chunk.accepted_at_us += History::kPauseMicros + 1;
  history.Add(chunk);
  chunk.kind = ChunkKind::kRetry;
  history.Add(chunk);
  EXPECT_EQ(LinesOf(history.latest_run()), 10u);
  EXPECT_EQ(LinesOf(history.whole()), 30u);
}

TEST(TopListTest, TheFirstAreKeptInTheirOrder) {
  TopList<int, std::greater<>> top(3);
  for (const int number : {4, 9, 1, 7, 7, 2, 8}) {
    top.Offer(number);
  }
  EXPECT_EQ(top.Take(), (std::vector<int>{9, 8, 7}));
  TopList<int, std::greater<>> none(0);
  none.Offer(1);
  EXPECT_TRUE(none.Take().empty());
}

TEST(PageTest, DataCannotEndItsElement) {
  EXPECT_EQ(JsonForHtml("\"</script><!--&\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA\""),
            "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029\xE2\x80\xAA\"");
  const std::string page = MakePage("{\"a\":\"</script><b>{{style}}\"}");
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find("\\u003cb\\u003e{{style}}"), std::string::npos);
}

TEST(PageTest, OnlyAServedPageMayAsk) {
  EXPECT_EQ(PagePolicy(false).find("connect-src"), std::string::npos);
  EXPECT_NE(PagePolicy(true).find("connect-src 'self'"), std::string::npos);
  EXPECT_EQ(PagePolicy(true).find("unsafe"), std::string::npos);
  EXPECT_NE(MakePage("null").find("connect-src"), std::string::npos);
}

TEST(TokenTest, EachIsNewAndOnlyTheWholeOneIsTheSame) {
  std::string token;
  std::string other;
  ASSERT_TRUE(MakeToken(&token).ok());
  ASSERT_TRUE(MakeToken(&other).ok());
  EXPECT_EQ(token.size(), 32u);
  EXPECT_NE(token, other);
  EXPECT_TRUE(SameToken(token, token));
  EXPECT_FALSE(SameToken(other, token));
  EXPECT_FALSE(SameToken("", token));
  EXPECT_FALSE(SameToken(token + "0", token));
  EXPECT_FALSE(SameToken(token.substr(1), token));
}

TEST(RequestGuardTest, OnlyReadingRequestsOfThisMachineWithTheTokenAreAnswered) {
  const RequestGuard guard("secret", 8090);
  const auto check = [&](const char* method, const char* path, const char* host, bool body) {
    std::string_view page;
    return guard.Check({method, path, host, body}, &page);
  };
  const char* host = "127.0.0.1:8090";
  EXPECT_EQ(check("GET", "/secret/", host, false), 0);
  EXPECT_EQ(check("HEAD", "/secret/api/pulse", "localhost:8090", false), 0);
  EXPECT_EQ(check("POST", "/secret/", host, false), 405);
  EXPECT_EQ(check("GET", "/secret/", host, true), 413);
  for (const char* other : {"", "127.0.0.1", "127.0.0.1:80", "evil.example:8090", "localhost"}) {
    EXPECT_EQ(check("GET", "/secret/", other, false), 421) << other;
  }
  for (const char* path :
       {"", "/", "//", "/secret", "/secre/", "/secrets/", "secret/", "/x/secret/"}) {
    EXPECT_EQ(check("GET", path, host, false), 404) << path;
  }
  std::string_view page;
  guard.Check({"GET", "/secret/api/batch", host, false}, &page);
  EXPECT_EQ(page, "api/batch");
}

}  // namespace
}  // namespace tallystone::tool
