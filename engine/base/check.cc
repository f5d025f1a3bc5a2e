#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tallystone {

// The one place that prints and ends the process: nothing that is wrong in here can be told through
// an API whose own state is in doubt.
void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "tallystone: check failed: %s at %s:%d\n", condition, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace tallystone
