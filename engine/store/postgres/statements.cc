#include "store/postgres/statements.h"

#include <utility>

#include "base/check.h"
#include "store/postgres/read_statements.h"

namespace tallystone::postgres {
namespace {

constexpr std::string_view kGuardRow =
    "tenant = $1::bigint AND epoch = $2::bigint AND applied < $3::bigint";
constexpr std::string_view kKeyGuardRow =
    "tenant = $1::bigint AND epoch = $2::bigint AND applied < $3::bigint AND NOT (replay_last = "
    "$3::bigint AND replay_keys >= $4::bigint)";

std::string Text(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += part;
  }
  return text;
}

std::string Exists(std::string_view row) {
  return Text({"EXISTS (SELECT 1 FROM tallystone.tenants WHERE ", row, ")"});
}

// "name, name", each behind `prefix`.
std::string Names(std::span<const SqlColumn> columns, std::string_view prefix) {
  std::string text;
  for (const SqlColumn& column : columns) {
    text += text.empty() ? "" : ", ";
    text += Text({prefix, column.name});
  }
  return text;
}

class Maker {
 public:
  explicit Maker(bool unnest) : unnest_(unnest) {}

  RowStatement Insert(std::string_view table, std::span<const SqlColumn> columns,
                      std::string_view conflict, bool key_guard = false) const {
    return Make(Text({"INSERT INTO tallystone.", table, " (tenant, ", Names(columns, ""),
                      ") SELECT $1::bigint, ", Names(columns, "r."), " FROM "}),
                columns, Text({" WHERE ", Guard(key_guard), conflict}), key_guard);
  }
  RowStatement Delete(std::string_view table, std::span<const SqlColumn> columns) const {
    return Make(Text({"DELETE FROM tallystone.", table, " WHERE tenant = $1::bigint AND (",
                      Names(columns, ""), ") IN (SELECT ", Names(columns, "r."), " FROM "}),
                columns, Text({") AND ", Guard(false)}), false);
  }
  RowStatement UpdateBalances(bool key_guard) const {
    return Make(
        "UPDATE tallystone.balances AS b SET on_hand = b.on_hand + r.on_hand, "
        "value = b.value + r.value, lines = b.lines + r.lines, "
        "last_lsn = CASE WHEN r.last_lsn > b.last_lsn THEN r.last_lsn ELSE b.last_lsn END, "
        "places = (b.places + r.places) % 4294967296, "
        "last_time = CASE WHEN r.last_time <> '' THEN r.last_time ELSE b.last_time END, "
        "last_time_exact = CASE WHEN r.last_time <> '' THEN r.last_time_exact ELSE "
        "b.last_time_exact END FROM ",
        kBalanceColumns,
        Text({" WHERE b.tenant = $1::bigint AND b.item = r.item AND ", Guard(key_guard)}),
        key_guard);
  }
  RowStatement InsertBalances(bool key_guard) const {
    return Make(Text({"INSERT INTO tallystone.balances (tenant, ", Names(kBalanceColumns, ""),
                      ") SELECT $1::bigint, ", Names(kBalanceColumns, "r."), " FROM "}),
                kBalanceColumns,
                Text({" WHERE NOT EXISTS (SELECT 1 FROM tallystone.balances AS b WHERE b.tenant = "
                      "$1::bigint AND b.item = r.item) AND ",
                      Guard(key_guard)}),
                key_guard);
  }

 private:
  static std::string Guard(bool key) { return Exists(key ? kKeyGuardRow : kGuardRow); }
  RowStatement Make(std::string before, std::span<const SqlColumn> columns, std::string after,
                    bool key_guard) const {
    return {std::move(before), columns, std::move(after), key_guard ? size_t{5} : size_t{4},
            unnest_};
  }

