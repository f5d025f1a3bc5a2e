// Why a line is mapped as it is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tallystone/batch.h"
#include "tallystone/options.h"

namespace tallystone {

// What a line says of its item.
struct MappingQuery {
  std::string code, description, vendor, vendor_code, gtin;
  MappingMode mode = MappingMode::kOfTenant;
};

struct ExplainedToken {
  std::string text;
  // "colour", "size", ...: why it is protected; empty = it is not.
  std::string protected_as;
  bool known = false;              // a word of the catalogue
  std::vector<std::string> meant;  // words of the catalogue that it may be misspelled for
};

struct MappingExplanation {
  MappingMode mode = MappingMode::kExact;  // that was used
  std::string normal_form;
  std::vector<ExplainedToken> tokens;
  std::string gtin;  // 14 digits; empty = the line has none, or one with a wrong check digit
  // As a line would have it; the item of a new one is the number that it would get.
  LineResult result;
  std::string reason;                 // one sentence
  std::vector<Candidate> candidates;  // also where an exact rule decided
};

}  // namespace tallystone
