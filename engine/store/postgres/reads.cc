#include "store/postgres/reads.h"

#include "base/check.h"
#include "base/coding.h"
#include "base/random_id.h"
#include "model/stored_codec.h"
#include "store/postgres/read_statements.h"
#include "store/postgres/sql_text.h"
#include "store/postgres/statements.h"

namespace tallystone::postgres {
namespace {

Status NotThere() {
  return Status::NotFound("not in the store");
}

// Asks for one row; take(row) reads it.
template <typename Take>
Status ReadRow(Connection* connection, std::string_view sql, const Parameters& parameters,
               std::string_view what, const Take& take) {
  Result result;
  TS_RETURN_IF_ERROR(connection->Query(sql, parameters, "reading " + std::string(what), &result));
  if (result.rows() == 0) {
    return NotThere();
  }
  RowReader row(result, 0);
  TS_RETURN_IF_ERROR(take(&row));
  return row.status(what);
}

}  // namespace

BalanceSum TakeBalance(RowReader* row) {
  BalanceSum sum;
  sum.on_hand = row->TakeNumeric();
  sum.value = row->TakeNumeric();
  sum.lines = row->TakeUnsigned();
  sum.last_lsn = row->TakeUnsigned();
  sum.places = static_cast<uint32_t>(row->TakeInteger());
  sum.last_time = row->TakeBytes();
  if (row->NextIsNull()) {
    row->Skip();
  } else {
    sum.last_time = row->TakeBytes();
  }
  return sum;
}

Status TakeBatch(RowReader* row, BatchSum* sum) {
  for (uint64_t* field :
       {&sum->first_lsn, &sum->last_lsn, &sum->lines, &sum->accepted, &sum->failed, &sum->rejected,
        &sum->tried_again, &sum->retried, &sum->dropped, &sum->accepted_at_us}) {
    *field = row->TakeUnsigned();
  }
  sum->finished = row->TakeBoolean();
  std::string_view digest = row->TakeBytes();
  return GetFixed128(&digest, &sum->digest.sum) && digest.empty()
             ? Status::Ok()
             : Status::Corruption("a batch in tallystone.batches has a digest that is none");
}

Status TakeBlock(RowReader* row, StoredBlock* block) {
  block->lsn = row->TakeUnsigned();
  const std::string_view payload = row->TakeBytes();
  if (row->NextIsNull()) {
    row->Skip();
    block->rejected.clear();
  } else {
    TS_RETURN_IF_ERROR(DecodeStoredBlock(row->TakeBytes(), block));
  }
  block->payload = payload;
  return Status::Ok();
}

Status ReadBalance(Connection* connection, StockKey key, BalanceSum* sum) {
  Parameters parameters;
  parameters.Add(uint64_t{key.tenant}).Add(uint64_t{key.item});
  return ReadRow(connection, kGetBalance, parameters, "balances", [&](RowReader* row) {
    *sum = TakeBalance(row);
    return Status::Ok();
  });
}

Status ReadBlock(Connection* connection, Lsn lsn, StoredBlock* block) {
  Parameters parameters;
  parameters.Add(lsn).Add(uint64_t{1});
  return ReadRow(connection, kBlocksPage, parameters, "blocks", [&](RowReader* row) {
    TS_RETURN_IF_ERROR(TakeBlock(row, block));
    return block->lsn == lsn ? Status::Ok() : NotThere();
  });
}

Status ReadBatch(Connection* connection, const BatchRef& ref, BatchSum* sum) {
  if (!IsSqlText(ref.batch)) {
    return NotThere();  // never written
  }
  Parameters parameters;
  parameters.Add(uint64_t{ref.tenant}).Add(ref.batch);
  return ReadRow(connection, kGetBatch, parameters, "batches",
                 [&](RowReader* row) { return TakeBatch(row, sum); });
}

Status ReadDeadLetter(Connection* connection, const LineRef& ref, StoredDeadLetter* letter) {
  if (!IsSqlText(ref.batch)) {
    return NotThere();
  }
  Parameters parameters;
  parameters.Add(uint64_t{ref.tenant}).Add(ref.batch).Add(ref.line);
  return ReadRow(connection, kGetDeadLetter, parameters, "dead_letters",
                 [&](RowReader* row) { return DecodeStoredDeadLetter(row->TakeBytes(), letter); });
}

Status ReadSizes(Connection* connection, StoreSizes* sizes) {
  *sizes = {};
  Result result;
  TS_RETURN_IF_ERROR(
      connection->Query(kTableSizes, Parameters(), "reading the sizes of tables", &result));
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    FamilySize& family = sizes->families.emplace_back();
    family.name = row.TakeBytes();
    family.bytes = row.TakeUnsigned();
    sizes->bytes += family.bytes;
    TS_RETURN_IF_ERROR(row.status("pg_class"));
  }
  sizes->known = true;
  return Status::Ok();
}

