// What stands at the other end of an output.
#pragma once

#include <cstddef>

namespace tallystone::tool {

bool IsTerminal(int fd);

// Columns of the terminal on `fd`; 0 if it is none, and nothing needs to fit.
size_t TerminalWidth(int fd);

// Columns that a table on standard output has to fit into; 0 = as many as it likes: it is no
// terminal, or ShowWholeCells was called.
size_t TableWidth();
void ShowWholeCells();

// Whether what stands on `fd` may be rewritten: a terminal, not "dumb".
bool MayMoveCursor(int fd);

// Whether output on `fd` may be styled: a terminal, not "dumb", and NO_COLOR is unset or empty.
bool MayStyle(int fd);

}  // namespace tallystone::tool
