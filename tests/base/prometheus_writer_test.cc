// What a parser of Prometheus would stumble over.
#include "base/prometheus_writer.h"

#include <gtest/gtest.h>

#include "base/counters.h"

namespace tallystone {
namespace {

TEST(PrometheusWriterTest, LabelsAndHelpAreEscaped) {
  PrometheusWriter out({"database", "a\"b\\c\nd"});
  out.Begin("x_total", "counter", "back\\slash\nand \"quotes\"");
  out.Sample({{"kind", "{,}="}}, 7);
  EXPECT_EQ(out.text(),
            "# HELP x_total back\\\\slash\\nand \"quotes\"\n"
            "# TYPE x_total counter\n"
            "x_total{database=\"a\\\"b\\\\c\\nd\",kind=\"{,}=\"} 7\n");
}

TEST(PrometheusWriterTest, BytesThatAreNotUtf8DoNotSpoilTheText) {
  PrometheusWriter out;
  out.Begin("x", "gauge", "x");
  out.Sample({{"name", "caf\xC3\xA9"}}, 1);
  out.Sample({{"name", "caf\xE9\xFF"}}, 2);
  EXPECT_NE(out.text().find("x{name=\"caf\xC3\xA9\"} 1\n"), std::string::npos);
  EXPECT_NE(out.text().find("x{name=\"caf??\"} 2\n"), std::string::npos);
}

TEST(PrometheusWriterTest, DurationsAreExactSeconds) {
  const auto seconds = [](uint64_t micros) {
    PrometheusWriter out;
    out.AddGauge("s", "s", micros, PrometheusUnit::kMicros);
    const std::string& text = out.text();
    return text.substr(text.find("\ns ") + 3);
  };
  EXPECT_EQ(seconds(0), "0\n");
  EXPECT_EQ(seconds(1), "0.000001\n");
  EXPECT_EQ(seconds(128), "0.000128\n");
  EXPECT_EQ(seconds(1'500'000), "1.5\n");
  EXPECT_EQ(seconds(60'000'000), "60\n");
  EXPECT_EQ(seconds(1'795'645'849'693'786), "1795645849.693786\n");
}

TEST(PrometheusWriterTest, BucketsOfAHistogramAddUp) {
  Histogram histogram;
  for (const uint64_t value : {1, 2, 2, 3, 5'000'000}) {
    histogram.Record(value);
  }
  PrometheusWriter out({"d", "x"});
  out.AddHistogram("t_seconds", "Time.", histogram.Snapshot(), 2, PrometheusUnit::kMicros);
  EXPECT_EQ(out.text(),
            "# HELP t_seconds Time.\n"
            "# TYPE t_seconds histogram\n"
            "t_seconds_bucket{d=\"x\",le=\"0.000001\"} 1\n"
            "t_seconds_bucket{d=\"x\",le=\"0.000002\"} 3\n"
            "t_seconds_bucket{d=\"x\",le=\"0.000004\"} 4\n"
            "t_seconds_bucket{d=\"x\",le=\"+Inf\"} 5\n"
            "t_seconds_sum{d=\"x\"} 5.000008\n"
            "t_seconds_count{d=\"x\"} 5\n");
}

}  // namespace
}  // namespace tallystone
