// Quoting of texts in CSV and JSON.
#pragma once

#include <string>
#include <string_view>

namespace tallystone::tool {

// Appends `text` as one CSV field (RFC 4180): quoted only where needed, bytes exactly as they are.
// Text that a spreadsheet would take for a formula is not changed: what is read back must equal
// what was stored.
void AppendCsvField(std::string_view text, std::string* out);

// The same for a spreadsheet that opens the file: a text that it would take for a formula (one that
// begins with = + - @, a tab or CR) gets an apostrophe before it. What is read back is then not
// what was stored.
void AppendSpreadsheetField(std::string_view text, std::string* out);

bool IsUtf8(std::string_view text);

// Appends `text` as a JSON string with its quotes. Control characters (C0, DEL, C1) are escaped;
// bytes that are not UTF-8 become U+FFFD, since JSON cannot carry them.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace tallystone::tool
