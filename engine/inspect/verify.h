// Verify: proves that what is stored adds up (laws L4 and L5).
#pragma once

#include "store/live_view.h"
#include "tallystone/inspector.h"

namespace tallystone {

// Books every block again, from nothing, and compares:
//   1 blocks stand at every LSN from 1 to the view's last, and can be read (L10)
//   2 every balance is the sum of its transactions, and every sum has its balance (L4)
//   3 the postings of an item are exactly its transactions
//   4 every batch says what its blocks say; accepted + failed = submitted (L5)
//   5 every line that is not booked has its dead letter, unless it was dropped (L5)
//   6 every line and alias names an item of the catalogue
//   7 the records of the catalogue (reviews, settings, vendors' codes) are those that the blocks
//   brought
//   8 on servers: what the server itself counts and sums, of balances and of its own copies of the
//   lines' numbers, and the markers of its tenants, are what the blocks say
// Where a balance differs the finding names the first batch from which on it does.
Status VerifyView(LiveView* view, const ProgressFunction& progress, VerifyReport* report);

// Seconds instead of minutes: compares, for every item, what its balance and its postings say of
// its lines (number, last LSN, and the keyed sum of their places), without reading a transaction;
// and the number of booked lines in the balances with that of the batches. Finds whatever was lost,
// doubled or mixed up between them, and names the item and its first batch that differs; not a
// wrong number that was written consistently.
Status VerifyQuickly(LiveView* view, const ProgressFunction& progress, VerifyReport* report);

}  // namespace tallystone
