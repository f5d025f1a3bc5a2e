// Texts for people: what a terminal may be sent, widths, numbers with separators.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallystone::tool {

// `text` fit for a terminal: control characters (C0, DEL, C1) become U+FFFD, so that data can
// neither move the cursor nor colour the screen; bytes that are not UTF-8 become U+FFFD too; line
// ends and tabs a blank.
std::string PlainText(std::string_view text);

// Columns that `plain` (from PlainText) takes on a terminal.
size_t DisplayWidth(std::string_view plain);

// `plain` cut to at most `width` columns, the last one "…" if something was cut.
std::string CutToWidth(std::string_view plain, size_t width);

// "1,234,567".
std::string Thousands(uint64_t number);
// "1 line", "2,000 lines": a number with its word; `many` where it is not `one` with an s.
std::string Counted(uint64_t number, std::string_view one, std::string_view many = {});

// "85 ms", "1.24 s", "3 min 05 s".
std::string Duration(double seconds);

// "48.0 MB".
std::string Bytes(uint64_t bytes);

// "2026-11-23T10:15:30Z" for microseconds since 1970; empty for 0.
std::string UtcTime(uint64_t micros);

// Without the blanks at both ends: space, tab, CR, LF, no-break space, as the engine strips texts.
std::string_view Strip(std::string_view text);

// `text` as one word of a shell's command line, quoted where it must be.
std::string ShellWord(std::string_view text);

// A likeness in thousandths, as 0.875, or 1.
std::string ScoreText(uint32_t score);

}  // namespace tallystone::tool
