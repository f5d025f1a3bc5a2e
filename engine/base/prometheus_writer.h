// PrometheusWriter: the text format of Prometheus, version 0.0.4, family by family.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tallystone/histogram.h"

namespace tallystone {

struct PrometheusLabel {
  std::string_view name;
  std::string_view value;  // any bytes
};

// A count as it is; a duration in microseconds as seconds, exactly ("0.000128").
enum class PrometheusUnit : uint8_t { kCount, kMicros };

class PrometheusWriter {
 public:
  using Labels = std::initializer_list<PrometheusLabel>;

  // `common`: a label that every sample gets; without a name none.
  explicit PrometheusWriter(PrometheusLabel common = {}) : common_(common) {}

  // Begins a family; samples follow. `name` must outlive them. `type`: counter or gauge.
  void Begin(std::string_view name, std::string_view type, std::string_view help);
  void Sample(Labels labels, uint64_t value, PrometheusUnit unit = PrometheusUnit::kCount);

  // Families of one sample.
  void AddCounter(std::string_view name, std::string_view help, uint64_t value);
  void AddGauge(std::string_view name, std::string_view help, uint64_t value,
                PrometheusUnit unit = PrometheusUnit::kCount);
  // A whole family. Shows the buckets up to 2^last; what is larger is in +Inf.
  void AddHistogram(std::string_view name, std::string_view help,
                    const HistogramSnapshot& histogram, int last, PrometheusUnit unit);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void Write(std::string_view suffix, Labels labels, std::string_view value);
  void Label(const PrometheusLabel& label, bool* first);

  const PrometheusLabel common_;
  std::string_view name_;
  std::string text_;
};

}  // namespace tallystone
