// Workload: lines by name and seed, the same on every machine and for every peer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/decimal.h"

namespace tallystone::bench {

enum class ItemChoice : uint8_t {
  kUniform,
  kZipf,  // with exponent 1: the item of rank r is chosen in proportion to 1 / r
};

struct WorkloadSpec {
  const char* name;
  ItemChoice choice;
  uint32_t items;
  uint32_t batch_lines;
  const char* text;  // for people
};

std::span<const WorkloadSpec> Workloads();
// Null if there is none of this name.
const WorkloadSpec* FindWorkload(std::string_view name);

struct WorkLine {
  std::string_view code;
  Decimal quantity;
  Decimal unit_cost;
};

// Working memory of one thread.
struct WorkBatch {
  uint64_t number = 0;  // from 0
  std::string id;
  std::vector<WorkLine> lines;
};

// Everything random happens in the constructor, so handing out a batch costs every peer the same
// few nanoseconds a line. Immutable; takes 12 bytes a line and 11 an item.
class Workload {
 public:
  // `batch_lines` 0 = those of the spec.
  Workload(const WorkloadSpec& spec, uint64_t seed, uint64_t lines, uint32_t batch_lines);

  [[nodiscard]] const WorkloadSpec& spec() const { return spec_; }
  [[nodiscard]] uint64_t seed() const { return seed_; }
  [[nodiscard]] uint64_t lines() const { return lines_.size(); }
  [[nodiscard]] uint32_t batch_lines() const { return batch_lines_; }
  [[nodiscard]] std::string_view Code(uint32_t item) const {
    return std::string_view(codes_).substr(size_t{item} * kCodeBytes, kCodeBytes);
  }

  // Batches of the first `lines` lines.
  [[nodiscard]] uint64_t Batches(uint64_t lines) const {
    return (lines + batch_lines_ - 1) / batch_lines_;
  }
  // Fills *batch; requires number < Batches(lines) and lines <= this->lines().
  void GetBatch(uint64_t number, uint64_t lines, WorkBatch* batch) const;

 private:
  static constexpr size_t kCodeBytes = 11;  // "SKU-0000001"

  struct PackedLine {
    uint32_t item;      // from 0
    int32_t quantity;   // in 1e-3
    int32_t unit_cost;  // in 1e-4
  };

  const WorkloadSpec& spec_;
  const uint64_t seed_;
  const uint32_t batch_lines_;
  std::string codes_;
  std::vector<PackedLine> lines_;
};

}  // namespace tallystone::bench
