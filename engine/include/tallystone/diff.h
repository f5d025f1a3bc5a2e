// Diff: what is different between two databases.
//
// Compared is what they say, however it came about: items by code (or else description), never by
// number; lines by tenant, batch and line number, never by LSN; balances, dead letters, reviews,
// settings and learned names. Not compared: times of acceptance, attempts, how an item was found.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tallystone/backup.h"
#include "tallystone/inspector.h"
#include "tallystone/options.h"

namespace tallystone {

enum class DifferenceKind : uint8_t {
  kTenant = 0,  // only in one: nothing of it is listed
  kItem = 1,    // description, GTIN, unit
  kBalance = 2,
  kBatch = 3,  // only in one (its lines are not listed), or its counts
  kLine = 4,
  kDeadLetter = 5,
  kReview = 6,
  kSetting = 7,
  kLearned = 8,  // a name or a vendor's code that a person's answer gave to an item
};
inline constexpr int kDifferenceKindCount = 9;
// "tenant", "item", "balance", "batch", "line", "dead_letter", "review", "setting", "learned".
std::string_view DifferenceKindName(DifferenceKind kind);

enum class DifferenceSide : uint8_t { kBoth = 0, kOnlyLeft = 1, kOnlyRight = 2 };
// "changed", "only_a", "only_b".
std::string_view DifferenceSideName(DifferenceSide side);

// One field that is different.
struct Difference {
  DifferenceKind kind = DifferenceKind::kTenant;
  DifferenceSide side = DifferenceSide::kBoth;
  std::string tenant = {};
  std::string batch = {};
  uint64_t line = 0;  // 0 = it is of no line
  std::string name =
      {};  // of the item (its code, or else its description), setting or learned name
  std::string field = {};
  std::string left = {};  // exact decimals; "" where there is none
  std::string right = {};
};

struct DiffReport {
  bool equal = true;
  bool complete = true;     // false: it was ended early, there may be more
  uint64_t left_lines = 0;  // booked lines that were compared
  uint64_t right_lines = 0;
  uint64_t differences = 0;
  uint64_t by_kind[kDifferenceKindCount] = {};
};

// Compares two databases as they were when it was opened; takes no lock, writes nothing. Reads
// every line of both once, by sums per batch, and line by line only batches that differ. Memory:
// about 150 bytes an item, 50 a review or learned name, 8 MiB. Not thread-safe.
class Differ {
 public:
  // kNotFound: there is no database. kCorruption, kFormatMismatch: says where.
  static Status Open(const Options& options, const std::string& left, const std::string& right,
                     std::unique_ptr<Differ>* differ);
  virtual ~Differ() = default;

  [[nodiscard]] virtual uint64_t left_lsn() const = 0;  // as of which it is compared
  [[nodiscard]] virtual uint64_t right_lsn() const = 0;

  // Gives each difference to `found`, tenant by tenant; it ends where that answers false.
  // kInterrupted: `stop` said so.
  using FoundFunction = std::function<bool(const Difference&)>;
  virtual Status Run(const ProgressFunction& progress, const StopFunction& stop,
                     const FoundFunction& found, DiffReport* report) = 0;
};

}  // namespace tallystone
