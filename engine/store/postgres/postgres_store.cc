#include "store/postgres/postgres_store.h"

#include <utility>

#include "base/check.h"
#include "model/stored_codec.h"
#include "store/postgres/batch_filter.h"
#include "store/postgres/connection_pool.h"
#include "store/postgres/leavings.h"
#include "store/postgres/open_schema.h"
#include "store/postgres/postgres_view.h"
#include "store/postgres/read_ahead.h"
#include "store/postgres/read_statements.h"
#include "store/postgres/reads.h"
#include "store/postgres/schema.h"
#include "store/postgres/sql_text.h"
#include "store/postgres/window_writer.h"

namespace tallystone {

// What only the writer uses.
struct postgres::Writer {
  explicit Writer(const DialectTraits& traits) : statements(traits) {}

  std::unique_ptr<Connection> connection;  // null: to be made before the next write
  Statements statements;
  KnownTenants known;
  WindowShares shares;
};

namespace {

constexpr int64_t kPageRows = 10'000;

// What a writer reads tells it what it wrote: not from a standby, which may be behind.
postgres::ConnectionOptions ConnectionOptionsOf(const PostgresStoreOptions& options,
                                                std::shared_ptr<postgres::StopSignal> stop,
                                                bool writes) {
  postgres::ConnectionOptions made;
  made.connection = options.connection;
  made.wait_ms_max = options.wait_ms_max;
  made.writes = writes;
  made.session = writes ? "read-write" : options.read_only ? "any" : "primary";
  made.stop = std::move(stop);
  return made;
}

}  // namespace

PostgresStore::PostgresStore(const PostgresStoreOptions& options)
    : options_(options),
      stop_(std::make_shared<postgres::StopSignal>(options.stop_waiting)),
      pool_(std::make_shared<postgres::ConnectionPool>(ConnectionOptionsOf(options, stop_, false))),
      filter_(std::make_unique<postgres::BatchFilter>()),
      ahead_(std::make_unique<postgres::ReadAhead>()) {}

PostgresStore::~PostgresStore() {
  Close().PermitUnchecked();
}

Status PostgresStore::Open(const PostgresStoreOptions& options, std::unique_ptr<Store>* store) {
  store->reset();
  std::unique_ptr<PostgresStore> opened(new PostgresStore(options));
  std::unique_ptr<postgres::Connection> connection;
  TS_RETURN_IF_ERROR(postgres::Connection::Open(
      ConnectionOptionsOf(options, opened->stop_, !options.read_only), &connection));
  TS_RETURN_IF_ERROR(opened->OpenSchema(connection.get()));
  opened->pool_->Return(std::move(connection));
  *store = std::move(opened);
  return Status::Ok();
}

Status PostgresStore::OpenSchema(postgres::Connection* connection) {
  postgres::ServerFacts facts;
  TS_RETURN_IF_ERROR(postgres::ReadServerFacts(connection, &facts));
  server_version_ = facts.version;
  traits_ =
      postgres::TraitsOf(options_.dialect == Dialect::kAuto ? facts.dialect : options_.dialect);
  if (options_.rows_as_values) {
    traits_.unnest = false;
    traits_.copy_lines_min = 0;
  } else if (options_.copy_lines_min != 0) {
    traits_.copy_lines_min = options_.copy_lines_min;
  }
  return postgres::OpenSchema(connection, traits_, options_.create && !options_.read_only,
                              !options_.read_only, &server_id_);
}

Status PostgresStore::TakeOver() {
  if (options_.read_only) {
    return Status::InvalidArgument("the store was opened read-only");
  }
  const MutexLock lock(&mutex_);
  std::unique_ptr<postgres::Connection> connection;
  TS_RETURN_IF_ERROR(
      postgres::Connection::Open(ConnectionOptionsOf(options_, stop_, true), &connection));
  TS_RETURN_IF_ERROR(RaiseEpoch(connection.get()));
  ahead_->Clear();  // what was read before may be old
  writer_ = std::make_unique<postgres::Writer>(traits_);
  TS_RETURN_IF_ERROR(ReadTenants(connection.get()));
  TS_RETURN_IF_ERROR(PlanByKey(connection.get()));
  writer_->connection = std::move(connection);
  return Status::Ok();
}

Status PostgresStore::ReadClaim(StoreClaim* claim) {
  return pool_->With(
      [&](postgres::Connection* connection) { return postgres::ReadClaim(connection, claim); });
}

Status PostgresStore::WriteClaim(const StoreClaim& claim) {
  return WithWriter([&](postgres::Writer* writer, postgres::WindowWriter*) {
    std::string servers;
    for (const std::string& id : claim.servers) {
      servers += id;
    }
    postgres::Parameters parameters;
    parameters.Add(epoch_).Add(std::string_view(claim.writer)).Add(std::string_view(servers));
    postgres::Result result;
    TS_RETURN_IF_ERROR(writer->connection->Query(postgres::kWriteClaim, parameters,
                                                 "claiming the store", &result));
    return result.changed() == 1 ? Status::Ok() : NotOurs(writer->connection.get());
  });
}

// The store's own row first: from then on no earlier writer adds a tenant that the second statement
// would not see.
Status PostgresStore::RaiseEpoch(postgres::Connection* connection) {
  postgres::Result result;
  TS_RETURN_IF_ERROR(connection->Query(postgres::kTakeOver, postgres::Parameters(),
                                       "taking over the store", &result));
  if (result.rows() != 1) {
    return Status::Corruption("tallystone.tenants has no row of the store itself");
  }
  postgres::RowReader row(result, 0);
  epoch_ = row.TakeUnsigned();
  TS_RETURN_IF_ERROR(row.status("tenants"));
  postgres::Parameters parameters;
  parameters.Add(epoch_);
  TS_RETURN_IF_ERROR(
      connection->Query(postgres::kTakeTenants, parameters, "taking over the tenants", &result));
  return LoadFilter(connection);
}

Status PostgresStore::LoadFilter(postgres::Connection* connection) {
  BatchRef last;
  for (int rows = kPageRows; rows == kPageRows;) {
    postgres::Parameters parameters;
    parameters.Add(uint64_t{last.tenant}).Add(last.batch).Add(kPageRows);
    postgres::Result result;
    TS_RETURN_IF_ERROR(
        connection->Query(postgres::kBatchNamesPage, parameters, "reading batches", &result));
    rows = result.rows();
    for (int index = 0; index < rows; ++index) {
      postgres::RowReader row(result, index);
      last.tenant = static_cast<TenantId>(row.TakeInteger());
      last.batch = row.TakeBytes();
      TS_RETURN_IF_ERROR(row.status("batches"));
      filter_->Add(last);
    }
  }
  return Status::Ok();
}

Status PostgresStore::PlanByKey(postgres::Connection* connection) const {
  for (const std::string_view setting : postgres::kPlanSettings) {
    if (traits_.plan_settings) {
      TS_RETURN_IF_ERROR(connection->Run(setting, "setting up the connection"));
    }
  }
  return Status::Ok();
}

Status PostgresStore::ReadTenants(postgres::Connection* connection) {
  writer_->known.clear();
  int64_t last = 0;
  for (int rows = kPageRows; rows == kPageRows;) {
    postgres::Parameters parameters;
    parameters.Add(last).Add(kPageRows);
    postgres::Result result;
    TS_RETURN_IF_ERROR(
        connection->Query(postgres::kReadTenants, parameters, "reading tenants", &result));
    rows = result.rows();
    for (int index = 0; index < rows; ++index) {
      postgres::RowReader row(result, index);
      last = row.TakeInteger();
      writer_->known[static_cast<TenantId>(last)] = row.TakeUnsigned();
      TS_RETURN_IF_ERROR(row.status("tenants"));
    }
  }
  return Status::Ok();
}

// --- reading ---

Status PostgresStore::NewView(std::unique_ptr<StoreView>* view) {
  return postgres::NewPostgresView(pool_, view);
}

Status PostgresStore::GetBalance(StockKey key, BalanceSum* sum) {
  return pool_->With([&](postgres::Connection* connection) {
    return postgres::ReadBalance(connection, key, sum);
  });
}

Status PostgresStore::GetBatch(const BatchRef& ref, BatchSum* sum) {
  const bool writes = epoch_ != 0 && !closed_;
  if (writes && !filter_->MayHold(ref)) {
    return Status::NotFound("not in the store");
  }
  if (writes && ahead_->GetBatch(ref, sum)) {
    return Status::Ok();
  }
  const size_t blocks = writes && postgres::IsSqlText(ref.batch) ? ahead_->blocks_to_read() : 0;
  return pool_->With([&](postgres::Connection* connection) {
    if (blocks == 0) {
      return postgres::ReadBatch(connection, ref, sum);
    }
    const uint64_t ticket = ahead_->ticket();
    postgres::AheadRows rows;
    TS_RETURN_IF_ERROR(postgres::ReadBatchAhead(connection, ref, blocks, sum, &rows));
    ahead_->Put(ticket, std::move(rows));
    return Status::Ok();
  });
}

Status PostgresStore::GetBlocks(const BatchRef& ref, Lsn first, Lsn last,
                                std::vector<StoredBlock>* blocks) {
  blocks->clear();
  if (!postgres::IsSqlText(ref.batch)) {
    return Status::Ok();  // never written
  }
  if (!closed_ && ahead_->GetBlocks(ref, first, last, blocks)) {
    return Status::Ok();
  }
  const size_t more = ahead_->blocks_to_read();
  return pool_->With([&](postgres::Connection* connection) {
    const uint64_t ticket = ahead_->ticket();
    postgres::AheadRows rows;
    TS_RETURN_IF_ERROR(
        postgres::ReadBlocksAhead(connection, ref, first, last, more, blocks, &rows));
    ahead_->Put(ticket, std::move(rows));
    return Status::Ok();
  });
}

// A writer asks what became of its own windows. To one that was fenced, the marker of the next one
// says nothing about them.
Status PostgresStore::ReadMarker(Marker* marker) {
  std::map<TenantId, Lsn> ahead;
  uint64_t epoch = epoch_;
  Status status = pool_->With([&](postgres::Connection* connection) {
    return postgres::ReadMarker(connection, marker, &ahead, &epoch);
  });
  // The marker of a writer that took over says nothing about our windows, not even that they are
  // there.
  return status.ok() && epoch_ != 0 ? postgres::CheckEpoch(epoch, epoch_) : status;
}

// --- writing ---

Status PostgresStore::CheckEpoch(postgres::Connection* connection) {
  postgres::Parameters parameters;
  parameters.Add(epoch_);
  postgres::Result result;
  TS_RETURN_IF_ERROR(
      connection->Query(postgres::kTouchStore, parameters, "writing to the store", &result));
  return result.changed() == 1 ? Status::Ok() : NotOurs(connection);
}

// Why a statement that asks for our epoch changed nothing.
Status PostgresStore::NotOurs(postgres::Connection* connection) const {
  postgres::Result result;
  postgres::Parameters parameters;
  parameters.Add(uint64_t{0});
  TS_RETURN_IF_ERROR(
      connection->Query(postgres::kReadGuards, parameters, "asking who writes the store", &result));
  if (result.rows() == 0) {
    return postgres::SetBack();
  }
  postgres::RowReader row(result, 0);
  row.TakeInteger();
  Status status = postgres::CheckEpoch(row.TakeUnsigned(), epoch_);
  return status.ok() ? Status::TryAgain("the store was taken over a moment ago") : status;
}

// What this writer knows of the tenants may be too old: the end of a transaction was not seen.
Status PostgresStore::Connect() {
  if (writer_->connection != nullptr) {
    return Status::Ok();
  }
  std::unique_ptr<postgres::Connection> connection;
  TS_RETURN_IF_ERROR(
      postgres::Connection::Open(ConnectionOptionsOf(options_, stop_, true), &connection));
  TS_RETURN_IF_ERROR(CheckEpoch(connection.get()));
  TS_RETURN_IF_ERROR(ReadTenants(connection.get()));
  TS_RETURN_IF_ERROR(PlanByKey(connection.get()));
  writer_->connection = std::move(connection);
  return Status::Ok();
}

// That this store writes at all, for what does not go by WithWriter.
Status PostgresStore::CheckWrites() const {
  if (closed_) {
    return Status::Unavailable("the store is closed");
  }
  return options_.read_only || epoch_ == 0
             ? Status::InvalidArgument("nobody took over the store to write it")
             : Status::Ok();
}

template <typename Write>
Status PostgresStore::WithWriter(const Write& write) {
  const MutexLock lock(&mutex_);
  if (closed_) {
    return Status::Unavailable("the store is closed");
  }
  if (options_.read_only) {
    return Status::InvalidArgument("the store was opened read-only");
  }
  if (fenced_) {
    return postgres::Fenced();
  }
  if (writer_ == nullptr) {
    return Status::InvalidArgument("nobody took over the store to write it");
  }
  Status status = Connect();
  if (status.ok()) {
    postgres::WriterContext context;
    context.connection = writer_->connection.get();
    context.statements = &writer_->statements;
    context.epoch = epoch_;
    context.limits.rows_max = options_.rows_per_statement;
    context.copy_lines_min = traits_.copy_lines_min;
    context.known = &writer_->known;
    postgres::WindowWriter window_writer(context);
    status = write(writer_.get(), &window_writer);
    if (window_writer.drop_connection() || !writer_->connection->idle()) {
      writer_->connection.reset();
    }
  }
  fenced_ = status.Is(StatusCode::kFenced);
  return status;
}

Status PostgresStore::Initialise(const Marker& marker) {
  std::string encoded;
  EncodeMarker(marker, &encoded);
  return WithWriter([&](postgres::Writer* writer, postgres::WindowWriter*) {
    postgres::Connection* connection = writer->connection.get();
    constexpr std::string_view kDoing = "initialising the store";
    TS_RETURN_IF_ERROR(connection->Run(postgres::kBegin, kDoing));
    TS_RETURN_IF_ERROR(CheckEpoch(connection));
    postgres::Parameters state;
    state.Add(epoch_).Add(marker.applied);
    if (marker.replay) {
      state.Add(std::string_view(encoded)).Add(marker.replay->last).Add(marker.replay->keys_done);
    } else {
      state.AddNull().Add(int64_t{0}).Add(int64_t{0});
    }
    postgres::Result result;
    TS_RETURN_IF_ERROR(connection->Query(postgres::kSetMarker, state, kDoing, &result));
    postgres::Parameters identity;
    identity.Add(epoch_).Add(std::string_view(marker.database_id));
    TS_RETURN_IF_ERROR(connection->Query(postgres::kSetDatabaseId, identity, kDoing, &result));
    return connection->Run(postgres::kCommit, kDoing);
  });
}

Status PostgresStore::WriteWindow(const SortedWindow& window, const Marker& marker, bool whole) {
  // Before the write: a batch that is in the store must never be missing here.
  for (const auto& [ref, sum] : window.batches) {
    filter_->Add(ref);
  }
  ahead_->BeginWrite(window.batches);
  Status written = WithWriter([&](postgres::Writer* writer, postgres::WindowWriter* window_writer) {
    TS_RETURN_IF_ERROR(writer->shares.Split(window));
    Status status = window_writer->WriteShares(
        window, writer->shares, whole ? postgres::WindowPart::kAll : postgres::WindowPart::kRest);
    writer->shares.Clear();
    return status.ok() ? window_writer->MarkStore(marker.applied) : status;
  });
  if (written.ok()) {
    ahead_->EndWrite();
  }
  return written;
}

Status PostgresStore::Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) {
  if (info != nullptr) {
    info->ingested = false;
  }
  return WriteWindow(window, marker, true);
}

