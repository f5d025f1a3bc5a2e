#include "figures.h"

#include <simdjson.h>

namespace tallystone::bench {

std::string Figure::Text(const std::string& name) const {
  const auto found = texts.find(name);
  return found == texts.end() ? "" : found->second;
}

double Figure::Number(const std::string& name) const {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

Status ReadFigures(const std::string& path, std::vector<Figure>* figures) {
  figures->clear();
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  const auto error = parser.load(path).get_array().get(array);
  if (error != simdjson::SUCCESS) {
    return Status::InvalidArgument(path + ": " + simdjson::error_message(error));
  }
  for (const simdjson::dom::element element : array) {
    simdjson::dom::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) {
      return Status::InvalidArgument(path + ": element " + std::to_string(figures->size() + 1) +
                                     " is not an object");
    }
    Figure& figure = figures->emplace_back();
    for (const auto& [key, value] : object) {
      std::string_view text;
      double number = 0;
      if (value.get_string().get(text) == simdjson::SUCCESS) {
        figure.texts[std::string(key)] = text;
      } else if (value.get_double().get(number) == simdjson::SUCCESS) {
        figure.numbers[std::string(key)] = number;
      }
    }
  }
  return Status::Ok();
}

}  // namespace tallystone::bench
