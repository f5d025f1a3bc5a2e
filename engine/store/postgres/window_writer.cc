#include "store/postgres/window_writer.h"

#include "base/check.h"
#include "model/stored_codec.h"
#include "store/tenant_pieces.h"

namespace tallystone::postgres {
namespace {

constexpr int kStepBits = 3;

// Which of two troubles is to be told: the one that helps most. A refusal comes last: it is found
// again once the others are gone.
int Weight(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return 0;
    case StatusCode::kRejected:
      return 1;
    case StatusCode::kTryAgain:
      return 2;
    case StatusCode::kFenced:
      return 4;
    default:
      return 3;
  }
}

void KeepWorse(const Status& other, Status* status) {
  if (Weight(other) > Weight(*status)) {
    *status = other;
  }
}

}  // namespace

Status Fenced() {
  return Status::Fenced("another writer took over the store in PostgreSQL");
}

Status SetBack() {
  return Status::Corruption(
      "the server was set back to an earlier state (restored, or an older standby took over): end "
      "this program and open the database again; what the server lost is in the log, or the open "
      "says what is not");
}

Status CheckEpoch(uint64_t found, uint64_t ours) {
  return found == ours ? Status::Ok() : found > ours ? Fenced() : SetBack();
}

WindowWriter::WindowWriter(const WriterContext& context) : context_(context) {}

void WindowWriter::OnReply(uint64_t tag, const SqlError* error, const Result& result) {
  Outcome& outcome = outcomes_[tag >> kStepBits];
  const uint64_t step = tag & ((1u << kStepBits) - 1);
  if (error != nullptr) {
    drop_connection_ = drop_connection_ || EndsConnection(error->state);
    // A server that ends in the middle of a COMMIT may have done it.
    outcome.ended = outcome.ended || step != kEnd || !EndsConnection(error->state);
    if (outcome.status.ok()) {
      // The refusal of a key becomes the text of dead letters, alike for every tenant.
      const bool letter = of_key_ && CodeOfSqlState(error->state) == StatusCode::kRejected;
      outcome.status = MapSqlError(
          *error, letter ? "" : "writing tenant " + std::to_string(tenants_[tag >> kStepBits]));
    }
    return;
  }
  if (step == kLock) {
    outcome.locked = result.changed() == 1;
  } else if (step == kMark) {
    outcome.marked = result.changed() == 1;
  } else if (step == kEnd) {
    outcome.committed = result.command() == "COMMIT";
    outcome.ended = true;
  }
}

Status WindowWriter::Send(std::string_view sql, const Parameters& parameters, Step step) {
  return context_.connection->Send(sql, parameters, (outcomes_.size() - 1) << kStepBits | step,
                                   this);
}

// A tenant without a row gets one, unless another writer took over: the store's row, which that one
// would have changed first, is locked until the end.
Status WindowWriter::Begin(TenantId tenant) {
  tenants_.push_back(tenant);
  outcomes_.emplace_back();
  TS_RETURN_IF_ERROR(Send(kBegin, Parameters(), kGuard));
  if (tenant == 0 || context_.known->contains(tenant)) {
    return Status::Ok();
  }
  Parameters store;
  store.Add(context_.epoch);
  TS_RETURN_IF_ERROR(Send(kLockStore, store, kGuard));
  Parameters row;
  row.Add(uint64_t{tenant}).Add(context_.epoch);
  return Send(kAddTenant, row, kGuard);
}

// COMMIT stands behind a sync of its own: where the transaction failed, it ends it all the same.
Status WindowWriter::End() {
  TS_RETURN_IF_ERROR(context_.connection->Sync(this));
  TS_RETURN_IF_ERROR(Send(kCommit, Parameters(), kEnd));
  return context_.connection->Sync(this);
}

// While the lock is held the guard goes on to hold, so nothing behind it needs one of its own.
Status WindowWriter::CopyLines(const SortedWindow& window, const WindowShares& shares,
                               const TenantShare& share, bool* may_book) {
  TS_RETURN_IF_ERROR(context_.connection->Sync(this));
  TS_RETURN_IF_ERROR(context_.connection->Finish(this));
  const auto good = [this] { return outcomes_.back().status.ok() && outcomes_.back().locked; };
  if (good()) {
    LineCopier copier(window, shares, share);
    TS_RETURN_IF_ERROR(context_.connection->Copy(
        context_.statements->copy_lines, [&](std::string* piece) { return copier.Next(piece); },
        (outcomes_.size() - 1) << kStepBits | kData, this));
  }
  *may_book = good();
  return Status::Ok();
}

