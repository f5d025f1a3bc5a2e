// The main of the engine tests: also the process that the kill test kills.
#include <cstring>

#include <gmock/gmock.h>

#include "engine_support/ingest_child.h"

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], tallystone::testing::kIngestChildFlag) == 0) {
    return tallystone::testing::RunIngestChild(argv[2]);
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
