#include "store/postgres/open_schema.h"

#include <array>
#include <string>

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

constexpr std::array<std::string_view, 4> kTableRights = {"SELECT", "INSERT", "UPDATE", "DELETE"};

// As SQL has a name.
std::string Quoted(const std::string& name) {
  std::string quoted = "\"";
  for (const char letter : name) {
    quoted.append(letter == '"' ? 2 : 1, letter);
  }
  return quoted + '"';
}

// What this user may not do in a schema that is there: more than one thing at most.
struct Missing {
  bool usage = false;
  std::array<std::string, kTableRights.size()> tables;  // names, of each right
  bool ours = false;                                    // there is a table `version`

  [[nodiscard]] bool any(size_t rights) const {
    bool found = usage;
    for (size_t right = 0; right < rights; ++right) {
      found = found || !tables[right].empty();
    }
    return found;
  }
};

Status ReadGrants(Connection* connection, Missing* missing) {
  Result result;
  TS_RETURN_IF_ERROR(connection->Query(kReadGrants, Parameters(), kOpening, &result));
  for (int index = 0; index < result.rows(); ++index) {
    RowReader row(result, index);
    const std::string table(row.TakeBytes());
    missing->ours = missing->ours || table == "version";
    missing->usage = !row.TakeBoolean();
    for (std::string& tables : missing->tables) {
      if (!row.TakeBoolean()) {
        tables += (tables.empty() ? "" : ", ") + table;
      }
    }
    TS_RETURN_IF_ERROR(row.status("has_table_privilege"));
  }
  return Status::Ok();
}

// Without this a missing right looks like something else: tables that a user may not touch are not
// shown to him, and DELETE is first needed when a dead letter is booked.
Status CheckGrants(Connection* connection, bool writes) {
  Missing missing;
  TS_RETURN_IF_ERROR(ReadGrants(connection, &missing));
  const size_t rights = writes ? kTableRights.size() : 1;
  if (!missing.ours || !missing.any(rights)) {
    return Status::Ok();
  }
  std::string lacks = missing.usage ? "USAGE on it" : "";
  std::string grants;
  for (size_t right = 0; right < rights; ++right) {
    if (!missing.tables[right].empty()) {
      lacks += (lacks.empty() ? "" : "; ") + std::string(kTableRights[right]) + " on " +
               missing.tables[right];
      grants += (grants.empty() ? "" : ", ") + std::string(kTableRights[right]);
    }
  }
  const std::string to = " TO " + Quoted(connection->user());
  std::string how = missing.usage ? "GRANT USAGE ON SCHEMA tallystone" + to : "";
  if (!grants.empty()) {
    how +=
        (how.empty() ? "GRANT " : "; GRANT ") + grants + " ON ALL TABLES IN SCHEMA tallystone" + to;
  }
  return Status::Unavailable("the schema tallystone is there, but user " +
                             Quoted(connection->user()) + " lacks " + lacks +
                             ". Who made it (`tallystone schema`) gives it: " + how);
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
      const Status status = connection->Run(statement, kMaking);
      if (status.message().find("SQLSTATE 42501") != std::string::npos) {
        return {status.code(), status.message() + ": user " + Quoted(connection->user()) +
                                   " may not make it; who may, runs what `tallystone schema` "
                                   "prints, and grants USAGE on the schema and SELECT, INSERT, "
                                   "UPDATE, DELETE on its tables"};
      }
      TS_RETURN_IF_ERROR(status);
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

Status OpenSchema(Connection* connection, const DialectTraits& traits, bool create, bool writes,
                  std::string* server_id) {
  TS_RETURN_IF_ERROR(CheckGrants(connection, writes));
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