  const bool unnest_;
};

// The meaning of BatchSum::Add.
constexpr std::string_view kAddBatch =
    " ON CONFLICT (tenant, batch) DO UPDATE SET "
    "first_lsn = CASE WHEN batches.first_lsn <> 0 THEN batches.first_lsn ELSE EXCLUDED.first_lsn "
    "END, "
    "last_lsn = CASE WHEN EXCLUDED.last_lsn <> 0 THEN EXCLUDED.last_lsn ELSE batches.last_lsn END, "
    "digest = CASE WHEN EXCLUDED.lines <> 0 THEN EXCLUDED.digest ELSE batches.digest END, "
    "lines = batches.lines + EXCLUDED.lines, accepted = batches.accepted + EXCLUDED.accepted, "
    "failed = batches.failed + EXCLUDED.failed, rejected = batches.rejected + EXCLUDED.rejected, "
    "tried_again = batches.tried_again + EXCLUDED.tried_again, "
    "retried = batches.retried + EXCLUDED.retried, dropped = batches.dropped + EXCLUDED.dropped, "
    "accepted_at_us = CASE WHEN batches.accepted_at_us <> 0 THEN batches.accepted_at_us ELSE "
    "EXCLUDED.accepted_at_us END, finished = batches.finished OR EXCLUDED.finished";
constexpr std::string_view kReplaceItem =
    " ON CONFLICT (tenant, item) DO UPDATE SET code = EXCLUDED.code, gtin = EXCLUDED.gtin, "
    "description = EXCLUDED.description, unit = EXCLUDED.unit, exact = EXCLUDED.exact";
constexpr std::string_view kReplaceRecord =
    " ON CONFLICT (tenant, kind, key_hash) DO UPDATE SET key = EXCLUDED.key, value = "
    "EXCLUDED.value";
constexpr std::string_view kReplaceLetter =
    " ON CONFLICT (tenant, batch, line) DO UPDATE SET cause = EXCLUDED.cause, lsn = EXCLUDED.lsn, "
    "attempts = EXCLUDED.attempts, failed_at_us = EXCLUDED.failed_at_us, detail = "
    "EXCLUDED.detail, code = EXCLUDED.code, letter = EXCLUDED.letter";
constexpr std::string_view kKeepAlias = " ON CONFLICT (tenant, item, text_hash) DO NOTHING";

// r(name, name)
std::string RowNames(std::span<const SqlColumn> columns) {
  return Text({" AS r(", Names(columns, ""), ")"});
}

std::string Parameter(size_t number, std::string_view type, std::string_view suffix) {
  return Text({"$", std::to_string(number), "::", type, suffix});
}

}  // namespace

RowStatement::RowStatement(std::string before, std::span<const SqlColumn> columns,
                           std::string after, size_t first_parameter, bool unnest)
    : before_(std::move(before)),
      after_(std::move(after)),
      columns_(columns),
      first_parameter_(first_parameter),
      unnest_(unnest) {}

std::string RowStatement::Text(size_t rows) const {
  std::string text = before_;
  size_t number = first_parameter_;
  if (unnest_) {
    text += "unnest(";
    for (const SqlColumn& column : columns_) {
      text += number == first_parameter_ ? "" : ", ";
      text += Parameter(number++, SqlTypeName(column.type), "[]");
    }
    return text + ")" + RowNames(columns_) + after_;
  }
  text += "(VALUES ";
  for (size_t row = 0; row < rows; ++row) {
    text += row == 0 ? "(" : ", (";
    for (const SqlColumn& column : columns_) {
      text += &column == columns_.data() ? "" : ", ";
      text += Parameter(number++, SqlTypeName(column.type), "");
    }
    text += ")";
  }
  return text + ")" + RowNames(columns_) + after_;
}

void RowStatement::AddRows(RowValues* rows, Parameters* parameters) const {
  TS_CHECK(static_cast<size_t>(parameters->count()) + 1 == first_parameter_);
  if (unnest_) {
    parameters->AddArrays(rows);
  } else {
    parameters->AddValues(rows);
  }
}

Statements::Statements(const DialectTraits& dialect) : traits(dialect) {
  const Maker maker(dialect.unnest);
  lines = maker.Insert("lines", kLineColumns, "");
  if (dialect.copy_lines_min != 0) {
    copy_lines = Text({"COPY tallystone.lines (tenant, ", Names(kLineColumns, ""),
                       ") FROM STDIN (FORMAT binary)"});
  }
  blocks = maker.Insert("blocks", kBlockColumns, "");
  batches = maker.Insert("batches", kBatchColumns, kAddBatch);
  items = maker.Insert("items", kItemColumns, kReplaceItem);
  aliases = maker.Insert("aliases", kAliasColumns, kKeepAlias);
  put_records = maker.Insert("records", kRecordColumns, kReplaceRecord);
  delete_records = maker.Delete("records", kRecordKeyColumns);
  put_letters = maker.Insert("dead_letters", kLetterColumns, kReplaceLetter);
  delete_letters = maker.Delete("dead_letters", kLetterKeyColumns);
  update_balances = maker.UpdateBalances(false);
  insert_balances = maker.InsertBalances(false);
  update_key = maker.UpdateBalances(true);
  insert_key = maker.InsertBalances(true);
}

const std::string kLockStore =
    "UPDATE tallystone.tenants SET applied = applied WHERE tenant = 0 AND epoch = $1::bigint";
