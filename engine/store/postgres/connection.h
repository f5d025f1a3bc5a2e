// Connection: one connection to a server, always in pipeline mode: statements are sent without
// waiting for the answers of those before, and answers are taken while more is sent, so neither
// side's buffer can fill. libpq is known to connection.cc and connection_text.cc only.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/postgres/sql_rows.h"
#include "store/postgres/status_map.h"
#include "store/postgres/stop_signal.h"
#include "tallystone/status.h"

struct pg_conn;
struct pg_result;

namespace tallystone::postgres {

// What a statement answered.
class Result {
 public:
  Result() = default;
  explicit Result(pg_result* result);

  [[nodiscard]] int rows() const;
  [[nodiscard]] bool IsNull(int row, int column) const;
  [[nodiscard]] std::string_view Bytes(int row, int column) const;
  // Rows that an INSERT, UPDATE or DELETE changed.
  [[nodiscard]] uint64_t changed() const;
  // The first word: "COMMIT", or "ROLLBACK" where a transaction had failed.
  [[nodiscard]] std::string_view command() const;

 private:
  std::shared_ptr<pg_result> result_;
};

// Takes the columns of one row in turn. A value that cannot be is reported at the end.
class RowReader {
 public:
  RowReader(const Result& result, int row) : result_(result), row_(row) {}

  [[nodiscard]] bool NextIsNull() const { return result_.IsNull(row_, column_); }
  int64_t TakeInteger();  // bigint or integer
  uint64_t TakeUnsigned() { return static_cast<uint64_t>(TakeInteger()); }
  bool TakeBoolean();
  Int128 TakeNumeric();
  std::string_view TakeBytes();  // text or bytea; NULL is empty
  void Skip() { ++column_; }

  // kCorruption: `what` has a column that is not what it should be.
  [[nodiscard]] Status status(std::string_view what) const;

 private:
  const Result& result_;
  const int row_;
  int column_ = 0;
  bool bad_ = false;
};

// Answers, in the order of the statements.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // Of a statement that was sent with `tag`. What follows a failed one, up to the next Sync, has no
  // answer.
  virtual void OnReply(uint64_t tag, const SqlError* error, const Result& result) = 0;
};

// Gives the next bytes of a COPY; none: that was all.
using CopySource = std::function<Status(std::string* piece)>;

struct ConnectionOptions {
  std::string connection;         // as libpq takes it: "host=.. dbname=..", or a URL
  uint32_t wait_ms_max = 60'000;  // without a byte from the server
  bool writes = false;            // bounds the time that locks are waited for and held
  const char* session = "any";    // target_session_attrs, where several hosts are named
  // Ends every wait, as if the connection was lost; may be null.
  std::shared_ptr<StopSignal> stop = nullptr;
};

// Not thread-safe.
class Connection {
 public:
  // kUnavailable: nobody answers, or the login is refused.
  static Status Open(const ConnectionOptions& options, std::unique_ptr<Connection>* connection);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends one statement; answers that have come go to *sink, which is the same until Finish.
  Status Send(std::string_view sql, const Parameters& parameters, uint64_t tag, ReplySink* sink);
  // Ends a group of statements: a failed one does not keep those behind this from being run.
  Status Sync(ReplySink* sink);
  // Until everything is answered.
  Status Finish(ReplySink* sink);
  // Sends a COPY .. FROM STDIN and what next(&piece) gives, until it gives nothing; its answer goes
  // to *sink. Only when everything before is answered: two round trips. After an error of `next`,
  // which is returned, the transaction has failed.
  Status Copy(std::string_view sql, const CopySource& next, uint64_t tag, ReplySink* sink);

  // One statement and its answer. `doing` completes the message of an error. No data is in it:
  // nothing is kRejected.
  Status Query(std::string_view sql, const Parameters& parameters, std::string_view doing,
               Result* result);
  Status Run(std::string_view sql, std::string_view doing);

  // After any error of the connection itself, and where a server said that it ends.
  [[nodiscard]] bool lost() const { return lost_; }
  // True if nothing is under way and no transaction is open.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] std::string parameter(const char* name) const;
  [[nodiscard]] std::string user() const;

 private:
  struct Pending {
    uint64_t tag;
    bool sync;
  };

  explicit Connection(const ConnectionOptions& options);

  Status Connect();
  Status WaitForLogin(const char* const* names, const char* const* values);
  Status Prepare();
  // Flushes; with `all`, until every answer is there.
  Status Pump(ReplySink* sink, bool all);
  void TakeReplies(ReplySink* sink);
  void TakeReply(pg_result* reply, ReplySink* sink);
  Status SendCopyData(const CopySource& next, Status* failure);
  // Outside of pipeline mode: takes answers until there is none left or data may be sent.
  Status TakeCopyReplies(uint64_t tag, ReplySink* sink, bool* may_send);
  Status FlushAll();
  [[nodiscard]] std::chrono::steady_clock::time_point Deadline() const;
  Status Wait(bool to_write, std::chrono::steady_clock::time_point deadline);
  Status Lose(const std::string& why);

  const ConnectionOptions options_;
  pg_conn* connection_ = nullptr;
  std::deque<Pending> pending_;
  std::string sql_;
  std::string broken_;  // what libpq itself says of an answer that it could not take
  bool lost_ = false;
};

}  // namespace tallystone::postgres
