// All that a store has of one tenant, in pieces that another store can take.
#pragma once

#include <functional>

#include "store/store.h"
#include "window/sorted_window.h"

namespace tallystone {

// Takes a piece. `rest`: the lines and blocks of the piece, without sums (as Store::ApplyRest);
// otherwise entries of all other kinds, with the sums whole (as Store::Apply). Valid during the
// call.
using TakePiece = std::function<Status(const SortedWindow& piece, bool rest)>;

// Every entry of the tenant is in one piece, once. A piece has at most 16,384 entries or lines and
// about 8 MiB, one chunk or entry more. Its `last` is `applied`.
Status ForEachPiece(StoreView* from, TenantId tenant, Lsn applied, const TakePiece& take);

}  // namespace tallystone
