// Lines of a test in one expression; the fields that are seldom given can be set afterwards.
#pragma once

#include <string_view>

#include "tallystone/line.h"

namespace tallystone::test {

inline TextLine TextOf(std::string_view code, std::string_view description,
                       std::string_view quantity = "1", std::string_view unit_cost = "1") {
  TextLine line;
  line.code = code;
  line.description = description;
  line.quantity = quantity;
  line.unit_cost = unit_cost;
  return line;
}

inline Line TypedOf(std::string_view code, Decimal quantity, Decimal unit_cost) {
  Line line;
  line.code = code;
  line.quantity = quantity;
  line.unit_cost = unit_cost;
  return line;
}

}  // namespace tallystone::test
