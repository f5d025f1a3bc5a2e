// Windows as the engine makes them, but random: the same seed and number give the same window.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "model/chunk.h"
#include "window/sorted_window.h"

namespace tallystone::testing {

struct WindowShape {
  uint32_t chunks = 4;
  uint32_t lines_per_chunk = 10;
  uint32_t tenants = 2;
  uint32_t items = 20;         // of each tenant
  uint32_t letters_every = 2;  // a chunk in so many has a dead letter; 0 = none
  bool rejections = false;     // some keys are marked as refused by the store
};

class WindowMaker {
 public:
  explicit WindowMaker(uint64_t seed, WindowShape shape = {}) : seed_(seed), shape_(shape) {}

  // The `number`th window (0 = first). Its chunks follow those of the window before.
  [[nodiscard]] SortedWindow Make(uint64_t number) const {
    std::mt19937_64 random(seed_ * 1'000'003 + number);
    SortedWindow window;
    window.first = number * shape_.chunks + 1;
    window.last = window.first + shape_.chunks - 1;
    std::map<StockKey, Line> lines;
    std::map<BatchRef, BatchSum> batches;
    for (Lsn lsn = window.first; lsn <= window.last; ++lsn) {
      AddChunk(lsn, &random, &window, &lines, &batches);
    }
    window.batches.assign(batches.begin(), batches.end());
    AddKeys(lines, &random, &window);
    AddCatalogue(number, lines, &window);
    return window;
  }

  // The marker after it.
  [[nodiscard]] Marker MarkerOf(uint64_t number) const {
    Marker marker = EmptyMarker();
    marker.applied = (number + 1) * shape_.chunks;
    return marker;
  }
  [[nodiscard]] static Marker EmptyMarker() {
    Marker marker;
    marker.database_id = std::string(16, '\x07');
    return marker;
  }
  // Windows that a store with this marker has taken.
  [[nodiscard]] uint64_t CountOf(const Marker& marker) const {
    return marker.applied / shape_.chunks;
  }

 private:
  struct Line {
    BalanceSum sum;
    std::vector<Posting> postings;
  };

  void AddChunk(Lsn lsn, std::mt19937_64* random, SortedWindow* window,
                std::map<StockKey, Line>* lines, std::map<BatchRef, BatchSum>* batches) const {
    const auto tenant = static_cast<TenantId>(1 + (*random)() % shape_.tenants);
    // Every third chunk goes on with the batch before, also over the edge of a window.
    const BatchRef ref{tenant, "batch/" + std::to_string(lsn / 3)};
    Chunk chunk;
    chunk.header.tenant = tenant;
    chunk.header.batch = ref.batch;
    chunk.header.accepted_at_us = lsn * 1000;
    chunk.header.first_line = 1;
    const std::string time = "2026-11-" + std::to_string(1 + lsn % 30);
    BatchSum batch;
    batch.first_lsn = batch.last_lsn = lsn;
    batch.lines = batch.accepted = shape_.lines_per_chunk;
    batch.accepted_at_us = lsn * 1000;
    batch.finished = lsn % 3 == 2;
    batch.digest.sum = (*random)();
    for (uint32_t index = 0; index < shape_.lines_per_chunk; ++index) {
      const auto item = static_cast<ItemId>(1 + (*random)() % shape_.items);
      Line& line = (*lines)[{tenant, item}];
      const auto quantity = static_cast<int64_t>((*random)() % 2'000'000) - 1'000'000;
      const auto cost = static_cast<int64_t>((*random)() % 100'000'000);
      BalanceSum one{quantity, Int128{quantity} * cost, 1, lsn, 0, ""};
      ChunkLine& booked = chunk.lines.emplace_back();
      booked.number = index + 1;
      booked.decided_by = DecidedBy::kCode;
      booked.item = item;
      booked.quantity = quantity;
      booked.unit_cost = cost;
      if (index % 4 == 0) {
        one.last_time = time;
        booked.time = time;
      }
      line.sum.Add(one);
      line.postings.push_back({lsn, index});
    }
    window->lines += shape_.lines_per_chunk;
    if (shape_.letters_every != 0 && lsn % shape_.letters_every == 0) {
      AddLetters(ref, lsn, window);
      ++batch.lines;
      ++batch.failed;
    }
    (*batches)[ref].Add(batch);
    std::string payload;
    EncodeChunk(chunk, &payload);
    window->blocks.push_back({lsn, std::make_shared<const std::string>(std::move(payload))});
  }