const std::string kAddTenant =
    "INSERT INTO tallystone.tenants (tenant, epoch, applied, replay_last, replay_keys, owner, "
    "generation) SELECT $1::bigint, $2::bigint, 0, 0, 0, 'here', 0 WHERE EXISTS (SELECT 1 FROM "
    "tallystone.tenants AS s WHERE s.tenant = 0 AND s.epoch = $2::bigint) ON CONFLICT (tenant) DO "
    "NOTHING";
const std::string kLockTenant =
    Text({"UPDATE tallystone.tenants SET applied = applied WHERE ", kGuardRow});
const std::string kMarkTenant =
    Text({"UPDATE tallystone.tenants SET applied = $3::bigint, name = COALESCE($4::text, name), "
          "replay = NULL, replay_last = 0, replay_keys = 0 WHERE ",
          kGuardRow});
const std::string kLockTenantOfKey =
    Text({"UPDATE tallystone.tenants SET applied = applied WHERE ", kKeyGuardRow});
const std::string kMarkKey =
    Text({"UPDATE tallystone.tenants SET replay = $5::bytea, replay_last = $3::bigint, "
          "replay_keys = $4::bigint WHERE ",
          kKeyGuardRow});
const std::string kArrive =
    "INSERT INTO tallystone.tenants (tenant, name, epoch, applied, replay_last, replay_keys, "
    "owner, generation) SELECT $1::bigint, $4::text, $2::bigint, 0, 0, 0, 'here', $5::bigint WHERE "
    "$3::bigint > 0 AND EXISTS (SELECT 1 FROM tallystone.tenants AS s WHERE s.tenant = 0 AND "
    "s.epoch = $2::bigint) ON CONFLICT (tenant) DO UPDATE SET name = EXCLUDED.name, epoch = "
    "EXCLUDED.epoch, applied = 0, replay = NULL, replay_last = 0, replay_keys = 0, owner = 'here', "
    "generation = EXCLUDED.generation, move_to = NULL WHERE tenants.owner = 'gone' AND "
    "tenants.generation < EXCLUDED.generation";
const std::string kMarkArrived =
    Text({"UPDATE tallystone.tenants SET applied = $3::bigint WHERE ", kGuardRow});
const std::string kReadArrival =
    "SELECT tenant, epoch, applied, owner, generation FROM tallystone.tenants WHERE tenant = 0 OR "
    "tenant = $1::bigint";
const std::string kMarkLeaving =
    "UPDATE tallystone.tenants SET owner = 'leaving', move_to = NULL, replay = NULL, replay_last = "
    "0, replay_keys = 0 WHERE tenant = $1::bigint AND epoch = $2::bigint AND generation <= "
    "$3::bigint AND owner = 'here'";
constexpr std::string_view kLeavingRow =
    "tenant = $1::bigint AND epoch = $2::bigint AND generation <= $3::bigint AND owner = 'leaving'";
const std::string kLeaveLines =
    Text({"DELETE FROM tallystone.lines WHERE tenant = $1::bigint AND (item, lsn, line_index) IN "
          "(SELECT l.item, l.lsn, l.line_index FROM tallystone.lines AS l WHERE l.tenant = "
          "$1::bigint AND l.item >= $5::bigint ORDER BY l.item, l.lsn, l.line_index LIMIT "
          "$4::bigint) AND ",
          Exists(kLeavingRow), " RETURNING item"});
const std::string kRequestMove =
    "UPDATE tallystone.tenants SET move_to = $2::bytea WHERE tenant = $1::bigint AND owner = "
    "'here'";
const std::string kDeleteBalance =
    Text({"DELETE FROM tallystone.balances WHERE tenant = $1::bigint AND item = $4::bigint AND ",
          Exists(kGuardRow)});
const std::string kDeleteLines =
    Text({"DELETE FROM tallystone.lines WHERE tenant = $1::bigint AND item = $4::bigint AND ",
          Exists(kGuardRow)});
const std::string kMarkStore =
    "UPDATE tallystone.tenants SET applied = $2::bigint, replay = NULL, replay_last = 0, "
    "replay_keys = 0 WHERE tenant = 0 AND epoch = $1::bigint AND applied <= $2::bigint";
const std::string kTouchStore = kLockStore;
const std::string kReadGuards =
    "SELECT tenant, epoch, applied FROM tallystone.tenants WHERE tenant = 0 OR tenant = "
    "$1::bigint";
const std::string kReadMarker =
    "SELECT t.tenant, t.applied, t.replay, t.replay_last, t.replay_keys, v.database_id, t.epoch "
    "FROM "
    "tallystone.tenants AS t, tallystone.version AS v WHERE v.tenant = 0 AND (t.tenant = 0 OR "
    "t.applied > (SELECT s.applied FROM tallystone.tenants AS s WHERE s.tenant = 0) OR "
    "t.replay_last > (SELECT s.applied FROM tallystone.tenants AS s WHERE s.tenant = 0)) ORDER BY "
    "t.tenant";
