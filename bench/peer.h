// Peer: one way to keep an inventory from batches of lines, as `tallystone-bench peers` runs it.
//
// To add one, write peers/NAME.cc with a class and, at namespace scope,
//
//     const PeerRegistration kRegistration({"name", "what it does", speed}, [] {
//       return std::make_unique<MyPeer>();
//     });
//
// All peers keep the same: the lines (item, quantity, unit cost, batch), the lines of each item,
// the items with their codes, exact balances (128 bits), which batches were booked, and a position.
// And all promise the same: what Write answered OK for is on the device (fdatasync or stronger) and
// is booked exactly once. Each maps codes to item numbers in memory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "digest.h"
#include "tallystone/status.h"
#include "workload.h"

namespace tallystone::bench {

class Peer {
 public:
  virtual ~Peer() = default;

  // Gets ready for the first `lines` lines in the empty directory `directory`. Not measured.
  // kUnavailable: this machine does not have what it needs, and what that is.
  virtual Status Open(const Workload& workload, uint64_t lines, const std::string& directory) = 0;
  // Books a batch; durable when it returns. Called from several threads at once.
  virtual Status Write(const WorkBatch& batch) = 0;
  // Everything that was written is applied to the database that Digest reads. Measured.
  virtual Status Finish() = 0;
  // So many lines are taken before a Write may have to wait for that database. 0: each waits.
  [[nodiscard]] virtual uint64_t RoomLines() const { return 0; }

  // The balances as the database says them. Nothing for a peer that has none. Not measured.
  virtual Status Digest(std::optional<BalanceDigest>* digest) = 0;
  // Brings what is left in memory to disk, so that the bytes on it can be compared. Not measured.
  virtual Status Close() = 0;
};

// How many lines a peer is given.
enum class PeerSpeed : uint8_t {
  kAll,
  kSlow,  // a few: --slow-lines
};

struct PeerInfo {
  std::string name;
  std::string text;  // for people
  PeerSpeed speed = PeerSpeed::kAll;
  uint64_t lines_max = UINT64_MAX;  // it is given no more
};

struct PeerEntry {
  PeerInfo info;
  std::function<std::unique_ptr<Peer>()> make;
};

// By name, `tallystone` first.
const std::vector<PeerEntry>& Peers();
// Null if there is none of this name.
const PeerEntry* FindPeer(std::string_view name);

// A peer that this build does not have.
struct AbsentPeer {
  std::string name;
  std::string why;
};
std::vector<AbsentPeer> PeersNotBuilt();

struct PeerRegistration {
  PeerRegistration(PeerInfo info, std::function<std::unique_ptr<Peer>()> make);
};

}  // namespace tallystone::bench
