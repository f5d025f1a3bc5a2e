#include "store/crash_child.h"

#include <spawn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "store/rocks/rocks_store.h"

namespace tallystone::testing {
namespace {

// The child cannot go on: says why, and ends with a code that no test expects.
void Require(const Status& status) {
  if (!status.ok()) {
    std::fprintf(stderr, "crash child: %s\n", status.ToString().c_str());
    _exit(3);
  }
}

std::unique_ptr<Store> OpenStore(const std::string& path, size_t ingest_lines_min) {
  RocksStoreOptions options;
  options.path = path;
  options.ingest_lines_min = ingest_lines_min;
  std::unique_ptr<Store> store;
  Require(RocksStore::Open(options, &store));
  return store;
}

[[noreturn]] void Stream(const std::string& path, size_t ingest_lines_min) {
  const WindowMaker maker(kCrashSeed, CrashShape());
  const std::unique_ptr<Store> store = OpenStore(path, ingest_lines_min);
  Marker marker;
  Require(store->ReadMarker(&marker));
  for (uint64_t number = maker.CountOf(marker);; ++number) {
    Require(store->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
  }
}

// Goes on where the marker says, as the engine's key replay does.
void Replay(const std::string& path, uint64_t steps) {
  const WindowMaker maker(kCrashSeed, CrashShape());
  const std::unique_ptr<Store> store = OpenStore(path, 0);
  Marker marker;
  Require(store->ReadMarker(&marker));
  const uint64_t number = maker.CountOf(marker);
  const SortedWindow window = maker.Make(number);
  if (!marker.replay) {
    marker.replay = ReplayProgress{window.last, {}, 0, {}};
  }
  for (const KeyDelta& delta : window.deltas) {
    if (delta.key <= marker.replay->done) {
      continue;
    }
    if (steps-- == 0) {
      _exit(kCrashExit);
    }
    marker.replay->done = delta.key;
    ++marker.replay->keys_done;
    Require(store->ApplyKey(&delta, marker));
  }
  if (steps == 0) {
    _exit(kCrashExit);
  }
  Require(store->ApplyRest(window, maker.MarkerOf(number)));
}

}  // namespace

WindowShape CrashShape() {
  WindowShape shape;
  shape.chunks = 6;
  shape.lines_per_chunk = 300;
  shape.items = 400;
  return shape;
}

int RunCrashChild(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  const std::string verb = argv[0];
  const uint64_t number = std::strtoull(argv[2], nullptr, 10);
  if (verb == "stream") {
    Stream(argv[1], number);
  }
  Replay(argv[1], number);
  return 0;
}

pid_t StartCrashChild(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts = {"store_tests", kCrashChildFlag};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& text : texts) {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  pid_t child = -1;
  EXPECT_EQ(0, posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, argv.data(), environ));
  return child;
}

int WaitForCrashChild(pid_t child) {
  int status = 0;
  EXPECT_EQ(child, waitpid(child, &status, 0));
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace tallystone::testing
