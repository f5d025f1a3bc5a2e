#include "store/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include <libpq-fe.h>

#include "base/check.h"
#include "base/coding.h"
#include "store/postgres/numeric.h"

namespace tallystone::postgres {
namespace {

constexpr int kConnectSecondsMax = 10;
constexpr uint64_t kQueryTag = 0;
constexpr std::string_view kFunctionContext = "PL/pgSQL function ";

std::string Stripped(const char* words) {
  std::string text(words == nullptr ? "" : words);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  for (char& letter : text) {
    letter = letter == '\n' ? ' ' : letter;
  }
  return text;
}

SqlError ErrorOf(const PGresult* result) {
  const auto field = [result](int code) { return Stripped(PQresultErrorField(result, code)); };
  SqlError error;
  error.state = field(PG_DIAG_SQLSTATE);
  error.message = field(PG_DIAG_MESSAGE_PRIMARY);
  error.detail = field(PG_DIAG_MESSAGE_DETAIL);
  error.constraint = field(PG_DIAG_CONSTRAINT_NAME);
  error.table = field(PG_DIAG_TABLE_NAME);
  const char* context = PQresultErrorField(result, PG_DIAG_CONTEXT);
  const std::string_view where = context == nullptr ? "" : context;
  if (where.substr(0, kFunctionContext.size()) == kFunctionContext) {
    error.function = where.substr(0, where.find('\n'));
  }
  return error;
}

// A login under way. libpq looks for a host and a login within its own limits of time, and cannot
// be told to stop; so who may want to stop lets a thread of its own wait for it.
struct Login {
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  bool given_up = false;
  PGconn* connection = nullptr;
};

std::vector<std::string> Texts(const char* const* texts) {
  std::vector<std::string> kept;
  for (; *texts != nullptr; ++texts) {
    kept.emplace_back(*texts);
  }
  return kept;
}

std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) {
    pointers.push_back(text.c_str());
  }
  pointers.push_back(nullptr);
  return pointers;
}

void LogIn(Login* login, const std::vector<std::string>& names,
           const std::vector<std::string>& values) {
  PGconn* const connection = PQconnectdbParams(Pointers(names).data(), Pointers(values).data(), 1);
  const std::lock_guard lock(login->mutex);
  if (login->given_up) {
    PQfinish(connection);
    return;
  }
  login->connection = connection;
  login->done = true;
  login->ended.notify_all();
}

// The sink of Query.
class OneReply : public ReplySink {
 public:
  OneReply(std::string_view doing, Result* result) : doing_(doing), result_(result) {}
  void OnReply(uint64_t /*tag*/, const SqlError* error, const Result& result) override {
    if (error != nullptr) {
      status_ = MapReadError(*error, doing_);
    } else {
      *result_ = result;
    }
  }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  const std::string_view doing_;
  Result* const result_;
  Status status_;
};

}  // namespace

// --- results ---

Result::Result(pg_result* result) : result_(result, PQclear) {}

int Result::rows() const {
  return result_ == nullptr ? 0 : PQntuples(result_.get());
}

