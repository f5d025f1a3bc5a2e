// The statements that read. Pages go by key, from the key that is given on.
#pragma once

#include <functional>
#include <string_view>

namespace tallystone::postgres {

// $1 tenant, $2 item
inline constexpr std::string_view kGetBalance =
    "SELECT on_hand, value, lines, last_lsn, places, last_time, last_time_exact FROM "
    "tallystone.balances WHERE tenant = $1::bigint AND item = $2::bigint";
// $1 tenant, $2 batch
inline constexpr std::string_view kGetBatch =
    "SELECT first_lsn, last_lsn, lines, accepted, failed, rejected, tried_again, retried, dropped, "
    "accepted_at_us, finished, digest FROM tallystone.batches WHERE tenant = $1::bigint AND batch "
    "= $2::text";
// $1 tenant, $2 batch, $3 line
inline constexpr std::string_view kGetDeadLetter =
    "SELECT letter FROM tallystone.dead_letters WHERE tenant = $1::bigint AND batch = $2::text AND "
    "line = $3::bigint";

// $1 tenant, $2 item, $3 rows
inline constexpr std::string_view kBalancesPage =
    "SELECT tenant, item, on_hand, value, lines, last_lsn, places, last_time, last_time_exact FROM "
    "tallystone.balances WHERE (tenant, item) >= ($1::bigint, $2::bigint) ORDER BY tenant, item "
    "LIMIT $3::bigint";
inline constexpr std::string_view kItemsPage =
    "SELECT tenant, item, code, gtin, description, unit, exact FROM tallystone.items WHERE "
    "(tenant, item) >= ($1::bigint, $2::bigint) ORDER BY tenant, item LIMIT $3::bigint";
// $1 LSN, $2 rows
inline constexpr std::string_view kBlocksPage =
    "SELECT lsn, payload, rejected FROM tallystone.blocks WHERE lsn >= $1::bigint ORDER BY lsn "
    "LIMIT $2::bigint";
// $1 tenant, $2 batch, $3 rows; from a batch on, and behind it
inline constexpr std::string_view kBatchesPage =
    "SELECT tenant, batch, first_lsn, last_lsn, lines, accepted, failed, rejected, tried_again, "
    "retried, dropped, accepted_at_us, finished, digest FROM tallystone.batches WHERE (tenant, "
    "batch) >= ($1::bigint, $2::text) ORDER BY tenant, batch LIMIT $3::bigint";
inline constexpr std::string_view kBatchesPageAfter =
    "SELECT tenant, batch, first_lsn, last_lsn, lines, accepted, failed, rejected, tried_again, "
    "retried, dropped, accepted_at_us, finished, digest FROM tallystone.batches WHERE (tenant, "
    "batch) > ($1::bigint, $2::text) ORDER BY tenant, batch LIMIT $3::bigint";
// Names only, behind a batch.
inline constexpr std::string_view kBatchNamesPage =
    "SELECT tenant, batch FROM tallystone.batches WHERE (tenant, batch) > ($1::bigint, $2::text) "
    "ORDER BY tenant, batch LIMIT $3::bigint";
// $1 tenant, $2 batch, $3 line, $4 rows
inline constexpr std::string_view kDeadLettersPage =
    "SELECT tenant, batch, line, letter FROM tallystone.dead_letters WHERE (tenant, batch, line) "
    ">= ($1::bigint, $2::text, $3::bigint) ORDER BY tenant, batch, line LIMIT $4::bigint";
// $1 tenant, $2 rows
inline constexpr std::string_view kTenantsPage =
    "SELECT tenant, name FROM tallystone.tenants WHERE tenant >= $1::bigint AND name IS NOT NULL "
    "AND owner = 'here' ORDER BY tenant LIMIT $2::bigint";
inline constexpr std::string_view kReadClaim =
    "SELECT COALESCE(writer_id, ''::bytea), COALESCE(servers, ''::bytea) FROM tallystone.version "
    "WHERE tenant = 0";
// Of tenants that moved or are to move, or of which only keys of a replay are there.
inline constexpr std::string_view kReadHomes =
    "SELECT tenant, owner, generation, move_to FROM tallystone.tenants WHERE tenant <> 0 AND "
    "(generation > 0 OR owner <> 'here' OR move_to IS NOT NULL OR name IS NULL)";
// $1 tenant, $2 LSN, $3 rows
inline constexpr std::string_view kBlocksOfPage =
    "SELECT lsn, payload, rejected FROM tallystone.blocks WHERE tenant = $1::bigint AND lsn >= "
    "$2::bigint ORDER BY lsn LIMIT $3::bigint";
// What is read ahead: the log from the first chunk of a batch on ($1 tenant, $2 batch, $3 rows), or
// from its first chunk in a range ($1 tenant, $2 batch, $3 first LSN, $4 last LSN, $5 rows), all
// tenants', and the batches these blocks belong to. Large blocks come without their payload, and
// are read when they are asked for.
#define TS_FROM_BATCH                                                                           \
  "(SELECT f.first_lsn FROM tallystone.batches AS f WHERE f.tenant = $1::bigint AND f.batch = " \
  "$2::text)"
#define TS_FROM_BLOCK                                                                   \
  "(SELECT f.lsn FROM tallystone.blocks AS f WHERE f.tenant = $1::bigint AND f.lsn >= " \
  "$3::bigint AND f.lsn <= $4::bigint AND f.batch = $2::text ORDER BY f.lsn LIMIT 1)"
#define TS_BLOCKS_AHEAD(from, rows)                                                        \
  "SELECT tenant, batch, lsn, CASE WHEN octet_length(payload) <= 65536 THEN payload END, " \
  "rejected FROM tallystone.blocks WHERE lsn >= " from " ORDER BY lsn LIMIT " rows "::bigint"
#define TS_BATCHES_AHEAD(from, rows)                                                            \
  "SELECT tenant, batch, first_lsn, last_lsn, lines, accepted, failed, rejected, tried_again, " \
  "retried, dropped, accepted_at_us, finished, digest FROM tallystone.batches WHERE (tenant, "  \
  "batch) IN (SELECT k.tenant, k.batch FROM tallystone.blocks AS k WHERE k.lsn >= " from        \
  " ORDER BY k.lsn LIMIT " rows "::bigint)"
inline constexpr std::string_view kBlocksFromBatch = TS_BLOCKS_AHEAD(TS_FROM_BATCH, "$3");
inline constexpr std::string_view kBatchesFromBatch = TS_BATCHES_AHEAD(TS_FROM_BATCH, "$3");
inline constexpr std::string_view kBlocksFromBlock = TS_BLOCKS_AHEAD(TS_FROM_BLOCK, "$5");
inline constexpr std::string_view kBatchesFromBlock = TS_BATCHES_AHEAD(TS_FROM_BLOCK, "$5");
#undef TS_FROM_BATCH
#undef TS_FROM_BLOCK
#undef TS_BLOCKS_AHEAD
#undef TS_BATCHES_AHEAD
inline constexpr int kAheadPayloadColumn = 3;
// $1 tenant, $2 batch, $3 first LSN, $4 last LSN
inline constexpr std::string_view kNextBlocksOfBatch =
    "SELECT lsn, payload, rejected FROM tallystone.blocks WHERE tenant = $1::bigint AND lsn >= "
    "$3::bigint AND lsn <= $4::bigint AND batch = $2::text ORDER BY lsn LIMIT 16";
// $1 tenant, $2 item, $3 hash, $4 rows; behind that key
inline constexpr std::string_view kAliasesPage =
    "SELECT tenant, item, text_hash, text FROM tallystone.aliases WHERE (tenant, item, text_hash) "
    "> ($1::bigint, $2::bigint, $3::bytea) ORDER BY tenant, item, text_hash LIMIT $4::bigint";
// $1 tenant, $2 kind, $3 hash, $4 rows; behind that key
inline constexpr std::string_view kRecordsPage =
    "SELECT tenant, kind, key_hash, key, value FROM tallystone.records WHERE (tenant, kind, "
    "key_hash) > ($1::bigint, $2::bigint, $3::bytea) ORDER BY tenant, kind, key_hash LIMIT "
    "$4::bigint";
// $1 tenant, $2 item, $3 LSN, $4 index, $5 rows; from that line on, of all items
inline constexpr std::string_view kPostingsPage =
    "SELECT item, lsn, line_index FROM tallystone.lines WHERE tenant = $1::bigint AND (item, lsn, "
    "line_index) >= ($2::bigint, $3::bigint, $4::bigint) ORDER BY item, lsn, line_index LIMIT "
    "$5::bigint";

// What the server itself sums, for a proof. $1 tenant, $2 item, $3 rows
inline constexpr std::string_view kLineSumsPage =
    "SELECT tenant, item, count(*), sum(quantity), sum(quantity::numeric * unit_cost::numeric) "
    "FROM tallystone.lines WHERE (tenant, item) >= ($1::bigint, $2::bigint) GROUP BY tenant, item "
    "ORDER BY tenant, item LIMIT $3::bigint";
// $1 tenant. In two parts, at 10^19: each fits into 128 bits, whatever the number of balances.
inline constexpr std::string_view kBalanceTotals =
    "SELECT count(*), COALESCE(sum(lines), 0)::bigint, "
    "COALESCE(sum(div(on_hand, 10000000000000000000)), 0), "
    "COALESCE(sum(mod(on_hand, 10000000000000000000)), 0), "
    "COALESCE(sum(div(value, 10000000000000000000)), 0), "
    "COALESCE(sum(mod(value, 10000000000000000000)), 0) "
    "FROM tallystone.balances WHERE tenant = $1::bigint";
inline constexpr std::string_view kTenantMarker =
    "SELECT t.applied, COALESCE((SELECT max(b.lsn) FROM tallystone.blocks AS b WHERE b.tenant = "
    "$1::bigint), 0) FROM tallystone.tenants AS t WHERE t.tenant = $1::bigint";
// How many stand before, and how many there are. $1 tenant, $2 batch, $3 line
inline constexpr std::string_view kBatchesBefore =
    "SELECT count(CASE WHEN (tenant, batch) < ($1::bigint, $2::text) THEN 1 END), count(*) FROM "
    "tallystone.batches";
inline constexpr std::string_view kDeadLettersBefore =
    "SELECT count(CASE WHEN (tenant, batch, line) < ($1::bigint, $2::text, $3::bigint) THEN 1 "
    "END), count(*) FROM tallystone.dead_letters";
// Only where DialectTraits::table_sizes.
inline constexpr std::string_view kTableSizes =
    "SELECT relname::text, pg_total_relation_size(oid) FROM pg_catalog.pg_class WHERE relnamespace "
    "= 'tallystone'::regnamespace AND relkind = 'r' ORDER BY relname";

inline constexpr std::string_view kServerVersion =
    "SELECT version(), current_setting('server_encoding'), EXISTS (SELECT 1 FROM pg_extension "
    "WHERE extname = 'citus')";
// Tables of the schema, and whether ours is among them.
inline constexpr std::string_view kCountTables =
    "SELECT count(*), count(CASE WHEN table_name = 'version' THEN 1 END) FROM "
    "information_schema.tables WHERE table_schema = 'tallystone'";
// A row a table, with what this user may do to it and to the schema, which he may see without any
// right.
inline constexpr std::string_view kReadGrants =
    "SELECT c.relname, has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'), "
    "has_table_privilege(c.oid, 'INSERT'), has_table_privilege(c.oid, 'UPDATE'), "
    "has_table_privilege(c.oid, 'DELETE') FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c "
    "WHERE n.nspname = 'tallystone' AND c.relnamespace = n.oid AND c.relkind IN ('r', 'p') ORDER "
    "BY c.relname";
inline constexpr std::string_view kReadVersion =
    "SELECT format, server_id, dialect FROM tallystone.version WHERE tenant = 0";
// $1 format, $2 server id, $3 dialect, $4 created by
inline constexpr std::string_view kAddVersion =
    "INSERT INTO tallystone.version (tenant, format, server_id, dialect, created_by) VALUES (0, "
    "$1::bigint, $2::bytea, $3::text, $4::text) ON CONFLICT (tenant) DO NOTHING";
inline constexpr std::string_view kAddStoreRow =
    "INSERT INTO tallystone.tenants (tenant, epoch, applied, replay_last, replay_keys, owner, "
    "generation) VALUES (0, 0, 0, 0, 0, 'here', 0) ON CONFLICT (tenant) DO NOTHING";

void ForEachReadStatement(const std::function<void(std::string_view)>& use);

}  // namespace tallystone::postgres
