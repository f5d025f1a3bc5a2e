#include "svg.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace tallystone::bench {
namespace {

constexpr int kWidth = 760;
constexpr int kTop = 46;
constexpr int kBottom = 48;

constexpr const char* kStyle =
    "<style>text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600}"
    ".grid{stroke:#ddd}.s0{stroke:#0b6bcb;fill:#0b6bcb}.s1{stroke:#c2410c;fill:#c2410c}"
    ".s2{stroke:#15803d;fill:#15803d}.s3{stroke:#7e22ce;fill:#7e22ce}"
    "polyline{fill:none!important;stroke-width:2}text.s0,text.s1,text.s2,text.s3{stroke:none}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}"
    ".s0{stroke:#6cb4ff;fill:#6cb4ff}.s1{stroke:#ff9d66;fill:#ff9d66}"
    ".s2{stroke:#5fd38a;fill:#5fd38a}.s3{stroke:#c89bff;fill:#c89bff}}</style>\n";
constexpr size_t kClasses = 4;

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  }
  return escaped;
}

// "950", "12 k", "1.5 M".
std::string Short(double number) {
  if (number >= 1e6) {
    return fmt::format("{:.3g} M", number / 1e6);
  }
  return number >= 1e4 ? fmt::format("{:.3g} k", number / 1e3) : fmt::format("{:.4g}", number);
}

class Svg {
 public:
  Svg(int height, const std::string& title) {
    Add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" role=\"img\">\n<title>{2}</title>\n",
        kWidth, height, Escaped(title));
    out_ += kStyle;
    Text(12, 22, "start", "title", title);
  }

  template <typename... Values>
  void Add(const char* format, const Values&... values) {
    fmt::format_to(std::back_inserter(out_), fmt::runtime(format), values...);
  }
  void Text(double x, double y, const char* anchor, const char* style, const std::string& text) {
    Add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y, anchor,
        style, Escaped(text));
  }
  void Line(double x1, double y1, double x2, double y2, const char* style) {
    Add("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1,
        x2, y2, style);
  }
  std::string Done() { return std::move(out_) + "</svg>\n"; }

 private:
  std::string out_;
};

// 1, 2 or 5 times a power of ten: at most five of them reach `most`.
double Step(double most) {
  const double power = std::pow(10, std::floor(std::log10(most / 5)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (most <= 5 * times * power) {
      return times * power;
    }
  }
  return 10 * power;
}

}  // namespace

std::string DotPlot(const std::string& title, const std::string& axis,
                    const std::vector<PlotRow>& rows) {
  constexpr int kLeft = 150, kRight = 90, kRow = 26;
  const int bottom = kTop + kRow * static_cast<int>(rows.size());
  Svg svg(bottom + kBottom, title);
  double low = rows.front().value, high = low;
  for (const PlotRow& row : rows) {
    low = std::min({low, row.value, row.min});
    high = std::max({high, row.value, row.max});
  }
  const double first = std::floor(std::log10(low));
  const double last = std::max(first + 1, std::ceil(std::log10(high)));
  const auto x = [&](double value) {
    return kLeft + (std::log10(value) - first) / (last - first) * (kWidth - kLeft - kRight);
  };
  for (double power = first; power <= last; ++power) {
    const double at = x(std::pow(10, power));
    svg.Line(at, kTop - 8, at, bottom, "grid");
    svg.Text(at, bottom + 18, "middle", "", Short(std::pow(10, power)));
  }
  svg.Text((kLeft + kWidth - kRight) / 2.0, bottom + 38, "middle", "", axis);
  for (size_t index = 0; index < rows.size(); ++index) {
    const PlotRow& row = rows[index];
    const double y = kTop + kRow * (static_cast<double>(index) + 0.35);
    const char* style = index == 0 ? "s0" : "s1";
    svg.Text(kLeft - 12, y + 4, "end", "", row.name);
    svg.Line(x(row.min), y, x(row.max), y, style);
    svg.Add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" class=\"{}\"/>\n", x(row.value), y, style);
    svg.Text(x(row.max) + 10, y + 4, "start", "", Short(row.value) + row.note);
  }
  return svg.Done();
}

std::string LinePlot(const std::string& title, const std::string& x_axis, const std::string& y_axis,
                     bool logarithmic, const std::vector<PlotSeries>& series) {
  constexpr int kLeft = 80, kRight = 120, kHeight = 360;
  constexpr int kFloor = kHeight - kBottom;
  double most = 0, begin = series.front().points.front().first, end = begin;
  for (const PlotSeries& one : series) {
    for (const auto& [x, y] : one.points) {
      most = std::max(most, y);
      begin = std::min(begin, x);
      end = std::max(end, x);
    }
  }
  const double step = Step(std::max(most, 1.0));
  const double top = step * std::ceil(std::max(most, 1.0) / step);
  begin = logarithmic ? begin : 0;
  const auto x = [&](double value) {
    const double part = logarithmic ? std::log2(value / begin) / std::log2(end / begin)
                                    : (value - begin) / (end - begin);
    return kLeft + (begin < end ? part : 0.5) * (kWidth - kLeft - kRight);
  };
  const auto y = [&](double value) { return kFloor - value / top * (kFloor - kTop); };
  Svg svg(kHeight, title);
  svg.Text(12, kTop - 6, "start", "", y_axis);
  for (double value = 0; value <= top * 1.001; value += step) {
    svg.Line(kLeft, y(value), kWidth - kRight, y(value), "grid");
    svg.Text(kLeft - 8, y(value) + 4, "end", "", Short(value));
  }
  for (const auto& [value, ignored] : series.front().points) {
    svg.Text(x(value), kFloor + 18, "middle", "", Short(value));
  }
  svg.Text((kLeft + kWidth - kRight) / 2.0, kFloor + 38, "middle", "", x_axis);
  for (size_t index = 0; index < series.size(); ++index) {
    const std::string style = fmt::format("s{}", index % kClasses);
    std::string points;
    for (const auto& [px, py] : series[index].points) {
      points += fmt::format("{:.1f},{:.1f} ", x(px), y(py));
      svg.Add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"{}\"/>\n", x(px), y(py), style);
    }
    svg.Add("<polyline points=\"{}\" class=\"{}\"/>\n", points, style);
    const auto& [px, py] = series[index].points.back();
    svg.Text(x(px) + 10, y(py) + 4, "start", style.c_str(), series[index].name);
  }
  return svg.Done();
}

}  // namespace tallystone::bench
