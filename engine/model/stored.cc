#include "model/stored.h"

#include <algorithm>

namespace tallystone {
namespace {

// Two's complement addition without undefined behaviour. Sums of booked lines cannot overflow: a
// line whose |quantity x unit cost| is above 2^kCheckedProductBits is booked only if its item's
// balance stays within 2^kBalanceBits, lines below it need 2^(125-88) = 2^37 lines to get there,
// and any run of lines, in whatever grouping, is the difference of two such balances: below 2^126.
// |quantity| < 2^60 likewise. Only stored bytes that are not ours could wrap here, and `verify`
// finds those (law L4).
Int128 AddUnits(Int128 left, Int128 right) {
  return static_cast<Int128>(static_cast<UInt128>(left) + static_cast<UInt128>(right));
}

}  // namespace

void BalanceSum::Add(const BalanceSum& later) {
  on_hand = AddUnits(on_hand, later.on_hand);
  value = AddUnits(value, later.value);
  lines += later.lines;
  last_lsn = std::max(last_lsn, later.last_lsn);
  places += later.places;
  if (!later.last_time.empty()) {
    last_time = later.last_time;
  }
}

// Each field is a sum, the first or the last that is set, or an `or`: all associative.
void BatchSum::Add(const BatchSum& later) {
  first_lsn = first_lsn != 0 ? first_lsn : later.first_lsn;
  last_lsn = later.last_lsn != 0 ? later.last_lsn : last_lsn;
  digest = later.lines != 0 ? later.digest : digest;
  lines += later.lines;
  accepted += later.accepted;
  failed += later.failed;
  rejected += later.rejected;
  tried_again += later.tried_again;
  retried += later.retried;
  dropped += later.dropped;
  accepted_at_us = accepted_at_us != 0 ? accepted_at_us : later.accepted_at_us;
  finished = finished || later.finished;
}

}  // namespace tallystone
