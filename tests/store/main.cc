// The main of the store tests: also the process that the crash tests kill.
#include <cstring>

#include <gmock/gmock.h>

#include "store/crash_child.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], tallystone::testing::kCrashChildFlag) == 0) {
    return tallystone::testing::RunCrashChild(argc - 2, argv + 2);
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