Status PostgresStore::ApplyRest(const SortedWindow& window, const Marker& marker) {
  return WriteWindow(window, marker, false);
}

Status PostgresStore::ApplyKey(const KeyDelta* delta, const Marker& progress) {
  return WithWriter([&](postgres::Writer*, postgres::WindowWriter* window_writer) {
    return window_writer->WriteKey(delta, progress);
  });
}

Status PostgresStore::MoveIn(const TenantArrival& arrival, StoreView* from, bool* unknown) {
  ahead_->Clear();
  Status moved = WithWriter([&](postgres::Writer*, postgres::WindowWriter* window_writer) {
    return window_writer->WriteArrival(
        arrival, from, [this](const BatchRef& ref) { filter_->Add(ref); }, unknown);
  });
  ahead_->Clear();
  return moved;
}

Status PostgresStore::MoveOut(TenantId tenant, uint64_t generation) {
  TS_RETURN_IF_ERROR(CheckWrites());
  ahead_->Clear();
  Status moved = pool_->With([&](postgres::Connection* connection) {
    return postgres::MarkLeaving(connection, {tenant, epoch_, generation});
  });
  ahead_->Clear();
  return moved;
}

Status PostgresStore::RemoveLeft(TenantId tenant, uint64_t generation,
                                 const std::function<bool()>& stop) {
  TS_RETURN_IF_ERROR(CheckWrites());
  const MutexLock lock(&leaving_mutex_);
  std::unique_ptr<postgres::Connection> connection;
  TS_RETURN_IF_ERROR(
      postgres::Connection::Open(ConnectionOptionsOf(options_, stop_, true), &connection));
  return postgres::RemoveLeavings(connection.get(), {tenant, epoch_, generation},
                                  [&] { return closed_ || stop(); });
}

