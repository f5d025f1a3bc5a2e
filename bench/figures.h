// Figures: what a JSON file of `peers`, `windows` or `growth` says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tallystone/status.h"

namespace tallystone::bench {

struct Figure {
  std::map<std::string, std::string> texts;
  std::map<std::string, double> numbers;

  // "" and 0 where there is none.
  [[nodiscard]] std::string Text(const std::string& name) const;
  [[nodiscard]] double Number(const std::string& name) const;
};

// One an object of the file's array. kInvalidArgument, with the place: it is not such a file.
Status ReadFigures(const std::string& path, std::vector<Figure>* figures);

}  // namespace tallystone::bench
