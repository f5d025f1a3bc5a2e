// decimals: reads texts on standard input, one a line, and prints of each "TEXT UNITS SQUARE" of
// the Decimal that it is (as text, in millionths, multiplied by itself), or why it is none.
#include <cstdio>
#include <iostream>
#include <string>

#include "tallystone/decimal.h"

namespace {

using tallystone::Decimal;
using tallystone::DecimalError;
using tallystone::Int128;

std::string Answer(const std::string& text) {
  Decimal number;
  switch (Decimal::Parse(text, &number)) {
    case DecimalError::kSyntax:
      return "syntax";
    case DecimalError::kInexact:
      return "inexact";
    case DecimalError::kOutOfRange:
      return "range";
    case DecimalError::kNone:
      break;
  }
  const Int128 square = Int128{number.units()} * number.units();
  return number.ToString() + " " + std::to_string(number.units()) + " " +
         tallystone::FormatScaled(square, 2 * Decimal::kScale);
}

}  // namespace

int main() {
  std::string text;
  while (std::getline(std::cin, text)) {
    std::puts(Answer(text).c_str());
  }
  return 0;
}
