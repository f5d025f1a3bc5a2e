#include "store/postgres/schema.h"

#include <iterator>
#include <span>
#include <string_view>

namespace tallystone::postgres {
namespace {

using namespace std::string_view_literals;

struct ColumnText {
  std::string_view name, type, comment;
};

struct TableText {
  std::string_view name;
  std::string_view key;  // columns of the primary key
  int fillfactor;        // 0 = the server's
  bool reference;        // on every node, where tables are distributed; others by tenant
  std::span<const ColumnText> columns;
  std::string_view comment;
};

// "%C" becomes COLLATE "C" where the dialect has it.
constexpr ColumnText kVersion[] = {
    {"tenant", "bigint NOT NULL", "always 0"},
    {"format", "bigint NOT NULL", "of this schema"},
    {"database_id", "bytea",
     "identity of the database, the same as in its batch log; NULL: not made yet"},
    {"server_id", "bytea NOT NULL", "identity of this schema on this server, 16 random bytes"},
    {"writer_id", "bytea",
     "identity of the directory that writes it, taken anew at each open; NULL: none did"},
    {"servers", "bytea", "server_id of each server of the database, one after the other"},
    {"dialect", "text NOT NULL", "which statements made it"},
    {"created_by", "text NOT NULL", "program and version"},
};
constexpr ColumnText kTenants[] = {
    {"tenant", "bigint NOT NULL", "number of the tenant; 0 = the store itself"},
    {"name", "text", "NULL: not told yet"},
    {"epoch", "bigint NOT NULL", "of the writer who may change the tenant; a lower one is fenced"},
    {"applied", "bigint NOT NULL",
     "marker: every chunk of the tenant up to this LSN is in the store"},
    {"replay", "bytea", "encoded marker of a key replay under way"},
    {"replay_last", "bigint NOT NULL", "the last LSN of the window that is replayed; 0 = none"},
    {"replay_keys", "bigint NOT NULL", "keys of that window that are done"},
    {"owner", "text NOT NULL",
     "''here'', or ''gone'': it moved to another server, and nothing of it is left but this row; "
     "''leaving'': it moved, and what is left of it is being removed"},
    {"generation", "bigint NOT NULL", "how often the tenant moved"},
    {"move_to", "bytea", "server_id of where it goes"},
};
constexpr ColumnText kBalances[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"item", "bigint NOT NULL", "items.item"},
    {"on_hand", "numeric(39,0) NOT NULL", "sum of quantities, in millionths"},
    {"value", "numeric(39,0) NOT NULL", "sum of quantity x unit cost, in 1e-12"},
    {"lines", "bigint NOT NULL", "booked lines"},
    {"last_lsn", "bigint NOT NULL", "the last chunk that touched it"},
    {"places", "bigint NOT NULL", "sum modulo 2^32 of a hash of where each line stands"},
    {"last_time", "text NOT NULL", "of the last line that had one"},
    {"last_time_exact", "bytea", "its bytes, where text cannot hold them"},
};
constexpr ColumnText kLines[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"item", "bigint NOT NULL", "items.item"},
    {"lsn", "bigint NOT NULL", "blocks.lsn"},
    {"line_index", "integer NOT NULL", "among the accepted lines of the block, from 0"},
    {"line", "bigint NOT NULL", "number within its batch, from 1"},
    {"quantity", "bigint NOT NULL", "in millionths"},
    {"unit_cost", "bigint NOT NULL", "in millionths"},
    {"time", "text", "as received; NULL: the line had none"},
};
constexpr ColumnText kBlocks[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"lsn", "bigint NOT NULL", "position of the chunk in the batch log"},
    {"batch", "text%C NOT NULL", "batches.batch"},
    {"accepted_at_us", "bigint NOT NULL", "microseconds since 1970"},
    {"payload", "bytea NOT NULL", "the chunk as it was logged: everything that was received"},
    {"rejected", "bytea", "indexes of accepted lines that this store refused; NULL: none"},
};
constexpr ColumnText kBatches[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"batch", "text%C NOT NULL", "id of the batch"},
    {"first_lsn", "bigint NOT NULL", "first chunk of its lines; 0 = none yet"},
    {"last_lsn", "bigint NOT NULL", "last chunk"},
    {"lines", "bigint NOT NULL", "lines received"},
    {"accepted", "bigint NOT NULL", "of these, accepted"},
    {"failed", "bigint NOT NULL", "of these, failed"},
    {"rejected", "bigint NOT NULL", "accepted lines that a store refused afterwards"},
    {"tried_again", "bigint NOT NULL", "failed lines that were tried again"},
    {"retried", "bigint NOT NULL",
     "of these, accepted; what the store then refused is in rejected, too"},
    {"dropped", "bigint NOT NULL", "dead letters that were given up"},
    {"accepted_at_us", "bigint NOT NULL", "first chunk, microseconds since 1970"},
    {"finished", "boolean NOT NULL", "the batch was ended"},
    {"digest", "bytea NOT NULL", "of its content, 16 bytes"},
};
constexpr ColumnText kItems[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"item", "bigint NOT NULL", "number of the item within its tenant"},
    {"code", "text NOT NULL", ""},
    {"gtin", "text NOT NULL", ""},
    {"description", "text NOT NULL", ""},
    {"unit", "text NOT NULL", ""},
    {"exact", "bytea", "encoded item, where text cannot hold one of its texts"},
};
constexpr ColumnText kAliases[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"item", "bigint NOT NULL", "items.item"},
    {"text_hash", "bytea NOT NULL",
     "XXH3-128 of text, little-endian: an index cannot hold long texts"},
    {"text", "bytea NOT NULL", "normalised name that means the item, UTF-8"},
};
constexpr ColumnText kRecords[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"kind", "integer NOT NULL", "RecordKind"},
    {"key_hash", "bytea NOT NULL", "XXH3-128 of key, little-endian"},
    {"key", "bytea NOT NULL", "see the store format"},
    {"value", "bytea NOT NULL", "see the store format"},
};
constexpr ColumnText kDeadLetters[] = {
    {"tenant", "bigint NOT NULL", "tenants.tenant"},
    {"batch", "text%C NOT NULL", "batches.batch"},
    {"line", "bigint NOT NULL", "number within the batch, from 1"},
    {"cause", "text NOT NULL", "name of the outcome"},
    {"lsn", "bigint NOT NULL", "chunk that says so"},
    {"attempts", "bigint NOT NULL", "how often it was tried"},
    {"failed_at_us", "bigint NOT NULL", "microseconds since 1970"},
    {"detail", "text NOT NULL", "what was wrong"},
    {"code", "text NOT NULL", "of the line"},
    {"letter", "bytea NOT NULL", "all of it, encoded"},
};

