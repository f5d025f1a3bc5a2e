// From what a window brings to one rocksdb::WriteBatch: sorted by family and key, the marker
// inside.
//
// Every write of the store is one such batch, or one atomic ingest of the same entries
// (sst_loader.h), so effects and marker cannot come apart (law L6).
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/write_batch.h>

#include "store/rocks/database.h"
#include "store/rocks/families.h"
#include "store/rocks/window_entries.h"
#include "tallystone/status.h"
#include "window/sorted_window.h"

namespace tallystone::rocks {

// Each replaces *batch. kRejected if RocksDB cannot take what is in it.
Status BuildMarkerBatch(const FamilyHandles& families, const Marker& marker,
                        rocksdb::WriteBatch* batch);
Status BuildKeyBatch(const FamilyHandles& families, const KeyDelta* delta, const Marker& progress,
                     rocksdb::WriteBatch* batch);
Status BuildWindowBatch(const FamilyHandles& families, const SortedWindow& window, WindowPart part,
                        const Marker& marker, rocksdb::WriteBatch* batch);

// For repair: `sum` and `postings` instead of whatever `stock` has. They are filed under the window
// that ends with `window_last`.
Status BuildReplaceKeyBatch(const Database& database, StockKey stock, const BalanceSum& sum,
                            const std::vector<Posting>& postings, Lsn window_last,
                            rocksdb::WriteBatch* batch);

}  // namespace tallystone::rocks
