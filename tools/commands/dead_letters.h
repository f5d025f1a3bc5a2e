// What the dead-letters commands share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "commands/list.h"

namespace tallystone::tool {

// Which dead letters are meant.
struct LetterSelection {
  Filter filter;      // tenant, batch and, once Resolve was called, LSNs
  LsnRange range;     // of the chunk that failed the line last
  std::string code;   // that the line has; "" = any
  uint64_t line = 0;  // 0 = every line
  std::optional<Outcome> cause;
  bool all = false;

  // Looks up `range`.
  Status Resolve(Inspector* inspector) { return range.Resolve(inspector, &filter); }
  [[nodiscard]] bool Passes(const DeadLetter& letter) const {
    return (line == 0 || letter.key.line == line) && (!cause || letter.cause == *cause) &&
           (code.empty() || letter.code == code) && letter.lsn >= filter.first_lsn &&
           (filter.last_lsn == 0 || letter.lsn <= filter.last_lsn);
  }
  // Something was said, so that not every dead letter is meant by accident.
  [[nodiscard]] bool Explicit() const {
    return all || line > 0 || cause.has_value() || !filter.batch.empty() ||
           !filter.tenant.empty() || !code.empty() || range.given();
  }
};

// --tenant, --batch, --line, --code, --cause, --from, --to and, `with_all`, --all.
void AddLetterSelection(CLI::App* command, bool with_all, LetterSelection* selection);

// Opens the database, looks up the selection, makes a cursor of the letters of its tenant and
// batch.
Status OpenLetters(const std::string& database, LetterSelection* selection,
                   std::unique_ptr<Inspector>* inspector,
                   std::unique_ptr<Cursor<DeadLetter>>* cursor);

// The columns of list (what happened) and of export (also everything that was received, under names
// that `import` recognises).
const std::vector<Column>& LetterColumns(bool with_line);
void FillLetter(const DeadLetter& letter, bool with_line, std::vector<std::string>* row);

void AddSummaryCommand(CLI::App* parent, Chosen* chosen);
void AddRetryCommand(CLI::App* parent, Chosen* chosen);
void AddDropCommand(CLI::App* parent, Chosen* chosen);

}  // namespace tallystone::tool
