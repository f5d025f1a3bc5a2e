// What a window brings to the store, and what the store keeps: plain values, the same for every
// store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/content_digest.h"
#include "model/ids.h"
#include "tallystone/decimal.h"
#include "tallystone/outcome.h"

namespace tallystone {

// The sum of transactions of one stock key; a balance is the sum of all of its deltas (law L4).
struct BalanceSum {
  Int128 on_hand = 0;  // in 1e-6
  Int128 value = 0;    // in 1e-12
  uint64_t lines = 0;
  Lsn last_lsn = 0;  // the last chunk it contains
  // Sum, modulo 2^32, of the PlaceHash of each of its lines: two sums that agree in `lines` and
  // `places` contain the same lines. Compared with the postings by `verify --quick`.
  uint32_t places = 0;
  std::string last_time;  // of the last line that had one

  // Adds `later`, whose chunks come after ours. Associative: (a + b) + c = a + (b + c).
  void Add(const BalanceSum& later);
  friend bool operator==(const BalanceSum&, const BalanceSum&) = default;
};

// A keyed hash of where a booked line stands: its item, its chunk, and its index among the accepted
// lines of the chunk. Part of the store's format: must not change.
constexpr uint32_t PlaceHash(StockKey key, Lsn lsn, uint32_t index) {
  uint64_t hash = (lsn * 0x9E3779B97F4A7C15u) ^ ((key.packed() + 1) * 0xC2B2AE3D27D4EB4Fu);
  hash = (hash ^ (hash >> 29)) + index;
  hash *= 0xBF58476D1CE4E5B9u;
  return static_cast<uint32_t>(hash >> 32);
}

// What a window says of one batch; a stored batch is the sum of these.
struct BatchSum {
  Lsn first_lsn = 0;  // of its lines; 0 = none yet
  Lsn last_lsn = 0;
  uint64_t lines = 0;
  uint64_t accepted = 0;
  uint64_t failed = 0;
  // Corrections that commute: lines moved from accepted to failed by a store that rejected them,
  // lines moved from failed to accepted by a retry, dead letters dropped.
  uint64_t rejected = 0;
  uint64_t tried_again = 0;  // lines of retries, booked or not
  uint64_t retried = 0;
  uint64_t dropped = 0;
  uint64_t accepted_at_us = 0;  // first chunk
  bool finished = false;
  ContentDigest digest = {};  // of the last chunk that had lines

  [[nodiscard]] uint64_t booked() const { return accepted + retried - rejected; }
  [[nodiscard]] uint64_t not_booked() const { return failed + rejected - retried; }
  void Add(const BatchSum& later);
  friend bool operator==(const BatchSum&, const BatchSum&) = default;
};

struct BatchRef {
  TenantId tenant = 0;
  std::string batch;
  friend auto operator<=>(const BatchRef&, const BatchRef&) = default;
};

struct LineRef {
  TenantId tenant = 0;
  std::string batch;
  uint64_t line = 0;
  friend auto operator<=>(const LineRef&, const LineRef&) = default;
};

struct StoredDeadLetter {
  Outcome cause = Outcome::kAccepted;
  uint32_t attempts = 1;
  Lsn lsn = 0;
  uint64_t failed_at_us = 0;
  std::string detail;
  std::string code, description, quantity, unit_cost, vendor, gtin, unit, document, time, line_id,
      raw, vendor_code;
  friend bool operator==(const StoredDeadLetter&, const StoredDeadLetter&) = default;
};

struct StoredItem {
  std::string code, gtin, description, unit;
  friend bool operator==(const StoredItem&, const StoredItem&) = default;
};

// A key that the store refused for good, with its words.
struct KeyRejection {
  StockKey key;
  std::string cause;
  friend bool operator==(const KeyRejection&, const KeyRejection&) = default;
};

// A key replay under way: the window (Marker::applied, last] goes key by key; keys up to and
// including `done` are behind it, and those in `rejected` were refused by the store.
struct ReplayProgress {
  Lsn last = 0;
  StockKey done;
  uint64_t keys_done = 0;
  std::vector<KeyRejection> rejected;
  friend bool operator==(const ReplayProgress&, const ReplayProgress&) = default;
};

// How far a store is. Written in the same atomic write as the effects it speaks of (law L6).
struct Marker {
  Lsn applied = 0;  // every chunk up to here is in the store
  std::optional<ReplayProgress> replay;
  // Identity of the database: log and store carry the same (16 random bytes).
  std::string database_id;
  friend bool operator==(const Marker&, const Marker&) = default;
};

// A chunk in the store: the payload as logged, and the lines of it that the store rejected.
struct StoredBlock {
  Lsn lsn = 0;
  std::string payload;
  std::vector<uint32_t> rejected;  // indexes among the chunk's accepted lines, ascending
};

// Which lines of one window touched one item: pairs (LSN, index among the chunk's accepted lines).
struct Posting {
  Lsn lsn = 0;
  uint32_t index = 0;
  friend auto operator<=>(const Posting&, const Posting&) = default;
};

}  // namespace tallystone