bool Result::IsNull(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Result::Bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

uint64_t Result::changed() const {
  return result_ == nullptr ? 0 : std::strtoull(PQcmdTuples(result_.get()), nullptr, 10);
}

std::string_view Result::command() const {
  return result_ == nullptr ? "" : PQcmdStatus(result_.get());
}

int64_t RowReader::TakeInteger() {
  const std::string_view bytes = result_.Bytes(row_, column_++);
  if (bytes.size() == 4) {
    return static_cast<int32_t>(DecodeBigEndian32(bytes.data()));
  }
  if (bytes.size() != 8) {
    bad_ = true;
    return 0;
  }
  return static_cast<int64_t>(DecodeBigEndian64(bytes.data()));
}

bool RowReader::TakeBoolean() {
  const std::string_view bytes = result_.Bytes(row_, column_++);
  bad_ = bad_ || bytes.size() != 1;
  return !bytes.empty() && bytes.front() != '\0';
}

Int128 RowReader::TakeNumeric() {
  Int128 value = 0;
  bad_ = !DecodeNumeric(result_.Bytes(row_, column_++), &value) || bad_;
  return value;
}

std::string_view RowReader::TakeBytes() {
  return result_.Bytes(row_, column_++);
}

Status RowReader::status(std::string_view what) const {
  return bad_ ? Status::Corruption(std::string(what) +
                                   " of the schema tallystone holds what the store never writes")
              : Status::Ok();
}

// --- connecting ---

Connection::Connection(const ConnectionOptions& options) : options_(options) {}

Connection::~Connection() {
  PQfinish(connection_);
}

Status Connection::Open(const ConnectionOptions& options, std::unique_ptr<Connection>* connection) {
  connection->reset();
  std::unique_ptr<Connection> opened(new Connection(options));
  TS_RETURN_IF_ERROR(opened->Connect());
  TS_RETURN_IF_ERROR(opened->Prepare());
  *connection = std::move(opened);
  return Status::Ok();
}

Status Connection::Connect() {
  const std::string connect_seconds = std::to_string(kConnectSecondsMax);
  const std::string unanswered_ms = std::to_string(options_.wait_ms_max);
  // What stands before `dbname` holds unless the caller's own text says otherwise.
  const char* const names[] = {"connect_timeout",      "tcp_user_timeout",
                               "keepalives_idle",      "keepalives_interval",
                               "keepalives_count",     "application_name",
                               "target_session_attrs", "dbname",
                               "client_encoding",      nullptr};
  const char* const values[] = {
      connect_seconds.c_str(), unanswered_ms.c_str(),       "30",   "10",   "3", "tallystone",
      options_.session,        options_.connection.c_str(), "UTF8", nullptr};
  if (options_.stop != nullptr && options_.stop->possible()) {
    TS_RETURN_IF_ERROR(WaitForLogin(names, values));
  } else {
    connection_ = PQconnectdbParams(names, values, 1);
  }
  if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK) {
    return Status::Unavailable(
        "connecting to PostgreSQL: " +
        (connection_ == nullptr
             ? std::string("out of memory")
             : Stripped(PQerrorMessage(connection_)) + (PQconnectionNeedsPassword(connection_) != 0
                                                            ? ": set PGPASSWORD or ~/.pgpass"
                                                            : "")));
  }
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
    return Status::Unavailable("the connection cannot be put into pipeline mode");
  }
  return Status::Ok();
}

Status Connection::WaitForLogin(const char* const* names, const char* const* values) {
  const auto login = std::make_shared<Login>();
  const auto start = std::chrono::steady_clock::now();
  std::thread([login, kept_names = Texts(names), kept_values = Texts(values)] {
    LogIn(login.get(), kept_names, kept_values);
  }).detach();
  std::unique_lock lock(login->mutex);
  while (!login->ended.wait_for(lock, StopSignal::kStep, [&] { return login->done; })) {
    if (options_.stop->Ends(std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - start))) {
      login->given_up = true;
      return Status::Unavailable("connecting to PostgreSQL: it is waited for no longer");
    }
  }
  connection_ = login->connection;
  return Status::Ok();
}

// A transaction that hangs, ours or that of a writer before us, must not hold its locks for ever.
Status Connection::Prepare() {
  if (!options_.writes) {
    return Status::Ok();
  }
  const std::string wait_ms = std::to_string(options_.wait_ms_max);
  TS_RETURN_IF_ERROR(Run("SET lock_timeout = " + wait_ms, "setting up the connection"));
  // A share of a window is one statement, however large; wait_ms_max bounds it.
  TS_RETURN_IF_ERROR(Run("SET statement_timeout = 0", "setting up the connection"));
  // An acknowledged window stays; stricter settings than this are left as they are.
  TS_RETURN_IF_ERROR(
      Run("SELECT set_config('synchronous_commit', 'on', false) WHERE "
          "current_setting('synchronous_commit') = 'off'",
          "setting up the connection"));
  return Run("SET idle_in_transaction_session_timeout = " + wait_ms, "setting up the connection");
}

std::string Connection::parameter(const char* name) const {
  const char* value = PQparameterStatus(connection_, name);
  return value == nullptr ? "" : value;
}

