// The main of the tests of engines on PostgreSQL: also the process that is killed.
#include <cstring>

#include <gmock/gmock.h>

#include "engine_support/ingest_child.h"

int main(int argc, char** argv) {
  if (argc >= 3 && std::strcmp(argv[1], tallystone::testing::kIngestChildFlag) == 0) {
    return tallystone::testing::RunIngestChild(argv[2], {argv + 3, argv + argc});
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