Status ReadShare(Connection* connection, std::string_view sql, const Parameters& parameters,
                 StoreShare* share) {
  return ReadRow(connection, sql, parameters, "how many rows there are", [&](RowReader* row) {
    share->before = static_cast<double>(row->TakeInteger());
    share->all = static_cast<double>(row->TakeInteger());
    return Status::Ok();
  });
}

Status ReadTotals(Connection* connection, TenantId tenant, TenantTotals* totals) {
  Parameters parameters;
  parameters.Add(uint64_t{tenant});
  *totals = {};
  TS_RETURN_IF_ERROR(ReadRow(connection, kTenantMarker, parameters, "tenants", [&](RowReader* row) {
    totals->applied = row->TakeUnsigned();
    totals->last_block = row->TakeUnsigned();
    return Status::Ok();
  }));
  return ReadRow(connection, kBalanceTotals, parameters, "sums of balances", [&](RowReader* row) {
    totals->balances = row->TakeUnsigned();
    totals->lines = row->TakeUnsigned();
    for (WideSum* sum : {&totals->on_hand, &totals->value}) {
      sum->high = row->TakeNumeric();
      sum->low = row->TakeNumeric();
    }
    return Status::Ok();
  });
}

// The store's row comes first. A replay is that of the row that is furthest in it.
Status ReadMarker(Connection* connection, Marker* marker, std::map<TenantId, Lsn>* ahead,
                  uint64_t* epoch) {
  ahead->clear();
  Result result;
  TS_RETURN_IF_ERROR(connection->Query(kReadMarker, Parameters(), "reading the marker", &result));
  *marker = {};
  std::string replay;
  int64_t replay_keys = -1;
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    const auto tenant = static_cast<TenantId>(row.TakeInteger());
    const Lsn applied = row.TakeUnsigned();
    const std::string_view progress = row.TakeBytes();
    const Lsn last = row.TakeUnsigned();
    const int64_t keys = row.TakeInteger();
    if (tenant == 0) {
      marker->applied = applied;
      marker->database_id = row.TakeBytes();
      if (epoch != nullptr) {
        *epoch = row.TakeUnsigned();
      }
    } else if (applied > marker->applied) {
      ahead->emplace(tenant, applied);
    }
    if (last > marker->applied && last > applied && keys > replay_keys) {
      replay = progress;
      replay_keys = keys;
    }
    TS_RETURN_IF_ERROR(row.status("tenants"));
  }
  if (marker->database_id.empty()) {
    return Status::NotFound("the store has no marker");
  }
  if (replay_keys >= 0) {
    Marker in_replay;
    TS_RETURN_IF_ERROR(DecodeMarker(replay, &in_replay));
    marker->replay = std::move(in_replay.replay);
  }
  return Status::Ok();
}

Status ReadClaim(Connection* connection, StoreClaim* claim) {
  *claim = {};
  Result result;
  TS_RETURN_IF_ERROR(
      connection->Query(kReadClaim, Parameters(), "asking who wrote the store", &result));
  if (result.rows() == 0) {
    return Status::Ok();
  }
  RowReader row(result, 0);
  claim->writer = row.TakeBytes();
  const std::string servers(row.TakeBytes());
  for (size_t at = 0; at < servers.size(); at += kRandomIdBytes) {
    claim->servers.push_back(servers.substr(at, kRandomIdBytes));
  }
  return row.status("version");
}

Status ReadHomes(Connection* connection, std::map<TenantId, TenantHome>* homes) {
  homes->clear();
  Result result;
  TS_RETURN_IF_ERROR(
      connection->Query(kReadHomes, Parameters(), "reading where tenants are", &result));
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    TenantHome& home = (*homes)[static_cast<TenantId>(row.TakeInteger())];
    const std::string_view owner = row.TakeBytes();
    home.here = owner == "here";
    home.leaving = owner == "leaving";
    home.generation = row.TakeUnsigned();
    home.move_to = row.TakeBytes();
    TS_RETURN_IF_ERROR(row.status("tenants"));
  }
  return Status::Ok();
}

}  // namespace tallystone::postgres
