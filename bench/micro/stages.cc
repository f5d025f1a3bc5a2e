// Micro benches: the stages of a line on its way, one by one, 500 lines a chunk. Items a second are
// lines a second.
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "engine_chunks.h"
#include "model/batch_lines.h"
#include "model/chunk.h"
#include "model/content_digest.h"
#include "model/line_check.h"
#include "tallystone/batch.h"
#include "window/sort_window.h"
#include "window/window_deltas.h"

namespace tallystone::bench {
namespace {

constexpr uint64_t kSeed = 42;
constexpr uint64_t kLines = 262'144 / 500 * 500;  // about one full window

const Workload& WorkloadOf(const char* name) {
  static std::vector<std::unique_ptr<Workload>> made;
  for (const auto& workload : made) {
    if (std::string_view(workload->spec().name) == name) {
      return *workload;
    }
  }
  made.push_back(std::make_unique<Workload>(*FindWorkload(name), kSeed, kLines, 0));
  return *made.back();
}

std::vector<WorkBatch> Batches(const char* name) {
  const Workload& workload = WorkloadOf(name);
  std::vector<WorkBatch> batches(workload.Batches(kLines));
  for (uint64_t number = 0; number < batches.size(); ++number) {
    workload.GetBatch(number, kLines, &batches[number]);
  }
  return batches;
}

// The chunks of a window, durable in name only.
std::vector<LoggedChunk> LoggedChunks(const char* name) {
  std::vector<LoggedChunk> chunks;
  EngineChunks maker;
  for (const WorkBatch& batch : Batches(name)) {
    auto payload = std::make_shared<const std::string>(maker.Encode(batch));
    chunks.push_back({chunks.size() + 1, std::move(payload)});
  }
  return chunks;
}

void CountLines(benchmark::State& state, uint64_t lines) {
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * lines));
}

// Copying a caller's lines into a Batch.
void FillBatch(benchmark::State& state, const char* name) {
  const WorkBatch lines = Batches(name).front();
  for (auto _ : state) {
    Batch batch("default", lines.id);
    for (const WorkLine& line : lines.lines) {
      batch.Add({.code = line.code, .quantity = line.quantity, .unit_cost = line.unit_cost});
    }
    benchmark::DoNotOptimize(batch.lines());
  }
  CountLines(state, lines.lines.size());
}

void CheckLines(benchmark::State& state, const char* name) {
  const WorkBatch batch = Batches(name).front();
  for (auto _ : state) {
    for (const WorkLine& line : batch.lines) {
      benchmark::DoNotOptimize(CheckLine(RawLineOf(line)));
    }
  }
  CountLines(state, batch.lines.size());
}

// Numbers that come as text.
void CheckTextLines(benchmark::State& state, const char* name) {
  const WorkBatch batch = Batches(name).front();
  std::vector<std::string> texts;
  for (const WorkLine& line : batch.lines) {
    texts.push_back(line.quantity.ToString());
    texts.push_back(line.unit_cost.ToString());
  }
  for (auto _ : state) {
    for (size_t index = 0; index < batch.lines.size(); ++index) {
      RawLine raw;
      raw.code = batch.lines[index].code;
      raw.quantity_text = texts[2 * index];
      raw.unit_cost_text = texts[2 * index + 1];
      benchmark::DoNotOptimize(CheckLine(raw));
    }
  }
  CountLines(state, batch.lines.size());
}

void DigestLines(benchmark::State& state, const char* name) {
  const WorkBatch batch = Batches(name).front();
  std::vector<CheckedLine> checked;
  for (const WorkLine& line : batch.lines) {
    checked.push_back(CheckLine(RawLineOf(line)));
  }
  std::string scratch;
  for (auto _ : state) {
    ContentDigest digest;
    for (size_t index = 0; index < checked.size(); ++index) {
      Add(DigestLine(index + 1, checked[index], &scratch), &digest);
    }
    benchmark::DoNotOptimize(digest);
  }
  CountLines(state, batch.lines.size());
}