Status WindowWriter::SendShare(const SortedWindow& window, const WindowShares& shares,
                               const TenantShare& share, WindowPart part) {
  TS_RETURN_IF_ERROR(Begin(share.tenant));
  const auto add_guard = [&](Parameters* parameters) {
    parameters->Add(uint64_t{share.tenant}).Add(context_.epoch).Add(window.last);
  };
  Parameters guard;
  add_guard(&guard);
  TS_RETURN_IF_ERROR(Send(kLockTenant, guard, kLock));
  const bool copies = context_.copy_lines_min != 0 && CountLines(share) >= context_.copy_lines_min;
  if (copies) {
    bool may_book = false;
    TS_RETURN_IF_ERROR(CopyLines(window, shares, share, &may_book));
    if (!may_book) {
      return End();
    }
  }
  const SendRows send = [&](const RowStatement& statement, RowValues* rows) {
    Parameters parameters;
    add_guard(&parameters);
    statement.AddRows(rows, &parameters);
    return Send(statement.Text(rows->rows()), parameters, kData);
  };
  TS_RETURN_IF_ERROR(postgres::SendShare(*context_.statements, window, shares, share, part,
                                         context_.limits,
                                         copies ? ShareRows::kAllButLines : ShareRows::kAll, send));
  if (share.name == nullptr) {
    guard.AddNull();
  } else {
    guard.Add(std::string_view(*share.name));
  }
  TS_RETURN_IF_ERROR(Send(kMarkTenant, guard, kMark));
  return End();
}

Status WindowWriter::WriteShares(const SortedWindow& window, const WindowShares& shares,
                                 WindowPart part) {
  Status status;
  for (const TenantShare& share : shares.shares()) {
    const auto known = context_.known->find(share.tenant);
    const Lsn applied = known == context_.known->end() ? 0 : known->second;
    if (applied >= window.last) {
      continue;
    }
    if (share.first != 0 && applied >= share.first) {
      return Status::InvalidArgument("tenant " + std::to_string(share.tenant) +
                                     " has a part of the window in the store already");
    }
    status = SendShare(window, shares, share, part);
    if (!status.ok()) {
      break;
    }
  }
  if (status.ok()) {
    status = context_.connection->Finish(this);
  }
  const bool answered = status.ok();
  for (size_t index = 0; index < outcomes_.size(); ++index) {
    const Outcome& outcome = outcomes_[index];
    KeepWorse(outcome.status, &status);
    if (outcome.committed && outcome.marked) {
      (*context_.known)[tenants_[index]] = window.last;
    }
  }
  for (size_t index = 0; answered && index < outcomes_.size(); ++index) {
    const Outcome& outcome = outcomes_[index];
    if (outcome.status.ok() && !(outcome.committed && outcome.marked)) {
      KeepWorse(AskWhy(tenants_[index], window.last, false), &status);
    }
  }
  return status;
}

Status WindowWriter::AskWhy(TenantId tenant, Lsn last, bool replay) {
  Parameters parameters;
  parameters.Add(uint64_t{tenant});
  Result result;
  TS_RETURN_IF_ERROR(context_.connection->Query(kReadGuards, parameters,
                                                "asking what became of a window", &result));
  bool found = false;
  Lsn at = 0;
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    const auto of = static_cast<TenantId>(row.TakeInteger());
    const uint64_t epoch = row.TakeUnsigned();
    const Lsn applied = row.TakeUnsigned();
    TS_RETURN_IF_ERROR(row.status("tenants"));
    TS_RETURN_IF_ERROR(CheckEpoch(epoch, context_.epoch));
    if (of == tenant) {
      found = true;
      at = applied;
    }
  }
  if (!found) {
    return Status::TryAgain("tenant " + std::to_string(tenant) + " has no row yet");
  }
  if (tenant != 0) {
    (*context_.known)[tenant] = at;
  }
  // A key's guard says no, with our epoch, only to what is done.
  return replay || at >= last ? Status::Ok()
                              : Status::TryAgain("the share of tenant " + std::to_string(tenant) +
                                                 " was not written");
}

