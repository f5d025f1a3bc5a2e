#include "mapping_command.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "catalog/normal_form.h"
#include "catalog/tenant_catalogue.h"
#include "machine.h"
#include "measure.h"
#include "model/line_check.h"
#include "product_names.h"
#include "tallystone/tallystone.h"

namespace tallystone::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct MappingOptions {
  std::vector<uint64_t> items = {10'000, 100'000, 1'000'000};
  uint64_t lookups = 20'000;
  uint64_t import_items = 100'000;
  uint64_t import_lines = 1'000'000;
  double misspelled = 2;  // percent of the lines
  double unseen = 0.5;
  uint64_t rounds = 3;
  std::string directory = ".";
};

double Seconds(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Microseconds of single look-ups.
class Latencies {
 public:
  template <typename Look>
  void Time(const Look& look) {
    const auto start = Clock::now();
    look();
    micros_.push_back(Seconds(start) * 1e6);
  }
  void Print(const char* what) {
    std::sort(micros_.begin(), micros_.end());
    const auto at = [&](double part) {
      return micros_[static_cast<size_t>(part * static_cast<double>(micros_.size() - 1))];
    };
    fmt::print("  {:<46} {:>9.2f} {:>9.2f} {:>9.2f}\n", what, at(0.5), at(0.99), at(0.999));
  }

 private:
  std::vector<double> micros_;
};

RawLine LineOf(std::string_view description) {
  RawLine line;
  line.description = description;
  line.quantity_text = "1";
  line.unit_cost_text = "1";
  return line;
}

// Look-ups in a catalogue of so many items, in memory.
class Lookups {
 public:
  Lookups(const ProductNames& names, uint64_t items, uint64_t lookups)
      : names_(names), items_(items), lookups_(lookups) {}

  void Run() {
    Fill();
    fmt::print("  {:<46} {:>9} {:>9} {:>9}\n", "microseconds", "p50", "p99", "p99.9");
    Measure("exact hit", MappingMode::kAuto, [&](uint64_t number) { return names_.Name(number); });
    MakeIndex();
    Measure("miss with fuzzy: a misspelled name", MappingMode::kAuto, [&](uint64_t number) {
      return ProductNames::Misspelled(names_.Name(number), &random_);
    });
    Measure("miss with fuzzy: a name never seen", MappingMode::kAuto,
            [&](uint64_t number) { return names_.Name(items_ + number); });
  }

 private:
  void Fill() {
    const uint64_t before = ResidentBytes();
    std::string form;
    for (uint64_t number = 0; number < items_; ++number) {
      StoredItem item;
      item.description = names_.Name(number);
      NormaliseDescription(item.description, &form);
      const auto id = static_cast<ItemId>(number + 1);
      if (!catalogue_.LearnItem(id, item).ok() || !catalogue_.LearnAlias(id, form).ok()) {
        return;
      }
    }
    fmt::print("{} items: {:.0f} bytes of memory each\n", items_, Each(before));
  }

  // The first line that no exact rule maps makes the index.
  void MakeIndex() {
    const uint64_t before = ResidentBytes();
    const auto start = Clock::now();
    Map("a name that nothing is like", MappingMode::kAuto);
    fmt::print("  index of the words: made in {:.2f} s, {:.0f} bytes each\n", Seconds(start),
               Each(before));
  }

  [[nodiscard]] double Each(uint64_t before) const {
    const uint64_t now = ResidentBytes();
    return static_cast<double>(now > before ? now - before : 0) / static_cast<double>(items_);
  }

  Decision Map(const std::string& text, MappingMode mode) {
    const RawLine raw = LineOf(text);
    CatalogueChanges changes;
    const Decision decision =
        catalogue_.Map(CheckLine(raw), {UnknownItemPolicy::kCreate, mode}, 1, &changes);
    catalogue_.Undo(changes);
    return decision;
  }

  template <typename Make>
  void Measure(const char* what, MappingMode mode, const Make& make) {
    Latencies latencies;
    CatalogueChanges changes;
    for (uint64_t number = 0; number < lookups_; ++number) {
      const std::string text = make(random_() % items_);
      const RawLine raw = LineOf(text);
      const CheckedLine line = CheckLine(raw);
      changes.clear();
      latencies.Time([&] {
        const Decision decision =
            catalogue_.Map(line, {UnknownItemPolicy::kCreate, mode}, 1, &changes);
        decided_ += decision.item;
      });
      catalogue_.Undo(changes);
    }
    latencies.Print(what);
  }

  const ProductNames& names_;
  const uint64_t items_;
  const uint64_t lookups_;
  TenantCatalogue catalogue_;
  std::mt19937_64 random_{7};
  uint64_t decided_ = 0;
};

// Books lines of known items, some misspelled and some never seen, durable and applied.
class Import {
 public:
  Import(const MappingOptions& options, const ProductNames& names, std::string path)
      : options_(options), names_(names), path_(std::move(path)) {}

  Status Run(MappingMode mode, double* lines_per_second, double* open_seconds) {
    std::unique_ptr<Engine> engine;
    Status status = Engine::Open({}, path_, &engine);
    status = status.ok() ? Book(engine.get(), "catalogue", 0, options_.import_items,
                                MappingMode::kExact, false)
                         : status;
    status = status.ok() ? engine->Close() : status;
    engine.reset();
    const auto opening = Clock::now();
    status = status.ok() ? Engine::Open({}, path_, &engine) : status;
    *open_seconds = Seconds(opening);
    const auto start = Clock::now();
    status =
        status.ok() ? Book(engine.get(), "lines", 1, options_.import_lines, mode, true) : status;
    status = status.ok() ? engine->Flush() : status;
    *lines_per_second =
        static_cast<double>(options_.import_lines) / (Seconds(start) - making_names_);
    return status.ok() ? engine->Close() : status;
  }

 private:
  std::string Text(uint64_t number, bool noised, std::mt19937_64* random) const {
    if (!noised) {
      return names_.Name(number);
    }
    const double kind = static_cast<double>((*random)() % 100'000) / 1000;
    if (kind < options_.unseen) {
      return names_.Name(options_.import_items + number);
    }
    const std::string name = names_.Name((*random)() % options_.import_items);
    return kind < options_.unseen + options_.misspelled ? ProductNames::Misspelled(name, random)
                                                        : name;
  }

  Status Book(Engine* engine, const std::string& id, uint64_t seed, uint64_t lines,
              MappingMode mode, bool noised) {
    constexpr uint64_t kLinesOfABatch = 500;
    std::mt19937_64 random(seed);
    making_names_ = 0;
    for (uint64_t first = 0; first < lines; first += kLinesOfABatch) {
      const auto making = Clock::now();
      Batch batch("acme", id + std::to_string(first));
      for (uint64_t line = first; line < std::min(first + kLinesOfABatch, lines); ++line) {
        const std::string text = Text(line, noised, &random);
        batch.AddText({.description = text, .quantity = "2", .unit_cost = "1.5"});
      }
      making_names_ += Seconds(making);
      BatchResult result;
      const Status status =
          engine->Ingest({.mapping = mode, .line_results = false}, batch, &result);
      if (!status.ok()) {
        return status;
      }
    }
    return Status::Ok();
  }

  const MappingOptions& options_;
  const ProductNames& names_;
  const std::string path_;
  double making_names_ = 0;  // seconds that are the bench's own
};

Status RunImports(const MappingOptions& options, const ProductNames& names) {
  fmt::print(
      "{} lines over {} items, {} % misspelled, {} % never seen, 500 a batch, each durable; "
      "lines/s until applied\n",
      options.import_lines, options.import_items, options.misspelled, options.unseen);
  for (uint64_t round = 0; round < options.rounds; ++round) {
    double rates[2] = {};
    double open = 0;
    for (const MappingMode mode : {MappingMode::kExact, MappingMode::kAuto}) {
      ScratchDirectory directory;
      Status status = directory.Create(options.directory);
      status = status.ok() ? Import(options, names, directory.path() + "/db")
                                 .Run(mode, &rates[mode == MappingMode::kAuto ? 1 : 0], &open)
                           : status;
      if (!status.ok()) {
        return status;
      }
    }
    fmt::print("  exact {:>9.0f}   auto {:>9.0f}   auto / exact {:.2f}   open {:.3f} s\n", rates[0],
               rates[1], rates[1] / rates[0], open);
  }
  return Status::Ok();
}

}  // namespace

int RunMappingCommand(int argc, char** argv) {
  CLI::App app(
      "How long it takes to find the item that a line means, how much memory that needs, and what "
      "the mode auto costs an import.",
      "tallystone-bench mapping");
  MappingOptions options;
  app.add_option("--items", options.items, "sizes of the catalogue")->delimiter(',');
  app.add_option("--lookups", options.lookups, "look-ups of each kind");
  app.add_option("--import-items", options.import_items, "items of the import");
  app.add_option("--import-lines", options.import_lines, "lines of the import; 0 = no import");
  app.add_option("--misspelled", options.misspelled, "of the lines, percent");
  app.add_option("--unseen", options.unseen, "of the lines, percent");
  app.add_option("--rounds", options.rounds, "rounds of the import");
  app.add_option("--dir", options.directory, "where the databases are made");
  int code = 0;
  if (!Parse(&app, argc, argv, &code)) {
    return code;
  }
  const ProductNames names;
  for (const uint64_t items : options.items) {
    Lookups(names, items, options.lookups).Run();
  }
  if (options.import_lines > 0) {
    const Status status = RunImports(options, names);
    if (!status.ok()) {
      fmt::print(stderr, "tallystone-bench: {}\n", status.message());
      return kFailed;
    }
  }
  return 0;
}

}  // namespace tallystone::bench