// Balances are updated all the time: room for the next version of every row of a page keeps the
// index untouched. A window that touches half of the items moves one in seven with 80, none with
// 50, and table and index together do not end up larger.
constexpr int kBalancesFillfactor = 50;
constexpr int kTenantsFillfactor = 20;

constexpr TableText kTables[] = {
    {"version", "tenant", 0, true, kVersion, "what this schema is; one row"},
    {"tenants", "tenant", kTenantsFillfactor, false, kTenants, "tenants, and how far each is"},
    {"balances", "tenant, item", kBalancesFillfactor, false, kBalances,
     "sums of booked lines by item"},
    {"lines", "tenant, item, lsn, line_index", 0, false, kLines, "booked lines"},
    {"blocks", "tenant, lsn", 0, false, kBlocks,
     "chunks as received: the source of everything else"},
    {"batches", "tenant, batch", 0, false, kBatches, "batches"},
    {"items", "tenant, item", 0, false, kItems, "catalogue: items"},
    {"aliases", "tenant, item, text_hash", 0, false, kAliases, "catalogue: names of items"},
    {"records", "tenant, kind, key_hash", 0, false, kRecords, "catalogue: decisions and settings"},
    {"dead_letters", "tenant, batch, line", 0, false, kDeadLetters, "lines that were not booked"},
};

