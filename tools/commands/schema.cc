// tallystone schema: the statements that make the store's tables on a server.
#include "commands/command.h"
#include "tallystone/postgres_schema.h"

namespace tallystone::tool {
namespace {

ExitCode Run(const std::string& dialect) {
  std::string text;
  const Status s = PostgresSchemaText(dialect, &text);
  if (!s.ok()) {
    return Fail(s);
  }
  Sink::Stdout().Write(text);
  return Finish();
}

}  // namespace

void AddSchemaCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand(
      "schema", "Print the statements that make the tables of a store on a server");
  command->footer(
      "`import --store` makes the tables itself, where its user may create a schema. Where not, "
      "who\n"
      "may runs these statements once and grants USAGE on the schema and SELECT, INSERT, UPDATE "
      "and\n"
      "DELETE on its tables. Tested on PostgreSQL 15; written for the others, not tested on them.\n"
      "Examples:\n"
      "  tallystone schema --dialect postgresql\n"
      "  tallystone schema --dialect citus | psql -1 -v ON_ERROR_STOP=1 -d stock");
  auto dialect = std::make_shared<std::string>("postgresql");
  command
      ->add_option("--dialect", *dialect, "postgresql (default), citus, cockroachdb or yugabytedb")
      ->type_name("NAME")
      ->check(CLI::IsMember({"postgresql", "citus", "cockroachdb", "yugabytedb"}));
  command->callback([=] { chosen->run = [=] { return Run(*dialect); }; });
}

}  // namespace tallystone::tool