Status PostgresStore::RequestMove(TenantId tenant, const std::string& server_id) {
  std::unique_ptr<postgres::Connection> connection;
  TS_RETURN_IF_ERROR(
      postgres::Connection::Open(ConnectionOptionsOf(options_, stop_, true), &connection));
  postgres::Parameters parameters;
  parameters.Add(uint64_t{tenant});
  if (server_id.empty()) {
    parameters.AddNull();
  } else {
    parameters.Add(std::string_view(server_id));
  }
  postgres::Result result;
  TS_RETURN_IF_ERROR(connection->Query(postgres::kRequestMove, parameters,
                                       "writing down that a tenant shall move", &result));
  return result.changed() == 1 ? Status::Ok()
                               : Status::NotFound("tenant number " + std::to_string(tenant) +
                                                  " is not on this server");
}

Status PostgresStore::ReplaceKey(StockKey key, const BalanceSum& sum,
                                 const std::vector<BookedLine>& lines, bool dry_run) {
  if (dry_run) {
    return Status::Ok();
  }
  return WithWriter([&](postgres::Writer*, postgres::WindowWriter* window_writer) {
    return window_writer->ReplaceKey(key, sum, lines);
  });
}

Status PostgresStore::Compact(const CompactOptions& /*options*/, CompactReport* report) {
  report->by_server = true;
  return Status::Ok();
}