// numeric division rounds, multiplication does not.
constexpr std::string_view kViews[] = {
    "CREATE OR REPLACE VIEW tallystone.stock AS SELECT t.name AS tenant, i.code, i.description, "
    "b.on_hand * 0.000001 AS on_hand, b.value * 0.000000000001 AS value, b.lines, b.last_time "
    "FROM tallystone.balances AS b "
    "JOIN tallystone.tenants AS t ON t.tenant = b.tenant AND t.owner = 'here' "
    "LEFT JOIN tallystone.items AS i ON i.tenant = b.tenant AND i.item = b.item",
    "CREATE OR REPLACE VIEW tallystone.transactions AS SELECT t.name AS tenant, k.batch, l.line, "
    "i.code, i.description, l.quantity * 0.000001 AS quantity, l.unit_cost * 0.000001 AS "
    "unit_cost, l.quantity::numeric * l.unit_cost::numeric * 0.000000000001 AS value, l.time, "
    "l.lsn "
    "FROM tallystone.lines AS l "
    "JOIN tallystone.tenants AS t ON t.tenant = l.tenant AND t.owner = 'here' "
    "JOIN tallystone.blocks AS k ON k.tenant = l.tenant AND k.lsn = l.lsn "
    "LEFT JOIN tallystone.items AS i ON i.tenant = l.tenant AND i.item = l.item",
};

static_assert(std::size(kTables) + std::size(kViews) == kTablesAndViews);

std::string CreateTable(const TableText& table, const DialectTraits& traits) {
  std::string text = "CREATE TABLE IF NOT EXISTS tallystone." + std::string(table.name) + " (";
  for (const ColumnText& column : table.columns) {
    std::string type(column.type);
    const size_t collation = type.find("%C");
    if (collation != std::string::npos) {
      type.replace(collation, 2, traits.collate_c ? " COLLATE \"C\"" : "");
    }
    text += std::string(column.name) + " " + type + ", ";
  }
  text += "PRIMARY KEY (" + std::string(table.key) + "))";
  if (traits.fillfactor && table.fillfactor != 0) {
    text += " WITH (fillfactor = " + std::to_string(table.fillfactor) + ")";
  }
  return text;
}

void AddDistribution(const TableText& table, std::vector<std::string>* statements) {
  const std::string name = "tallystone." + std::string(table.name);
  const std::string make = table.reference ? "create_reference_table('" + name + "')"
                           : table.name == "tenants"
                               ? "create_distributed_table('" + name + "', 'tenant')"
                               : "create_distributed_table('" + name +
                                     "', 'tenant', colocate_with => 'tallystone.tenants')";
  statements->push_back("SELECT " + make +
                        " WHERE NOT EXISTS (SELECT 1 FROM pg_dist_partition "
                        "WHERE logicalrelid = '" +
                        name + "'::regclass)");
}

void AddComments(const TableText& table, std::vector<std::string>* statements) {
  const std::string name = "tallystone." + std::string(table.name);
  statements->push_back("COMMENT ON TABLE " + name + " IS '" + std::string(table.comment) + "'");
  for (const ColumnText& column : table.columns) {
    if (!column.comment.empty()) {
      statements->push_back("COMMENT ON COLUMN " + name + "." + std::string(column.name) + " IS '" +
                            std::string(column.comment) + "'");
    }
  }
}

}  // namespace

std::vector<std::string> SchemaStatements(const DialectTraits& traits) {
  std::vector<std::string> statements = {"CREATE SCHEMA IF NOT EXISTS tallystone"};
  for (const TableText& table : kTables) {
    statements.push_back(CreateTable(table, traits));
    if (traits.distribute) {
      AddDistribution(table, &statements);
    }
    if (traits.comments) {
      AddComments(table, &statements);
    }
  }
  // Blocks are read in the order of the log, whosever they are.
  statements.push_back("CREATE INDEX IF NOT EXISTS blocks_by_lsn ON tallystone.blocks (lsn)");
  if (traits.external_blocks) {
    statements.push_back("ALTER TABLE tallystone.blocks ALTER COLUMN payload SET STORAGE EXTERNAL");
  }
  for (const std::string_view view : kViews) {
    statements.emplace_back(view);
  }
  return statements;
}

}  // namespace tallystone::postgres

namespace tallystone {

std::string PostgresSchema(Dialect dialect) {
  std::string text;
  for (const std::string& statement : postgres::SchemaStatements(postgres::TraitsOf(dialect))) {
    text += statement + ";\n";
  }
  return text;
}

}  // namespace tallystone
