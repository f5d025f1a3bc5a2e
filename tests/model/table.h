// Scenarios as aligned text: rows of cells between `|`, the first row names the columns. An empty
// row or a row of dashes is left out; '' is an empty cell too, and `\t`, `\xNN` in a cell are
// bytes.
#pragma once

#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tallystone::test {

inline std::string TableCell(std::string_view cell) {
  while (!cell.empty() && cell.front() == ' ') {
    cell.remove_prefix(1);
  }
  while (!cell.empty() && cell.back() == ' ') {
    cell.remove_suffix(1);
  }
  if (cell.size() >= 2 && cell.front() == '\'' && cell.back() == '\'') {
    cell = cell.substr(1, cell.size() - 2);
  }
  std::string text;
  for (size_t index = 0; index < cell.size(); ++index) {
    if (cell[index] == '\\' && index + 3 < cell.size() && cell[index + 1] == 'x') {
      text.push_back(static_cast<char>(
          std::strtol(std::string(cell.substr(index + 2, 2)).c_str(), nullptr, 16)));
      index += 3;
    } else if (cell[index] == '\\' && index + 1 < cell.size() && cell[index + 1] == 't') {
      text.push_back('\t');
      ++index;
    } else {
      text.push_back(cell[index]);
    }
  }
  return text;
}

// The rows below the first.
inline std::vector<std::vector<std::string>> Table(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines{std::string(text)};
  bool head = true;
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" -") == std::string::npos) {
      continue;
    }
    if (head) {
      head = false;
      continue;
    }
    std::vector<std::string>& row = rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '|');) {
      row.push_back(TableCell(cell));
    }
  }
  return rows;
}

}  // namespace tallystone::test
