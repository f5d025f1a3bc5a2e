// Reading a Database: single values, and a view with its cursors.
#pragma once

#include <memory>

#include "store/rocks/database.h"
#include "store/store.h"

namespace tallystone::rocks {

// Single reads, at `snapshot` or (null) now. kNotFound where there is none.
Status ReadBalance(const Database& database, const rocksdb::Snapshot* snapshot, StockKey key,
                   BalanceSum* sum);
Status ReadBatch(const Database& database, const rocksdb::Snapshot* snapshot, const BatchRef& ref,
                 BatchSum* sum);
Status ReadMarker(const Database& database, const rocksdb::Snapshot* snapshot, Marker* marker);

// A view of this moment. It and its cursors keep the database open.
std::unique_ptr<StoreView> NewRocksView(std::shared_ptr<Database> database);

}  // namespace tallystone::rocks