const std::string kWriteClaim =
    "UPDATE tallystone.version SET writer_id = $2::bytea, servers = $3::bytea WHERE tenant = 0 AND "
    "EXISTS (SELECT 1 FROM tallystone.tenants AS t WHERE t.tenant = 0 AND t.epoch = $1::bigint)";
const std::string kTakeOver =
    "UPDATE tallystone.tenants SET epoch = epoch + 1 WHERE tenant = 0 RETURNING epoch";
const std::string kTakeTenants =
    "UPDATE tallystone.tenants SET epoch = $1::bigint WHERE tenant <> 0 AND epoch < $1::bigint";
const std::string kReadTenants =
    "SELECT tenant, applied FROM tallystone.tenants WHERE tenant > $1::bigint ORDER BY tenant "
    "LIMIT $2::bigint";
const std::string kSetDatabaseId =
    "UPDATE tallystone.version SET database_id = $2::bytea WHERE tenant = 0 AND EXISTS (SELECT 1 "
    "FROM tallystone.tenants AS t WHERE t.tenant = 0 AND t.epoch = $1::bigint)";
const std::string kSetMarker =
    "UPDATE tallystone.tenants SET applied = $2::bigint, replay = $3::bytea, replay_last = "
    "$4::bigint, replay_keys = $5::bigint WHERE tenant = 0 AND epoch = $1::bigint";

namespace {

// What a tenant has, and the key within it.
constexpr std::pair<std::string_view, std::string_view> kTenantTables[] = {
    {"balances", "item"},           {"blocks", "lsn"},
    {"batches", "batch"},           {"items", "item"},
    {"aliases", "item, text_hash"}, {"records", "kind, key_hash"},
    {"dead_letters", "batch, line"}};

std::string MarkGone() {
  std::string text =
      Text({"UPDATE tallystone.tenants SET owner = 'gone' WHERE ", kLeavingRow,
            " AND NOT EXISTS (SELECT 1 FROM tallystone.lines AS l WHERE l.tenant = $1::bigint)"});
  for (const auto& [table, key] : kTenantTables) {
    text += Text({" AND NOT EXISTS (SELECT 1 FROM tallystone.", table,
                  " AS r WHERE r.tenant = $1::bigint)"});
  }
  return text;
}

}  // namespace

const std::string kMarkGone = MarkGone();

std::vector<std::string> LeaveStatements() {
  std::vector<std::string> statements;
  for (const auto& [table, key] : kTenantTables) {
    statements.push_back(Text({"DELETE FROM tallystone.", table, " WHERE tenant = $1::bigint AND (",
                               key, ") IN (SELECT ", key, " FROM tallystone.", table,
                               " WHERE tenant = $1::bigint ORDER BY ", key,
                               " LIMIT $4::bigint) AND ", Exists(kLeavingRow)}));
  }
  return statements;
}

void ForEachStatement(const Statements& statements,
                      const std::function<void(std::string_view)>& use) {
  for (const std::string_view text : {kBegin, kBeginView, kCommit}) {
    use(text);
  }
  for (const std::string* text :
       {&kLockStore,     &kAddTenant,   &kLockTenant,  &kMarkTenant,    &kLockTenantOfKey,
        &kMarkKey,       &kMarkStore,   &kTouchStore,  &kReadGuards,    &kReadMarker,
        &kTakeOver,      &kTakeTenants, &kReadTenants, &kSetDatabaseId, &kSetMarker,
        &kArrive,        &kMarkArrived, &kMarkLeaving, &kMarkGone,      &kRequestMove,
        &kDeleteBalance, &kDeleteLines, &kWriteClaim,  &kReadArrival,   &kLeaveLines}) {
    use(*text);
  }
  for (const std::string& text : LeaveStatements()) {
    use(text);
  }
  for (const RowStatement* statement :
       {&statements.lines, &statements.blocks, &statements.batches, &statements.items,
        &statements.aliases, &statements.put_records, &statements.delete_records,
        &statements.put_letters, &statements.delete_letters, &statements.update_balances,
        &statements.insert_balances, &statements.update_key, &statements.insert_key}) {
    use(statement->Text(1));
    use(statement->Text(2));
  }
  if (!statements.copy_lines.empty()) {
    use(statements.copy_lines);
  }
  if (statements.traits.plan_settings) {
    for (const std::string_view text : kPlanSettings) {
      use(text);
    }
  }
  ForEachReadStatement(use);
}

}  // namespace tallystone::postgres