  // A new dead letter, and the end of an older one.
  void AddLetters(const BatchRef& ref, Lsn lsn, SortedWindow* window) const {
    StoredDeadLetter letter;
    letter.cause = Outcome::kBadQuantity;
    letter.lsn = lsn;
    letter.code = "CODE-" + std::to_string(lsn);
    letter.quantity = "1,5";
    letter.raw = std::string("raw\0row", 7);
    std::map<LineRef, std::optional<StoredDeadLetter>> letters(window->dead_letters.begin(),
                                                               window->dead_letters.end());
    letters[{ref.tenant, ref.batch, lsn * 500}] = letter;
    if (lsn > 8 * shape_.letters_every) {
      const Lsn old = lsn - 8 * shape_.letters_every;
      for (TenantId tenant = 1; tenant <= shape_.tenants; ++tenant) {
        letters[{tenant, "batch/" + std::to_string(old / 3), old * 500}] = std::nullopt;
      }
    }
    window->dead_letters.assign(letters.begin(), letters.end());
  }

  void AddKeys(const std::map<StockKey, Line>& lines, std::mt19937_64* random,
               SortedWindow* window) const {
    std::map<Lsn, std::vector<uint32_t>> rejected;
    for (const auto& [key, line] : lines) {
      KeyDelta delta{key, line.sum, static_cast<uint32_t>(window->postings.size()), 0, false};
      window->postings.insert(window->postings.end(), line.postings.begin(), line.postings.end());
      delta.posting_end = static_cast<uint32_t>(window->postings.size());
      if (shape_.rejections && (*random)() % 5 == 0) {
        delta.rejected = true;
        window->lines -= line.sum.lines;
        for (const Posting& posting : line.postings) {
          rejected[posting.lsn].push_back(posting.index);
        }
      }
      window->deltas.push_back(delta);
    }
    for (auto& [lsn, indexes] : rejected) {
      std::sort(indexes.begin(), indexes.end());
      window->rejected_lines.emplace_back(lsn, indexes);
    }
  }

  // Items of the window's keys: made by its first windows, described again by later ones. The
  // aliases and tenants come in no order, and more than once.
  void AddCatalogue(uint64_t number, const std::map<StockKey, Line>& lines,
                    SortedWindow* window) const {
    std::vector<std::pair<StockKey, std::string>> descending;
    for (const auto& [key, line] : lines) {
      if ((key.item + number) % 3 != 0) {
        continue;
      }
      const std::string name = std::to_string(key.tenant) + "-" + std::to_string(key.item);
      window->items.push_back(
          {key, {name, "", "item " + name + ", seen " + std::to_string(number), "pc"}});
      descending.emplace_back(key, "alias " + name);
      window->aliases.push_back({key, "alias " + name});
      window->aliases.push_back({key, "other " + std::to_string(number % 4)});
    }
    window->aliases.insert(window->aliases.begin(), descending.rbegin(), descending.rend());
    // Each is set by one window, changed by others, and removed by some.
    std::map<RecordRef, std::string> records;
    for (const auto& [key, line] : lines) {
      const RecordRef ref{key.tenant, static_cast<RecordKind>(1 + key.item % kRecordKindMax),
                          "record " + std::to_string(key.item % 5) + std::string(1, '\0')};
      records[ref] = (key.item + number) % 4 == 0 ? "" : "value " + std::to_string(number);
    }
    window->records.assign(records.begin(), records.end());
    for (TenantId tenant = shape_.tenants; tenant > 0 && number % 2 == 0; --tenant) {
      window->tenants.emplace_back(tenant, "tenant " + std::to_string(tenant));
    }
  }

  const uint64_t seed_;
  const WindowShape shape_;
};

}  // namespace tallystone::testing
