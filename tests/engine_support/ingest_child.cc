#include "engine_support/ingest_child.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "model/random_source.h"
#include "tallystone/engine.h"

namespace tallystone::testing {
namespace {

constexpr uint64_t kSeed = 2026;

Options ChildOptions(const std::vector<std::string>& servers) {
  Options options;
  options.servers = servers;
  options.window_lines_max = 1500;
  options.ingest_lines_min = 1000;  // both ways of loading
  options.window_age_ms_max = 5;
  options.log_segment_bytes = 64u << 10;
  return options;
}

// The first line of every third batch is bad, and is retried some batches later.
bool HasLetter(uint64_t number) {
  return number % 3 == 0;
}

Status Retry(Engine* engine, uint64_t number) {
  const Batch batch = ChildBatch(number);
  const TextLine corrected{.code = "MENDED", .quantity = "2", .unit_cost = "0.5"};
  LineResult result;
  Status status = engine->RetryDeadLetter({}, {batch.tenant(), batch.id(), 1}, &corrected, &result);
  return status.IsNotFound() ? Status::Ok() : status;  // an earlier run booked it
}

Status Send(Engine* engine, uint64_t number) {
  const Batch batch = ChildBatch(number);
  IngestOptions options;
  options.level = number % 7 == 0 ? Durability::kApplied : Durability::kLogged;
  BatchResult result;
  Status status = engine->Ingest(options, batch, &result);
  if (status.ok() && number >= 6 && HasLetter(number - 6)) {
    status = Retry(engine, number - 6);
  }
  return status;
}

}  // namespace

Batch ChildBatch(uint64_t number) {
  test::RandomSource random(kSeed + number);
  Batch batch("tenant" + std::to_string(number % 3), "batch " + std::to_string(number));
  if (HasLetter(number)) {
    batch.AddText({.code = "X", .quantity = "six", .unit_cost = "1"});
  }
  const uint64_t lines = random.OneIn(3) ? random.Below(1200) : random.Below(60);
  for (uint64_t line = 0; line < lines; ++line) {
    const std::string code = random.OneIn(4) ? "" : "C" + std::to_string(random.Below(200));
    const std::string quantity = std::to_string(static_cast<int64_t>(random.Below(100)) - 9);
    batch.AddText({.code = code,
                   .description = random.Pick({"", "Bolt", "Nut", "Cap"}),
                   .quantity = quantity,
                   .unit_cost = random.Pick({"1", "2.5", "-0.000001", "99999.99"})});
  }
  return batch;
}

int RunIngestChild(const std::string& path, const std::vector<std::string>& servers) {
  std::unique_ptr<Engine> engine;
  Status status = Engine::Open(ChildOptions(servers), path, &engine);
  for (uint64_t number = 0; status.ok() && number < kChildBatches; ++number) {
    status = Send(engine.get(), number);
    if (status.ok()) {
      const std::string line = std::to_string(number) + "\n";
      if (write(STDOUT_FILENO, line.data(), line.size()) < 0) {
        return 2;
      }
    }
  }
  if (status.ok()) {
    status = engine->Close();
  }
  if (!status.ok()) {
    std::fprintf(stderr, "ingest child: %s\n", status.ToString().c_str());
  }
  return status.ok() ? 0 : 1;
}

pid_t StartIngestChild(const std::string& path, const std::vector<std::string>& servers,
                       int* acknowledged) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(0, pipe2(ends, O_CLOEXEC));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<std::string> texts = {"ingest_child", kIngestChildFlag, path};
  texts.insert(texts.end(), servers.begin(), servers.end());
  std::vector<char*> argv;
  for (std::string& text : texts) {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  pid_t child = -1;
  EXPECT_EQ(0, posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), environ));
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  *acknowledged = ends[0];
  return child;
}

std::set<uint64_t> ReadAcknowledged(int pipe) {
  std::string text;
  char bytes[4096];
  for (ssize_t count = 0; (count = read(pipe, bytes, sizeof(bytes))) > 0;) {
    text.append(bytes, static_cast<size_t>(count));
  }
  close(pipe);
  std::set<uint64_t> numbers;
  for (size_t start = 0, end = 0; (end = text.find('\n', start)) != std::string::npos;
       start = end + 1) {
    numbers.insert(std::strtoull(text.substr(start, end - start).c_str(), nullptr, 10));
  }
  return numbers;
}

int WaitForChild(pid_t child) {
  int status = 0;
  EXPECT_EQ(child, waitpid(child, &status, 0));
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace tallystone::testing
