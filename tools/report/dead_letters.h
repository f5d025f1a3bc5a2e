// LettersReport: the dead letters of a database by cause.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct LettersReport {
  struct Cause {
    uint64_t count = 0;
    std::vector<DeadLetter> latest;  // the latest first
  };
  uint64_t total = 0;
  std::array<Cause, kOutcomeCount> causes;  // by Outcome
};

// The field that a cause speaks of; "" = none of its own.
std::string_view FieldOfCause(Outcome cause);

// Reads every dead letter, keeps letters_max of each cause.
Status CollectLetters(Inspector* inspector, size_t letters_max, LettersReport* report);

void WriteLetters(const LettersReport& report, JsonWriter* json);

}  // namespace tallystone::tool
