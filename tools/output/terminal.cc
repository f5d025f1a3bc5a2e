#include "output/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>

namespace tallystone::tool {
namespace {

bool whole_cells = false;  // --wide, before any work begins

}  // namespace

bool IsTerminal(int fd) {
  return isatty(fd) == 1;
}

size_t TerminalWidth(int fd) {
  constexpr size_t kUsualWidth = 80;
  if (!IsTerminal(fd)) {
    return 0;
  }
  struct winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return kUsualWidth;
  }
  return size.ws_col;
}

size_t TableWidth() {
  return whole_cells ? 0 : TerminalWidth(1);
}

void ShowWholeCells() {
  whole_cells = true;
}

bool MayMoveCursor(int fd) {
  const char* term = std::getenv("TERM");
  return IsTerminal(fd) && term != nullptr && std::string_view(term) != "dumb";
}

bool MayStyle(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return MayMoveCursor(fd) && (no_color == nullptr || *no_color == '\0');
}

}  // namespace tallystone::tool