std::string Connection::user() const {
  const char* user = PQuser(connection_);
  return user == nullptr ? "" : user;
}

bool Connection::idle() const {
  return !lost_ && pending_.empty() && PQtransactionStatus(connection_) == PQTRANS_IDLE;
}

// --- sending and waiting ---

Status Connection::Lose(const std::string& why) {
  lost_ = true;
  pending_.clear();
  PQfinish(connection_);  // closes the socket: the server gives up what was under way
  connection_ = nullptr;
  return Status::TryAgain("the connection to PostgreSQL was lost: " + why);
}

Status Connection::Send(std::string_view sql, const Parameters& parameters, uint64_t tag,
                        ReplySink* sink) {
  if (lost_) {
    return Status::TryAgain("the connection to PostgreSQL was lost");
  }
  sql_.assign(sql);
  if (PQsendQueryParams(connection_, sql_.c_str(), parameters.count(), nullptr, parameters.values(),
                        parameters.lengths(), parameters.formats(), 1) != 1) {
    return Lose(Stripped(PQerrorMessage(connection_)));
  }
  pending_.push_back({tag, false});
  return Pump(sink, false);
}

Status Connection::Sync(ReplySink* sink) {
  if (lost_) {
    return Status::TryAgain("the connection to PostgreSQL was lost");
  }
  if (PQpipelineSync(connection_) != 1) {
    return Lose(Stripped(PQerrorMessage(connection_)));
  }
  pending_.push_back({0, true});
  return Pump(sink, false);
}

Status Connection::Finish(ReplySink* sink) {
  return lost_ ? Status::TryAgain("the connection to PostgreSQL was lost") : Pump(sink, true);
}

void Connection::TakeReply(PGresult* reply, ReplySink* sink) {
  const ExecStatusType kind = PQresultStatus(reply);
  const Result result(reply);
  if (pending_.empty() || kind == PGRES_PIPELINE_ABORTED) {
    return;
  }
  if (kind == PGRES_PIPELINE_SYNC) {
    TS_CHECK(pending_.front().sync);
    pending_.pop_front();
    return;
  }
  if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK) {
    sink->OnReply(pending_.front().tag, nullptr, result);
    return;
  }
  const SqlError error = ErrorOf(reply);
  if (error.state.empty()) {
    broken_ = Stripped(PQresultErrorMessage(reply));
    return;
  }
  sink->OnReply(pending_.front().tag, &error, Result());
}

void Connection::TakeReplies(ReplySink* sink) {
  while (!pending_.empty() && PQisBusy(connection_) == 0) {
    PGresult* reply = PQgetResult(connection_);
    if (reply != nullptr) {
      TakeReply(reply, sink);
    } else if (!pending_.front().sync) {
      pending_.pop_front();  // the end of one statement's answer
    } else {
      return;  // nothing more has come
    }
  }
}

std::chrono::steady_clock::time_point Connection::Deadline() const {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.wait_ms_max);
}

Status Connection::Wait(bool to_write, std::chrono::steady_clock::time_point deadline) {
  using std::chrono::milliseconds;
  const auto start = std::chrono::steady_clock::now();
  const bool stoppable = options_.stop != nullptr && options_.stop->possible();
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    auto left = std::chrono::duration_cast<milliseconds>(deadline - now);
    if (left.count() <= 0) {
      return Lose("no answer in " + std::to_string(options_.wait_ms_max) + " ms");
    }
    if (stoppable) {
      if (options_.stop->Ends(std::chrono::duration_cast<milliseconds>(now - start))) {
        return Lose("its answer is waited for no longer");
      }
      left = std::min(left, StopSignal::kStep);
    }
    pollfd socket = {PQsocket(connection_),
                     static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = ::poll(&socket, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) {
      return Lose(std::string("waiting for it: ") + std::strerror(errno));
    }
    if (ready <= 0) {
      continue;
    }
    if ((socket.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_) != 1) {
      return Lose(Stripped(PQerrorMessage(connection_)));
    }
    return Status::Ok();
  }
}

