// Single reads, on any connection.
#pragma once

#include <map>

#include "model/stored.h"
#include "store/postgres/connection.h"
#include "store/store.h"

namespace tallystone::postgres {

// kNotFound where there is none.
Status ReadBalance(Connection* connection, StockKey key, BalanceSum* sum);
Status ReadBlock(Connection* connection, Lsn lsn, StoredBlock* block);
Status ReadBatch(Connection* connection, const BatchRef& ref, BatchSum* sum);
Status ReadDeadLetter(Connection* connection, const LineRef& ref, StoredDeadLetter* letter);

// The marker, and tenants that are ahead of it. kNotFound: the store was not initialised.
// *epoch, if given: of the store.
Status ReadMarker(Connection* connection, Marker* marker, std::map<TenantId, Lsn>* ahead,
                  uint64_t* epoch = nullptr);

Status ReadClaim(Connection* connection, StoreClaim* claim);
Status ReadHomes(Connection* connection, std::map<TenantId, TenantHome>* homes);
// Tables with their indexes.
Status ReadSizes(Connection* connection, StoreSizes* sizes);
// `sql`: kBatchesBefore or kDeadLettersBefore.
Status ReadShare(Connection* connection, std::string_view sql, const Parameters& parameters,
                 StoreShare* share);
// What the server counts and sums for a tenant. kNotFound: it has no such tenant.
Status ReadTotals(Connection* connection, TenantId tenant, TenantTotals* totals);

// Of a row whose next column is the first of the value's.
BalanceSum TakeBalance(RowReader* row);
Status TakeBatch(RowReader* row, BatchSum* sum);
Status TakeBlock(RowReader* row, StoredBlock* block);

}  // namespace tallystone::postgres
