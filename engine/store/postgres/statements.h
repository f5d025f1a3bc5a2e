// Every statement that the store sends, by dialect. Only: INSERT of many rows, ON CONFLICT on the
// primary key, UPDATE with its row count, DELETE, SELECT: what all dialects know. No sequences, no
// advisory locks, no savepoints, no triggers, no temporary tables, no foreign keys.
//
// Parameters of what writes: $1 tenant, $2 epoch of the writer, $3 last LSN of the window, and in a
// key replay $4 keys that are done; the others follow. Each of these statements changes something
// only while its guard holds: the tenant's row has our epoch and is not as far as $3 (or $4).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/dialect.h"
#include "store/postgres/sql_rows.h"

namespace tallystone::postgres {

// A statement that takes rows, which stand between `before` and `after` as r(columns).
class RowStatement {
 public:
  RowStatement() = default;
  RowStatement(std::string before, std::span<const SqlColumn> columns, std::string after,
               size_t first_parameter, bool unnest);

  [[nodiscard]] std::span<const SqlColumn> columns() const { return columns_; }
  // For this many rows; the same text for any number if rows come as arrays.
  [[nodiscard]] std::string Text(size_t rows) const;
  void AddRows(RowValues* rows, Parameters* parameters) const;

 private:
  std::string before_, after_;
  std::span<const SqlColumn> columns_;
  size_t first_parameter_ = 0;
  bool unnest_ = true;
};

// Columns, in the order their values are added.
inline constexpr SqlColumn kBalanceColumns[] = {
    {"item", SqlType::kBigint},     {"on_hand", SqlType::kNumeric},
    {"value", SqlType::kNumeric},   {"lines", SqlType::kBigint},
    {"last_lsn", SqlType::kBigint}, {"places", SqlType::kBigint},
    {"last_time", SqlType::kText},  {"last_time_exact", SqlType::kBytea}};
inline constexpr SqlColumn kLineColumns[] = {
    {"item", SqlType::kBigint}, {"lsn", SqlType::kBigint},      {"line_index", SqlType::kInteger},
    {"line", SqlType::kBigint}, {"quantity", SqlType::kBigint}, {"unit_cost", SqlType::kBigint},
    {"time", SqlType::kText}};
inline constexpr SqlColumn kBlockColumns[] = {{"lsn", SqlType::kBigint},
                                              {"batch", SqlType::kText},
                                              {"accepted_at_us", SqlType::kBigint},
                                              {"payload", SqlType::kBytea},
                                              {"rejected", SqlType::kBytea}};
inline constexpr SqlColumn kBatchColumns[] = {{"batch", SqlType::kText},
                                              {"first_lsn", SqlType::kBigint},
                                              {"last_lsn", SqlType::kBigint},
                                              {"lines", SqlType::kBigint},
                                              {"accepted", SqlType::kBigint},
                                              {"failed", SqlType::kBigint},
                                              {"rejected", SqlType::kBigint},
                                              {"tried_again", SqlType::kBigint},
                                              {"retried", SqlType::kBigint},
                                              {"dropped", SqlType::kBigint},
                                              {"accepted_at_us", SqlType::kBigint},
                                              {"finished", SqlType::kBoolean},
                                              {"digest", SqlType::kBytea}};
inline constexpr SqlColumn kItemColumns[] = {
    {"item", SqlType::kBigint},      {"code", SqlType::kText}, {"gtin", SqlType::kText},
    {"description", SqlType::kText}, {"unit", SqlType::kText}, {"exact", SqlType::kBytea}};
inline constexpr SqlColumn kAliasColumns[] = {
    {"item", SqlType::kBigint}, {"text_hash", SqlType::kBytea}, {"text", SqlType::kBytea}};
inline constexpr SqlColumn kRecordColumns[] = {{"kind", SqlType::kInteger},
                                               {"key_hash", SqlType::kBytea},
                                               {"key", SqlType::kBytea},
                                               {"value", SqlType::kBytea}};
inline constexpr SqlColumn kRecordKeyColumns[] = {{"kind", SqlType::kInteger},
                                                  {"key_hash", SqlType::kBytea}};
inline constexpr SqlColumn kLetterColumns[] = {
    {"batch", SqlType::kText},  {"line", SqlType::kBigint},     {"cause", SqlType::kText},
    {"lsn", SqlType::kBigint},  {"attempts", SqlType::kBigint}, {"failed_at_us", SqlType::kBigint},
    {"detail", SqlType::kText}, {"code", SqlType::kText},       {"letter", SqlType::kBytea}};
inline constexpr SqlColumn kLetterKeyColumns[] = {{"batch", SqlType::kText},
                                                  {"line", SqlType::kBigint}};

struct Statements {
  explicit Statements(const DialectTraits& dialect);

