#include "base/prometheus_writer.h"

#include "base/text.h"

namespace tallystone {
namespace {

constexpr uint64_t kMicrosPerSecond = 1'000'000;

std::string Number(uint64_t value, PrometheusUnit unit) {
  if (unit == PrometheusUnit::kCount) {
    return std::to_string(value);
  }
  std::string text = std::to_string(value / kMicrosPerSecond);
  const uint64_t micros = value % kMicrosPerSecond;
  if (micros > 0) {
    std::string digits = std::to_string(kMicrosPerSecond + micros).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += '.' + digits;
  }
  return text;
}

// The format is UTF-8: what is not, is shown as '?'.
void AppendEscaped(std::string_view text, bool quoted, std::string* out) {
  const bool readable = IsValidUtf8(text);
  for (const char c : text) {
    if (c == '\\') {
      out->append("\\\\");
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c == '"' && quoted) {
      out->append("\\\"");
    } else {
      out->push_back(!readable && static_cast<unsigned char>(c) >= 0x80 ? '?' : c);
    }
  }
}

}  // namespace

void PrometheusWriter::Begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).push_back(' ');
  AppendEscaped(help, false, &text_);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).push_back('\n');
}

void PrometheusWriter::Label(const PrometheusLabel& label, bool* first) {
  text_.push_back(*first ? '{' : ',');
  *first = false;
  text_.append(label.name).append("=\"");
  AppendEscaped(label.value, true, &text_);
  text_.push_back('"');
}

void PrometheusWriter::Write(std::string_view suffix, Labels labels, std::string_view value) {
  text_.append(name_).append(suffix);
  bool first = true;
  if (!common_.name.empty()) {
    Label(common_, &first);
  }
  for (const PrometheusLabel& label : labels) {
    Label(label, &first);
  }
  text_.append(first ? " " : "} ").append(value).push_back('\n');
}

void PrometheusWriter::Sample(Labels labels, uint64_t value, PrometheusUnit unit) {
  Write("", labels, Number(value, unit));
}

void PrometheusWriter::AddCounter(std::string_view name, std::string_view help, uint64_t value) {
  Begin(name, "counter", help);
  Sample({}, value);
}

void PrometheusWriter::AddGauge(std::string_view name, std::string_view help, uint64_t value,
                                PrometheusUnit unit) {
  Begin(name, "gauge", help);
  Sample({}, value, unit);
}

void PrometheusWriter::AddHistogram(std::string_view name, std::string_view help,
                                    const HistogramSnapshot& histogram, int last,
                                    PrometheusUnit unit) {
  Begin(name, "histogram", help);
  uint64_t below = 0;
  for (int bucket = 0; bucket <= last; ++bucket) {
    below += histogram.buckets[bucket];
    Write("_bucket", {{"le", Number(HistogramSnapshot::Bound(bucket), unit)}},
          std::to_string(below));
  }
  Write("_bucket", {{"le", "+Inf"}}, std::to_string(histogram.count));
  Write("_sum", {}, Number(histogram.sum, unit));
  Write("_count", {}, std::to_string(histogram.count));
}

}  // namespace tallystone