// Items that all exist: the catalogue of a database that has run for a while.
void MapKnownLines(benchmark::State& state, const char* name) {
  const std::vector<WorkBatch> batches = Batches(name);
  TenantCatalogue catalogue;
  CatalogueChanges changes;
  std::vector<CheckedLine> lines;
  for (const WorkBatch& batch : batches) {
    for (const WorkLine& line : batch.lines) {
      lines.push_back(CheckLine(RawLineOf(line)));
      catalogue.Map(lines.back(), UnknownItemPolicy::kCreate, UINT64_MAX, &changes);
    }
  }
  changes.clear();
  for (auto _ : state) {
    for (const CheckedLine& line : lines) {
      benchmark::DoNotOptimize(
          catalogue.Map(line, UnknownItemPolicy::kCreate, UINT64_MAX, &changes));
    }
  }
  TS_CHECK(changes.empty());
  CountLines(state, lines.size());
}

// An empty catalogue that learns the items of a window.
void MapNewLines(benchmark::State& state, const char* name) {
  std::vector<CheckedLine> lines;
  for (const WorkBatch& batch : Batches(name)) {
    for (const WorkLine& line : batch.lines) {
      lines.push_back(CheckLine(RawLineOf(line)));
    }
  }
  for (auto _ : state) {
    TenantCatalogue catalogue;
    CatalogueChanges changes;
    for (const CheckedLine& line : lines) {
      benchmark::DoNotOptimize(
          catalogue.Map(line, UnknownItemPolicy::kCreate, UINT64_MAX, &changes));
    }
  }
  CountLines(state, lines.size());
}

void EncodeChunks(benchmark::State& state, const char* name) {
  EngineChunks maker;
  const std::vector<WorkBatch> batches = Batches(name);
  maker.MapBatch(batches[0]);  // learns what the second need not say again
  const Chunk& chunk = maker.MapBatch(batches[1]);
  for (auto _ : state) {
    std::string payload;
    EncodeChunk(chunk, &payload);
    benchmark::DoNotOptimize(payload);
  }
  CountLines(state, chunk.lines.size());
}

void DecodeNumbers(benchmark::State& state, const char* name) {
  const std::vector<LoggedChunk> chunks = LoggedChunks(name);
  ChunkNumbers numbers;
  uint64_t lines = 0;
  for (const LoggedChunk& chunk : chunks) {
    TS_CHECK(DecodeChunkNumbers(*chunk.payload, &numbers).ok());
    lines += numbers.items.size();
  }
  for (auto _ : state) {
    for (const LoggedChunk& chunk : chunks) {
      benchmark::DoNotOptimize(DecodeChunkNumbers(*chunk.payload, &numbers).ok());
    }
  }
  CountLines(state, lines);
}

// For readers of balances.
void FoldWindow(benchmark::State& state, const char* name) {
  const std::vector<LoggedChunk> chunks = LoggedChunks(name);
  for (auto _ : state) {
    WindowDeltas deltas;
    TS_CHECK(deltas.CatchUp(chunks).ok());
    benchmark::DoNotOptimize(deltas.Find({1, 1}));
  }
  CountLines(state, kLines);
}

void SortWholeWindow(benchmark::State& state, const char* name) {
  LogStretch stretch;
  for (const LoggedChunk& chunk : LoggedChunks(name)) {
    stretch.Append(chunk);
  }
  const ItemLookup lookup = [](StockKey, StoredItem*) { return Status::NotFound("no store"); };
  for (auto _ : state) {
    SortedWindow sorted;
    TS_CHECK(SortWindow(stretch, lookup, &sorted).ok());
    benchmark::DoNotOptimize(sorted.deltas.size());
  }
  CountLines(state, kLines);
}

#define TALLYSTONE_STAGE(stage)                   \
  BENCHMARK_CAPTURE(stage, zipf100k, "zipf100k"); \
  BENCHMARK_CAPTURE(stage, uniform1m, "uniform1m")

TALLYSTONE_STAGE(FillBatch);
TALLYSTONE_STAGE(CheckLines);
TALLYSTONE_STAGE(CheckTextLines);
TALLYSTONE_STAGE(DigestLines);
TALLYSTONE_STAGE(MapKnownLines);
TALLYSTONE_STAGE(MapNewLines);
TALLYSTONE_STAGE(EncodeChunks);
TALLYSTONE_STAGE(DecodeNumbers);
TALLYSTONE_STAGE(FoldWindow);
TALLYSTONE_STAGE(SortWholeWindow);

}  // namespace
}  // namespace tallystone::bench
