// What the dead-letters commands share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "commands/list.h"

namespace tallystone::tool {

// Which dead letters are meant.
struct LetterSelection {
  Filter filter;
  uint64_t line = 0;  // 0 = every line
  std::optional<Outcome> cause;
  bool all = false;

  [[nodiscard]] bool Passes(const DeadLetter& letter) const {
    return (line == 0 || letter.key.line == line) && (!cause || letter.cause == *cause);
  }
  // Something was said, so that not every dead letter is meant by accident.
  [[nodiscard]] bool Explicit() const {
    return all || line > 0 || cause.has_value() || !filter.batch.empty() || !filter.tenant.empty();
  }
};

// --tenant, --batch, --line, --cause and, `with_all`, --all.
void AddLetterSelection(CLI::App* command, bool with_all, LetterSelection* selection);

// The columns of list (what happened) and of export (also everything that was received, under names
// that `import` recognises).
const std::vector<Column>& LetterColumns(bool with_line);
void FillLetter(const DeadLetter& letter, bool with_line, std::vector<std::string>* row);

void AddRetryCommand(CLI::App* parent, Chosen* chosen);
void AddDropCommand(CLI::App* parent, Chosen* chosen);

}  // namespace tallystone::tool