  const DialectTraits& traits;

  // Of a window.
  RowStatement lines, blocks, batches, items, aliases, put_records, delete_records, put_letters,
      delete_letters;
  // Two for the sums, not ON CONFLICT: PostgreSQL checks constraints on the row that is proposed,
  // so that a delta of -3 on a stock of 10 would break CHECK (on_hand >= 0).
  RowStatement update_balances, insert_balances;
  // In place of `lines`: tenant and kLineColumns, in binary. It has no guard: the transaction must
  // have locked the tenant's row by kLockTenant, and been told that it has. "" = not in this
  // dialect.
  std::string copy_lines;
  // Of one key of a key replay.
  RowStatement update_key, insert_key;
};

// --- those that are the same in every dialect ---

// At the isolation that the guards are made for: each statement sees what is committed, and a row
// that was waited for is looked at again.
inline constexpr std::string_view kBegin = "BEGIN ISOLATION LEVEL READ COMMITTED";
inline constexpr std::string_view kBeginView = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
inline constexpr std::string_view kCommit = "COMMIT";
// For what writes, where the dialect has them. Plans are made without looking at the arrays: each
// of their rows looks up its own by the primary key. With an eye on 16,384 elements all balances of
// a tenant are hashed for every statement, which costs twice the time with 100,000 of them.
inline constexpr std::string_view kPlanSettings[] = {"SET plan_cache_mode = force_generic_plan",
                                                     "SET enable_bitmapscan = off"};

// $1 epoch. Keeps another writer from taking over until the transaction ends; only where a
// tenant's row is added, which a writer that takes over could not see otherwise.
extern const std::string kLockStore;
extern const std::string kAddTenant;        // $1 tenant, $2 epoch
extern const std::string kLockTenant;       // guard
extern const std::string kMarkTenant;       // guard, $4 name or NULL
extern const std::string kLockTenantOfKey;  // guard of a key
extern const std::string kMarkKey;          // guard of a key, $5 progress marker
// A tenant that comes from another server: guard, $4 name, $5 generation. Adds its row, or takes
// the one it left when it went, as one that has nothing yet.
extern const std::string kArrive;
extern const std::string kMarkArrived;  // guard
// $1 tenant; rows (tenant, epoch, applied, owner, generation) of it and of the store.
extern const std::string kReadArrival;
// $1 tenant, $2 epoch, $3 generation, for a tenant of that one or a lower one: that it leaves; of
// one that does, that it is gone, if nothing of it is left.
extern const std::string kMarkLeaving;
extern const std::string kMarkGone;
// $4 rows: so many of what a tenant that leaves has in one table.
std::vector<std::string> LeaveStatements();
// The same of its lines, from item $5 on; returns their items. Where a table is long, what was
// removed before would be passed over again and again.
extern const std::string kLeaveLines;
// $1 tenant, $2 server_id or NULL; without an epoch: anybody may wish.
extern const std::string kRequestMove;
// Of one item, for repair: guard, $4 item.
extern const std::string kDeleteBalance;
extern const std::string kDeleteLines;
extern const std::string kMarkStore;   // $1 epoch, $2 applied
extern const std::string kTouchStore;  // $1 epoch

// What became of a tenant whose guard did not hold. $1 tenant; rows (tenant, epoch, applied) of it
// and of the store.
extern const std::string kReadGuards;
// Rows (tenant, applied, replay, replay_last, replay_keys, database_id, epoch) of the store and of
// tenants that are ahead of it. No row: there is no store.
extern const std::string kReadMarker;

extern const std::string kWriteClaim;     // $1 epoch, $2 identity, $3 servers
extern const std::string kTakeOver;       // returns the new epoch
extern const std::string kTakeTenants;    // $1 epoch
extern const std::string kReadTenants;    // (tenant, applied) of all, $1 after, $2 rows
extern const std::string kSetDatabaseId;  // $1 epoch, $2 id
extern const std::string kSetMarker;  // $1 epoch, $2 applied, $3 replay or NULL, $4 last, $5 keys

// Calls use(text) for each statement that a store of this dialect may send while it works; those
// with rows with one and with two.
void ForEachStatement(const Statements& statements,
                      const std::function<void(std::string_view)>& use);

}  // namespace tallystone::postgres