Status WindowWriter::SendKey(const KeyDelta* delta, const Marker& progress,
                             const std::string& encoded) {
  const ReplayProgress& replay = *progress.replay;
  TS_RETURN_IF_ERROR(Begin(replay.done.tenant));
  const auto add_guard = [&](Parameters* parameters) {
    parameters->Add(uint64_t{replay.done.tenant})
        .Add(context_.epoch)
        .Add(replay.last)
        .Add(replay.keys_done);
  };
  Parameters guard;
  add_guard(&guard);
  TS_RETURN_IF_ERROR(Send(kLockTenantOfKey, guard, kGuard));
  if (delta != nullptr) {
    RowValues rows(kBalanceColumns);
    AddBalanceRow(*delta, &rows);
    rows.EndRow();
    for (const RowStatement* statement :
         {&context_.statements->update_key, &context_.statements->insert_key}) {
      Parameters parameters;
      add_guard(&parameters);
      statement->AddRows(&rows, &parameters);
      TS_RETURN_IF_ERROR(Send(statement->Text(1), parameters, kData));
    }
  }
  guard.Add(std::string_view(encoded));
  TS_RETURN_IF_ERROR(Send(kMarkKey, guard, kMark));
  return End();
}

Status WindowWriter::WriteKey(const KeyDelta* delta, const Marker& progress) {
  if (!progress.replay || (delta != nullptr && delta->key.tenant != progress.replay->done.tenant)) {
    return Status::InvalidArgument("a step of a key replay needs the progress up to its key");
  }
  std::string encoded;
  EncodeMarker(progress, &encoded);
  of_key_ = true;
  Status status = SendKey(delta, progress, encoded);
  if (status.ok()) {
    status = context_.connection->Finish(this);
  }
  const Outcome& outcome = outcomes_.front();
  KeepWorse(outcome.status, &status);
  const TenantId tenant = progress.replay->done.tenant;
  if (!status.ok()) {
    return status;
  }
  if (!outcome.committed || !outcome.marked) {
    return AskWhy(tenant, progress.replay->last, true);
  }
  if (tenant != 0) {
    context_.known->emplace(tenant, 0);  // it has a row now
  }
  return Status::Ok();
}

Status WindowWriter::SendPiece(const SortedWindow& piece, const TenantArrival& arrival,
                               WindowPart part, WindowShares* shares) {
  TS_RETURN_IF_ERROR(shares->Split(piece));
  const SendRows send = [&](const RowStatement& statement, RowValues* rows) {
    Parameters parameters;
    parameters.Add(uint64_t{arrival.tenant}).Add(context_.epoch).Add(arrival.applied);
    statement.AddRows(rows, &parameters);
    return Send(statement.Text(rows->rows()), parameters, kData);
  };
  for (const TenantShare& share : shares->shares()) {
    if (share.tenant != arrival.tenant) {
      return Status::Corruption("tenant " + std::to_string(share.tenant) +
                                " stands among what tenant " + std::to_string(arrival.tenant) +
                                " has");
    }
    TS_RETURN_IF_ERROR(postgres::SendShare(*context_.statements, piece, *shares, share, part,
                                           context_.limits, ShareRows::kAll, send));
  }
  return Status::Ok();
}

Status WindowWriter::BeginArrival(const TenantArrival& arrival, bool* there) {
  *there = false;
  tenants_.push_back(arrival.tenant);
  outcomes_.emplace_back();
  TS_RETURN_IF_ERROR(Send(kBegin, Parameters(), kGuard));
  Parameters store;
  store.Add(context_.epoch);
  TS_RETURN_IF_ERROR(Send(kLockStore, store, kGuard));
  Parameters row;
  row.Add(uint64_t{arrival.tenant}).Add(context_.epoch).Add(arrival.applied);
  row.Add(std::string_view(arrival.name)).Add(arrival.generation);
  TS_RETURN_IF_ERROR(Send(kArrive, row, kLock));
  TS_RETURN_IF_ERROR(context_.connection->Sync(this));
  TS_RETURN_IF_ERROR(context_.connection->Finish(this));
  *there = outcomes_.back().locked;
  return outcomes_.back().status;
}

// Every attempt holds the lock of the store's row before it sends anything that it could commit:
// who gets it, and finds the place free, knows that those before ended without having come.
Status WindowWriter::SendArrival(const TenantArrival& arrival, StoreView* from,
                                 const std::function<void(const BatchRef&)>& on_batch,
                                 bool* unknown) {
  bool there = false;
  TS_RETURN_IF_ERROR(BeginArrival(arrival, &there));
  if (!there) {
    return End();
  }
  *unknown = false;
  WindowShares shares;
  TS_RETURN_IF_ERROR(ForEachPiece(
      from, arrival.tenant, arrival.applied, [&](const SortedWindow& piece, bool rest) {
        if (arrival.stop != nullptr && arrival.stop()) {
          return Status::Interrupted("tenant '" + arrival.name + "' stays where it is: the copy " +
                                     "was ended before all of it had come");
        }
        for (const auto& [ref, sum] : piece.batches) {
          on_batch(ref);
        }
        return SendPiece(piece, arrival, rest ? WindowPart::kRest : WindowPart::kAll, &shares);
      }));
  Parameters guard;
  guard.Add(uint64_t{arrival.tenant}).Add(context_.epoch).Add(arrival.applied);
  TS_RETURN_IF_ERROR(Send(kMarkArrived, guard, kMark));
  *unknown = true;
  return End();
}

