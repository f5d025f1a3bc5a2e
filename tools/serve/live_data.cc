#include "serve/live_data.h"

#include <algorithm>

#include "process/give_way.h"

namespace tallystone::tool {
namespace {

using std::chrono::seconds;

// An answer is kept for this many times what it took.
constexpr int kKeptPerCost = 10;

}  // namespace

Status LiveData::Answer(Clock::duration good_min, const Make& make, Kept* kept, std::string* json) {
  const std::lock_guard lock(mutex_);
  const Clock::time_point start = Clock::now();
  if (start >= kept->good_until) {
    GiveWayToWriter(options_.database);
    std::unique_ptr<Inspector> inspector;
    if (Status s = Inspector::Open(Options{}, options_.database, &inspector); !s.ok()) {
      return s;
    }
    std::string made;
    if (Status s = make(inspector.get(), &made); !s.ok()) {
      return s;
    }
    kept->json = std::move(made);
    const Clock::time_point end = Clock::now();
    kept->good_until = end + std::max<Clock::duration>(good_min, (end - start) * kKeptPerCost);
  }
  *json = kept->json;
  return Status::Ok();
}

Status LiveData::Snapshot(std::string* json) {
  return Answer(
      seconds(3),
      [this](Inspector* inspector, std::string* made) {
        // What cannot be read, or is not sound, is in it.
        MakeSnapshot(inspector, options_, &history_, nullptr, made).PermitUnchecked();
        return Status::Ok();
      },
      &snapshot_, json);
}

Status LiveData::Pulse(std::string* json) {
  return Answer(
      seconds(1),
      [this](Inspector* inspector, std::string* made) {
        return MakePulse(inspector, &history_, made);
      },
      &pulse_, json);
}

Status LiveData::BatchPage(const std::string& tenant, const std::string& batch, std::string* json) {
  const std::lock_guard lock(mutex_);
  GiveWayToWriter(options_.database);
  std::unique_ptr<Inspector> inspector;
  if (Status s = Inspector::Open(Options{}, options_.database, &inspector); !s.ok()) {
    return s;
  }
  return MakeBatchPage(inspector.get(), tenant, batch, json);
}

}  // namespace tallystone::tool