Status PostgresStore::Recover() {
  {
    const MutexLock lock(&mutex_);
    if (writer_ != nullptr) {
      writer_->connection.reset();
    }
  }
  return WithWriter([](postgres::Writer*, postgres::WindowWriter*) { return Status::Ok(); });
}

Status PostgresStore::Describe(std::vector<Setting>* settings) {
  const auto add = [settings](std::string name, std::string value, SettingOrigin origin) {
    settings->push_back({std::move(name), std::move(value), origin});
  };
  add("store.format", std::to_string(postgres::kSchemaFormat), SettingOrigin::kDatabase);
  add("postgres.server", server_version_, SettingOrigin::kDatabase);
  add("postgres.dialect", std::string(traits_.name),
      options_.dialect == Dialect::kAuto ? SettingOrigin::kDatabase : SettingOrigin::kCaller);
  add("postgres.rows_as", traits_.unnest ? "arrays" : "values", SettingOrigin::kBuild);
  add("postgres.rows_per_statement",
      std::to_string(options_.rows_per_statement != 0 ? options_.rows_per_statement
                                                      : traits_.rows_per_statement),
      options_.rows_per_statement != 0 ? SettingOrigin::kCaller : SettingOrigin::kBuild);
  add("postgres.copy_lines_min", std::to_string(traits_.copy_lines_min),
      options_.copy_lines_min != 0 ? SettingOrigin::kCaller : SettingOrigin::kBuild);
  add("postgres.wait_ms_max", std::to_string(options_.wait_ms_max), SettingOrigin::kDefault);
  return Status::Ok();
}

