// Svg: the two kinds of plots that the figures of a bench need, on light and dark pages.
#pragma once

#include <string>
#include <vector>

namespace tallystone::bench {

// A rate with its range over all rounds.
struct PlotRow {
  std::string name;
  double value = 0;
  double min = 0;
  double max = 0;
  std::string note;  // at the right end
};

// One dot a row on a logarithmic axis, a line from min to max through it. Requires values above 0.
std::string DotPlot(const std::string& title, const std::string& axis,
                    const std::vector<PlotRow>& rows);

struct PlotSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;  // ascending by x
};

// A line a series; y begins at 0. `logarithmic`: x in powers of two. Requires a point.
std::string LinePlot(const std::string& title, const std::string& x_axis, const std::string& y_axis,
                     bool logarithmic, const std::vector<PlotSeries>& series);

}  // namespace tallystone::bench