Status Connection::Pump(ReplySink* sink, bool all) {
  for (;;) {
    TakeReplies(sink);
    if (!broken_.empty() || PQstatus(connection_) != CONNECTION_OK) {
      return Lose(broken_.empty() ? Stripped(PQerrorMessage(connection_)) : broken_);
    }
    const int unsent = PQflush(connection_);
    if (unsent < 0) {
      return Lose(Stripped(PQerrorMessage(connection_)));
    }
    if (unsent == 0 && (!all || pending_.empty())) {
      return Status::Ok();
    }
    TS_RETURN_IF_ERROR(Wait(unsent != 0, Deadline()));
  }
}

// --- COPY, which cannot stand in a pipeline ---

Status Connection::FlushAll() {
  for (;;) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) {
      return Lose(Stripped(PQerrorMessage(connection_)));
    }
    if (unsent == 0) {
      return Status::Ok();
    }
    TS_RETURN_IF_ERROR(Wait(true, Deadline()));
  }
}

Status Connection::TakeCopyReplies(uint64_t tag, ReplySink* sink, bool* may_send) {
  *may_send = false;
  for (;;) {
    while (PQisBusy(connection_) != 0) {
      TS_RETURN_IF_ERROR(Wait(false, Deadline()));
    }
    PGresult* reply = PQgetResult(connection_);
    if (reply == nullptr) {
      return PQstatus(connection_) == CONNECTION_OK ? Status::Ok()
                                                    : Lose(Stripped(PQerrorMessage(connection_)));
    }
    const ExecStatusType kind = PQresultStatus(reply);
    const Result result(reply);
    if (kind == PGRES_COPY_IN) {
      *may_send = true;
      return Status::Ok();
    }
    if (kind == PGRES_COMMAND_OK) {
      sink->OnReply(tag, nullptr, result);
      continue;
    }
    const SqlError error = ErrorOf(reply);
    if (error.state.empty()) {
      return Lose(Stripped(PQresultErrorMessage(reply)));
    }
    sink->OnReply(tag, &error, Result());
  }
}

Status Connection::SendCopyData(const CopySource& next, Status* failure) {
  std::string piece;
  for (;;) {
    piece.clear();
    *failure = next(&piece);
    if (!failure->ok() || piece.empty()) {
      break;
    }
    if (PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size())) != 1) {
      return Lose(Stripped(PQerrorMessage(connection_)));
    }
    TS_RETURN_IF_ERROR(FlushAll());
  }
  if (PQputCopyEnd(connection_, failure->ok() ? nullptr : "the rows cannot be made") != 1) {
    return Lose(Stripped(PQerrorMessage(connection_)));
  }
  return FlushAll();
}

Status Connection::Copy(std::string_view sql, const CopySource& next, uint64_t tag,
                        ReplySink* sink) {
  TS_CHECK(pending_.empty());
  if (lost_) {
    return Status::TryAgain("the connection to PostgreSQL was lost");
  }
  sql_.assign(sql);
  if (PQexitPipelineMode(connection_) != 1 || PQsendQuery(connection_, sql_.c_str()) != 1) {
    return Lose(Stripped(PQerrorMessage(connection_)));
  }
  TS_RETURN_IF_ERROR(FlushAll());
  bool may_send = false;
  TS_RETURN_IF_ERROR(TakeCopyReplies(tag, sink, &may_send));
  Status failure;
  if (may_send) {
    TS_RETURN_IF_ERROR(SendCopyData(next, &failure));
    TS_RETURN_IF_ERROR(TakeCopyReplies(tag, sink, &may_send));
  }
  if (PQenterPipelineMode(connection_) != 1) {
    return Lose("it cannot be put back into pipeline mode");
  }
  return failure;
}

// --- one statement ---

Status Connection::Query(std::string_view sql, const Parameters& parameters, std::string_view doing,
                         Result* result) {
  OneReply reply(doing, result);
  Status status = Send(sql, parameters, kQueryTag, &reply);
  if (status.ok()) {
    status = Sync(&reply);
  }
  if (status.ok()) {
    status = Finish(&reply);
  }
  return reply.status().ok() ? status : reply.status();
}

Status Connection::Run(std::string_view sql, std::string_view doing) {
  Result ignored;
  return Query(sql, Parameters(), doing, &ignored);
}

}  // namespace tallystone::postgres
