// Every statement of the store, parsed by PostgreSQL's own parser: it must be well-formed, and use
// nothing but what all dialects know.
#include <pg_query.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "store/postgres/schema.h"
#include "store/postgres/statements.h"

namespace tallystone::postgres {
namespace {

// Names of nodes in PostgreSQL's parse tree. No common table expressions, no locking clauses, no
// sequences, no savepoints, no LISTEN, no DO. COPY and SET only in dialects that say so.
const std::set<std::string, std::less<>> kNodes = {
    "A_ArrayExpr", "A_Const",   "A_Expr",          "A_Star",        "BoolExpr",
    "CaseExpr",    "CaseWhen",  "CoalesceExpr",    "ColumnRef",     "DefElem",
    "DeleteStmt",  "FuncCall",  "IndexElem",       "Integer",       "InsertStmt",
    "List",        "NullTest",  "ParamRef",        "RangeFunction", "RangeSubselect",
    "RangeVar",    "ResTarget", "RowExpr",         "SelectStmt",    "SortBy",
    "String",      "SubLink",   "TransactionStmt", "TypeCast",      "UpdateStmt"};
const std::set<std::string, std::less<>> kFunctions = {
    "unnest", "count", "sum", "max", "div", "mod", "version", "current_setting", "octet_length",
    "has_schema_privilege", "has_table_privilege",
    // Only where DialectTraits::table_sizes.
    "pg_total_relation_size"};
const std::set<std::string, std::less<>> kSchemaNodes = {
    "A_Const",     "A_Expr",     "AlterTableCmd",    "AlterTableStmt", "ColumnDef", "ColumnRef",
    "CommentStmt", "Constraint", "CreateSchemaStmt", "CreateStmt",     "DefElem",   "IndexElem",
    "IndexStmt",   "Integer",    "JoinExpr",         "RangeVar",       "ResTarget", "SelectStmt",
    "List",        "String",     "TypeCast",         "ViewStmt",       "BoolExpr"};
const std::set<std::string, std::less<>> kDistributionNodes = {"FuncCall", "SubLink",
                                                               "NamedArgExpr"};

struct Parsed {
  std::string error;
  std::set<std::string> nodes, functions;
};

// The names of the nodes: keys of the tree that begin with a capital letter; and two that have
// only a place in others.
void CollectNodes(std::string_view tree, std::set<std::string>* nodes) {
  for (size_t at = tree.find('"'); at != std::string_view::npos; at = tree.find('"', at + 1)) {
    const size_t end = tree.find('"', at + 1);
    if (end == std::string_view::npos) {
      return;
    }
    const std::string_view word = tree.substr(at + 1, end - at - 1);
    const bool node =
        !word.empty() && (std::isupper(static_cast<unsigned char>(word.front())) != 0 ||
                          word == "over" || word == "withClause");
    if (node && tree.substr(end, 3) == "\":{") {
      nodes->emplace(word);
    }
    at = end;
  }
}

void CollectFunctions(std::string_view tree, std::set<std::string>* functions) {
  constexpr std::string_view kBefore = R"("funcname":[{"String":{"sval":")";
  for (size_t at = tree.find(kBefore); at != std::string_view::npos;
       at = tree.find(kBefore, at + 1)) {
    const size_t begin = at + kBefore.size();
    functions->emplace(tree.substr(begin, tree.find('"', begin) - begin));
  }
}

Parsed Parse(const std::string& statement) {
  Parsed parsed;
  const PgQueryParseResult result = pg_query_parse(statement.c_str());
  if (result.error != nullptr) {
    parsed.error = result.error->message;
  } else {
    CollectNodes(result.parse_tree, &parsed.nodes);
    CollectFunctions(result.parse_tree, &parsed.functions);
  }
  pg_query_free_parse_result(result);
  return parsed;
}

template <typename Allowed>
std::vector<std::string> NotIn(const std::set<std::string>& found, const Allowed& allowed) {
  std::vector<std::string> others;
  std::copy_if(found.begin(), found.end(), std::back_inserter(others),
               [&](const std::string& name) { return !allowed(name); });
  return others;
}

using None = std::vector<std::string>;

std::vector<DialectTraits> AllTraits() {
  std::vector<DialectTraits> all;
  for (uint8_t dialect = 1; dialect <= kDialectMax; ++dialect) {
    for (const bool unnest : {false, true}) {
      all.push_back(TraitsOf(static_cast<Dialect>(dialect)));
      all.back().unnest = unnest;
    }
  }
  return all;
}

TEST(PortableSubsetTest, EveryStatementOfEveryDialectStaysInside) {
  size_t count = 0;
  for (const DialectTraits& traits : AllTraits()) {
    ForEachStatement(Statements(traits), [&](std::string_view text) {
      ++count;
      const Parsed parsed = Parse(std::string(text));
      EXPECT_EQ("", parsed.error) << text;
      EXPECT_FALSE(parsed.nodes.empty());
      const auto allowed = [&](const std::string& name) {
        return kNodes.contains(name) || (traits.copy_lines_min != 0 && name == "CopyStmt") ||
               (traits.plan_settings && name == "VariableSetStmt");
      };
      EXPECT_EQ(None(), NotIn(parsed.nodes, allowed)) << text;
      EXPECT_EQ(None(),
                NotIn(parsed.functions, [](const auto& name) { return kFunctions.contains(name); }))
          << text;
    });
  }
  EXPECT_GT(count, 400u);
}

TEST(PortableSubsetTest, WhatStandsOutsideIsSeen) {
  for (const char* outside :
       {"WITH a AS (SELECT 1) SELECT * FROM a", "SELECT 1 FROM b FOR UPDATE", "SAVEPOINT s",
        "COPY a FROM STDIN", "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE",
        "SELECT row_number() OVER (ORDER BY x) FROM b", "LOCK TABLE a",
        "CREATE TEMP TABLE t (x int)"}) {
    const Parsed parsed = Parse(outside);
    EXPECT_EQ("", parsed.error) << outside;
    const bool savepoint = std::string_view(outside).substr(0, 4) == "SAVE";
    EXPECT_NE(savepoint,
              !NotIn(parsed.nodes, [](const auto& name) { return kNodes.contains(name); }).empty())
        << outside;
  }
  for (const char* outside : {"SELECT nextval('s')", "SELECT pg_advisory_lock(1)"}) {
    EXPECT_FALSE(
        NotIn(Parse(outside).functions, [](const auto& name) { return kFunctions.contains(name); })
            .empty())
        << outside;
  }
  EXPECT_NE("", Parse("SELECT FROM WHERE").error);
}

// Transactions begin and end; nothing else is done with them.
TEST(PortableSubsetTest, TransactionsAreBegunAndCommittedOnly) {
  ForEachStatement(Statements(TraitsOf(Dialect::kPostgresql)), [](std::string_view text) {
    if (Parse(std::string(text)).nodes.contains("TransactionStmt")) {
      EXPECT_TRUE(text.substr(0, 5) == "BEGIN" || text == "COMMIT") << text;
    }
  });
}

TEST(PortableSubsetTest, EverySchemaStaysInside) {
  for (uint8_t dialect = 1; dialect <= kDialectMax; ++dialect) {
    const DialectTraits& traits = TraitsOf(static_cast<Dialect>(dialect));
    for (const std::string& text : SchemaStatements(traits)) {
      const Parsed parsed = Parse(text);
      EXPECT_EQ("", parsed.error) << text;
      EXPECT_EQ(None(), NotIn(parsed.nodes,
                              [&](const auto& name) {
                                return kSchemaNodes.contains(name) ||
                                       (traits.distribute && kDistributionNodes.contains(name));
                              }))
          << text;
    }
  }
}

TEST(DialectTest, ServersAreKnownByTheirWords) {
  EXPECT_EQ(Dialect::kPostgresql, DialectOfServer("PostgreSQL 15.8 (Debian)", false));
  EXPECT_EQ(Dialect::kCitus, DialectOfServer("PostgreSQL 16.1 on x86_64", true));
  EXPECT_EQ(Dialect::kCockroach, DialectOfServer("CockroachDB CCL v23.1.11 (x86_64)", false));
  EXPECT_EQ(Dialect::kYugabyte, DialectOfServer("PostgreSQL 11.2-YB-2.19.3.0-b0 on", false));
}

}  // namespace
}  // namespace tallystone::postgres