Status WindowWriter::WriteArrival(const TenantArrival& arrival, StoreView* from,
                                  const std::function<void(const BatchRef&)>& on_batch,
                                  bool* unknown) {
  Status status = SendArrival(arrival, from, on_batch, unknown);
  if (status.ok()) {
    status = context_.connection->Finish(this);
  } else {
    drop_connection_ = true;  // in the middle of a transaction, which must not end well
  }
  const Outcome& outcome = outcomes_.front();
  KeepWorse(outcome.status, &status);
  if (outcome.locked && outcome.ended) {
    *unknown = false;
  }
  if (!status.ok()) {
    return status;
  }
  if (!outcome.committed || !outcome.marked) {
    status = AskArrived(arrival);
    // Of those before none is under way: this one had the lock of the store's row.
    *unknown = *unknown && !status.ok() && !status.Is(StatusCode::kRejected);
    return status;
  }
  (*context_.known)[arrival.tenant] = arrival.applied;
  return Status::Ok();
}

Status WindowWriter::AskArrived(const TenantArrival& arrival) {
  Parameters parameters;
  parameters.Add(uint64_t{arrival.tenant});
  Result result;
  TS_RETURN_IF_ERROR(context_.connection->Query(kReadArrival, parameters,
                                                "asking whether a tenant came", &result));
  bool here = false;
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    const auto tenant = static_cast<TenantId>(row.TakeInteger());
    const uint64_t epoch = row.TakeUnsigned();
    const Lsn applied = row.TakeUnsigned();
    const bool owner = row.TakeBytes() == "here";
    const uint64_t generation = row.TakeUnsigned();
    TS_RETURN_IF_ERROR(row.status("tenants"));
    if (epoch != context_.epoch) {
      return Fenced();
    }
    if (tenant == arrival.tenant) {
      here = owner && generation >= arrival.generation;
      (*context_.known)[tenant] = applied;
    }
  }
  return here ? Status::Ok()
              : Status::Rejected("this server does not take tenant " +
                                 std::to_string(arrival.tenant) +
                                 ": it has something of it from before");
}

// The guard asks only for the epoch: no tenant is as far as that.
Status WindowWriter::SendItem(StockKey key, const BalanceSum& sum,
                              const std::vector<BookedLine>& lines) {
  TS_RETURN_IF_ERROR(Begin(key.tenant));
  const auto add_guard = [&](Parameters* parameters) {
    parameters->Add(uint64_t{key.tenant}).Add(context_.epoch).Add(int64_t{INT64_MAX});
  };
  Parameters guard;
  add_guard(&guard);
  TS_RETURN_IF_ERROR(Send(kLockTenant, guard, kMark));
  for (const std::string* statement : {&kDeleteLines, &kDeleteBalance}) {
    Parameters parameters;
    add_guard(&parameters);
    parameters.Add(uint64_t{key.item});
    TS_RETURN_IF_ERROR(Send(*statement, parameters, kData));
  }
  TS_RETURN_IF_ERROR(SendItemRows(*context_.statements, key, sum, lines, context_.limits,
                                  [&](const RowStatement& statement, RowValues* rows) {
                                    Parameters parameters;
                                    add_guard(&parameters);
                                    statement.AddRows(rows, &parameters);
                                    return Send(statement.Text(rows->rows()), parameters, kData);
                                  }));
  return End();
}

Status WindowWriter::ReplaceKey(StockKey key, const BalanceSum& sum,
                                const std::vector<BookedLine>& lines) {
  Status status = SendItem(key, sum, lines);
  if (status.ok()) {
    status = context_.connection->Finish(this);
  }
  const Outcome& outcome = outcomes_.front();
  KeepWorse(outcome.status, &status);
  if (status.ok() && !(outcome.committed && outcome.marked)) {
    return AskWhy(key.tenant, INT64_MAX, false);
  }
  return status;
}

Status WindowWriter::MarkStore(Lsn applied) {
  Parameters parameters;
  parameters.Add(context_.epoch).Add(applied);
  Result result;
  TS_RETURN_IF_ERROR(
      context_.connection->Query(kMarkStore, parameters, "moving the marker", &result));
  return result.changed() == 1 ? Status::Ok() : AskWhy(0, applied, false);
}

}  // namespace tallystone::postgres
