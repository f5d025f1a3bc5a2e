#include "store/postgres/open_schema.h"

#include "base/check.h"
#include "base/random_id.h"
#include "store/postgres/read_statements.h"
#include "store/postgres/schema.h"
#include "store/postgres/statements.h"

namespace tallystone::postgres {
namespace {

constexpr std::string_view kOpening = "opening the schema tallystone";
constexpr std::string_view kMaking = "making the schema tallystone";
constexpr std::string_view kMadeBy = "tallystone";

Status NotThere() {
  return Status::NotFound("the database has no schema tallystone");
}

// Whether there are tables, and among them ours.
Status FindTables(Connection* connection, bool* any, bool* ours, bool* whole) {
  Result result;
  TS_RETURN_IF_ERROR(connection->Query(kCountTables, Parameters(), kOpening, &result));
  RowReader row(result, 0);
  const int64_t count = row.TakeInteger();
  *any = count > 0;
  *whole = count == kTablesAndViews;
  *ours = row.TakeInteger() > 0;
  return row.status("information_schema.tables");
}

// kNotFound: the row is not there yet.
Status ReadVersion(Connection* connection, std::string* server_id) {
  Result result;
  TS_RETURN_IF_ERROR(connection->Query(kReadVersion, Parameters(), kOpening, &result));
  if (result.rows() == 0) {
    return NotThere();
  }
  RowReader row(result, 0);
  const int64_t format = row.TakeInteger();
  *server_id = row.TakeBytes();
  TS_RETURN_IF_ERROR(row.status("version"));
  if (format != kSchemaFormat) {
    return Status::FormatMismatch("the schema tallystone has format " + std::to_string(format) +
                                  "; this version of Tallystone reads format " +
                                  std::to_string(kSchemaFormat));
  }
  return Status::Ok();
}

// `made`: somebody who may make schemas made it before; only the rows are missing.
Status MakeTables(Connection* connection, const DialectTraits& traits, bool made) {
  if (traits.schema_in_transaction) {
    TS_RETURN_IF_ERROR(connection->Run(kBegin, kMaking));
  }
  if (!made) {
    for (const std::string& statement : SchemaStatements(traits)) {
      TS_RETURN_IF_ERROR(connection->Run(statement, kMaking));
    }
  }
  std::string server_id;
  TS_RETURN_IF_ERROR(MakeRandomId(&server_id));
  TS_RETURN_IF_ERROR(connection->Run(kAddStoreRow, kMaking));
  Parameters version;
  version.Add(kSchemaFormat).Add(std::string_view(server_id)).Add(traits.name).Add(kMadeBy);
  Result ignored;
  TS_RETURN_IF_ERROR(connection->Query(kAddVersion, version, kMaking, &ignored));
  return traits.schema_in_transaction ? connection->Run(kCommit, kMaking) : Status::Ok();
}

}  // namespace

Status ReadServerFacts(Connection* connection, ServerFacts* facts) {
  Result result;
  TS_RETURN_IF_ERROR(
      connection->Query(kServerVersion, Parameters(), "asking for the server's version", &result));
  RowReader row(result, 0);
  facts->version = row.TakeBytes();
  facts->encoding = row.TakeBytes();
  facts->dialect = DialectOfServer(facts->version, row.TakeBoolean());
  TS_RETURN_IF_ERROR(row.status("the server's version"));
  if (facts->encoding != "UTF8") {
    return Status::FormatMismatch("the database has the encoding " + facts->encoding +
                                  "; make one with ENCODING 'UTF8'");
  }
  return Status::Ok();
}

Status OpenSchema(Connection* connection, const DialectTraits& traits, bool create,
                  std::string* server_id) {
  bool any = false;
  bool ours = false;
  bool whole = false;
  TS_RETURN_IF_ERROR(FindTables(connection, &any, &ours, &whole));
  if (any && !ours) {
    return Status::FormatMismatch(
        "the schema tallystone of this database was not made by Tallystone");
  }
  Status status = any ? ReadVersion(connection, server_id) : NotThere();
  if (!status.IsNotFound() || !create) {
    return status;
  }
  TS_RETURN_IF_ERROR(MakeTables(connection, traits, whole));
  return ReadVersion(connection, server_id);
}

}  // namespace tallystone::postgres