Status PostgresStore::Sizes(StoreSizes* sizes) {
  if (!traits_.table_sizes) {
    *sizes = {};
    return Status::Ok();
  }
  return pool_->With(
      [&](postgres::Connection* connection) { return postgres::ReadSizes(connection, sizes); });
}

Status PostgresStore::ShareBefore(const BatchRef& ref, StoreShare* share) {
  postgres::Parameters parameters;
  parameters.Add(uint64_t{ref.tenant}).Add(ref.batch);
  return pool_->With([&](postgres::Connection* connection) {
    return postgres::ReadShare(connection, postgres::kBatchesBefore, parameters, share);
  });
}

Status PostgresStore::ShareBefore(const LineRef& ref, StoreShare* share) {
  postgres::Parameters parameters;
  parameters.Add(uint64_t{ref.tenant}).Add(ref.batch).Add(ref.line);
  return pool_->With([&](postgres::Connection* connection) {
    return postgres::ReadShare(connection, postgres::kDeadLettersBefore, parameters, share);
  });
}

Status PostgresStore::Close() {
  closed_ = true;
  pool_->Close();
  const MutexLock lock(&mutex_);
  if (writer_ != nullptr) {
    writer_->connection.reset();
  }
  return Status::Ok();
}

}  // namespace tallystone
