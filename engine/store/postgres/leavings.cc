#include "store/postgres/leavings.h"

#include <algorithm>

#include "base/check.h"
#include "store/postgres/statements.h"
#include "store/postgres/window_writer.h"

namespace tallystone::postgres {
namespace {

constexpr uint64_t kRowsMax = 8192;
constexpr std::string_view kDoing = "removing what a tenant left";

void AddGuard(const Leavings& leavings, Parameters* parameters) {
  parameters->Add(uint64_t{leavings.tenant}).Add(leavings.epoch).Add(leavings.generation);
}

// Nothing was changed: there is nothing to change, unless another writer took over. *owner: of the
// tenant, "" = it has no row.
Status AskOwner(Connection* connection, const Leavings& leavings, std::string* owner) {
  owner->clear();
  Parameters parameters;
  parameters.Add(uint64_t{leavings.tenant});
  Result result;
  TS_RETURN_IF_ERROR(
      connection->Query(kReadArrival, parameters, "asking whether a tenant left", &result));
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    const auto tenant = static_cast<TenantId>(row.TakeInteger());
    const uint64_t epoch = row.TakeUnsigned();
    row.Skip();
    const std::string_view of = row.TakeBytes();
    TS_RETURN_IF_ERROR(row.status("tenants"));
    if (epoch != leavings.epoch) {
      return Fenced();
    }
    if (tenant == leavings.tenant) {
      *owner = of;
    }
  }
  return Status::Ok();
}

Status Interrupted() {
  return Status::Interrupted("what is left of a tenant is removed later");
}

Status RemoveLines(Connection* connection, const Leavings& leavings,
                   const std::function<bool()>& stop) {
  int64_t from = 0;
  for (uint64_t rows = kRowsMax; rows == kRowsMax;) {
    if (stop()) {
      return Interrupted();
    }
    Parameters parameters;
    AddGuard(leavings, &parameters);
    parameters.Add(kRowsMax).Add(from);
    Result result;
    TS_RETURN_IF_ERROR(connection->Query(kLeaveLines, parameters, kDoing, &result));
    rows = static_cast<uint64_t>(result.rows());
    for (int index = 0; index < result.rows(); ++index) {
      RowReader row(result, index);
      from = std::max(from, row.TakeInteger());
      TS_RETURN_IF_ERROR(row.status("lines"));
    }
  }
  return Status::Ok();
}

}  // namespace

Status MarkLeaving(Connection* connection, const Leavings& leavings) {
  Parameters parameters;
  AddGuard(leavings, &parameters);
  Result result;
  TS_RETURN_IF_ERROR(
      connection->Query(kMarkLeaving, parameters, "writing down that a tenant left", &result));
  std::string owner;
  return result.changed() == 1 ? Status::Ok() : AskOwner(connection, leavings, &owner);
}

Status RemoveLeavings(Connection* connection, const Leavings& leavings,
                      const std::function<bool()>& stop) {
  TS_RETURN_IF_ERROR(RemoveLines(connection, leavings, stop));
  for (const std::string& statement : LeaveStatements()) {
    for (uint64_t rows = kRowsMax; rows == kRowsMax;) {
      if (stop()) {
        return Interrupted();
      }
      Parameters parameters;
      AddGuard(leavings, &parameters);
      parameters.Add(kRowsMax);
      Result result;
      TS_RETURN_IF_ERROR(connection->Query(statement, parameters, kDoing, &result));
      rows = result.changed();
    }
  }
  Parameters parameters;
  AddGuard(leavings, &parameters);
  Result result;
  TS_RETURN_IF_ERROR(connection->Query(kMarkGone, parameters, kDoing, &result));
  std::string owner;
  if (result.changed() == 0) {
    TS_RETURN_IF_ERROR(AskOwner(connection, leavings, &owner));
  }
  return owner == "leaving" ? Status::TryAgain("tenant " + std::to_string(leavings.tenant) +
                                               " has left more than could be removed")
                            : Status::Ok();
}

}  // namespace tallystone::postgres
