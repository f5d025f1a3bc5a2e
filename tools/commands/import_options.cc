#include "commands/import_options.h"

#include <algorithm>

#include "commands/command.h"
#include "import/block.h"
#include "tallystone/limits.h"

namespace tallystone::tool {
namespace {

std::string CheckColumn(const std::string& text) {
  const size_t equals = text.find('=');
  Field field = Field::kCode;
  if (equals == std::string::npos || equals + 1 == text.size() ||
      !ParseField(text.substr(0, equals), &field)) {
    return "expected FIELD=HEADER, FIELD one of code, description, quantity, unit_cost, vendor, "
           "gtin, "
           "unit, document, time, line_id, vendor_code; not " +
           text;
  }
  return {};
}

std::string CheckDelimiter(const std::string& text) {
  const bool usable = text.size() == 1 && text != "\"" && text != "\n" && text != "\r";
  return usable || text == "tab" || text == "\\t" ? std::string()
                                                  : "the delimiter is one character, or: tab";
}

void AddFormatOptions(CLI::App* command, ImportOptions* options) {
  using FileFormat = InputOptions::FileFormat;
  command
      ->add_option_function<std::string>(
          "--format",
          [options](const std::string& name) {
            options->input.format = name == "csv" ? FileFormat::kCsv : FileFormat::kJsonLines;
          },
          "csv or jsonl; otherwise told from the name and content")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  command
      ->add_option_function<std::vector<std::string>>(
          "--column",
          [options](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const size_t equals = text.find('=');
              Field field = Field::kCode;
              ParseField(text.substr(0, equals), &field);
              options->columns.columns.emplace_back(field, text.substr(equals + 1));
            }
          },
          "Take FIELD from the column with this header; may be repeated")
      ->type_name("FIELD=HEADER")
      ->expected(1)
      ->take_all()
      ->check(CheckColumn);
  command
      ->add_option_function<std::string>(
          "--encoding",
          [options](const std::string& name) { options->input.latin1 = name == "latin-1"; },
          "utf-8 (default) or latin-1")
      ->type_name("NAME")
      ->check(CLI::IsMember({"utf-8", "latin-1"}));
  command
      ->add_option_function<std::string>(
          "--delimiter",
          [options](const std::string& text) {
            options->input.delimiter = text.size() == 1 ? text[0] : '\t';
          },
          "Of CSV; otherwise , ; tab or | told from the header")
      ->type_name("CHAR")
      ->check(CheckDelimiter);
}

void AddRoutingOptions(CLI::App* command, ImportOptions* options) {
  CLI::Option* tenant =
      command->add_option("--tenant", options->tenant, "Whose stock it is (default: default)")
          ->type_name("NAME");
  command
      ->add_option("--tenant-column", options->columns.tenant,
                   "Column with the tenant of each line")
      ->type_name("HEADER")
      ->excludes(tenant);
  CLI::Option* batch =
      command
          ->add_option("--batch", options->batch,
                       "Batch id; otherwise made from the content, so importing again is harmless")
          ->type_name("ID");
  command
      ->add_option("--batch-column", options->columns.batch,
                   "Column with the batch id of each line; equal ids need not stand together")
      ->type_name("HEADER")
      ->excludes(batch);
  command
      ->add_option("--open-batches", options->open_batches,
                   "Batches that may be unfinished at a time with --batch-column")
      ->type_name("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}));
}

}  // namespace

void AddMappingOption(CLI::App* command, MappingMode* mapping) {
  command
      ->add_option_function<std::string>(
          "--mapping",
          [mapping](const std::string& name) { (void)ParseMappingMode(name, mapping); },
          "Names that no exact rule maps: exact makes a new item; suggest also notes the items "
          "that "
          "it may mean, for review; auto books what is only misspelled and suggests the rest. "
          "Default: what `tallystone mapping` set for the tenant, or exact")
      ->type_name("MODE")
      ->check(CLI::IsMember({"exact", "suggest", "auto"}));
}

void AddImportOptions(CLI::App* command, ImportOptions* options) {
  command->add_option("FILE", options->files,
                      "CSV or JSON lines, also .gz and .zst; - is standard input");
  AddDatabaseOption(command, &options->database);
  AddStoreOption(command, &options->servers);
  AddRoutingOptions(command, options);
  AddFormatOptions(command, options);
  command
      ->add_option_function<std::string>(
          "--unknown-items",
          [options](const std::string& name) {
            options->unknown_items =
                name == "reject" ? UnknownItemPolicy::kReject : UnknownItemPolicy::kCreate;
          },
          "create (default) or reject lines of items that are not known")
      ->type_name("POLICY")
      ->check(CLI::IsMember({"create", "reject"}));
  AddMappingOption(command, &options->mapping);
  command->add_flag("--dry-run", options->dry_run,
                    "Say what would become of each line; book nothing");
  command
      ->add_option(
          "--outcomes", options->outcomes,
          "Write what became of each line, in order (CSV, or NDJSON by its name); - is standard "
          "output")
      ->type_name("FILE");
  command->add_flag("--spreadsheet-safe", options->spreadsheet_safe,
                    "In the CSV of --outcomes: an apostrophe before codes that a spreadsheet would "
                    "take for formulas");
  command
      ->add_option("--metrics", options->metrics,
                   "Write the engine's metrics into this file every few seconds and at the end, in "
                   "the format of Prometheus")
      ->type_name("FILE");
  AddJsonOption(command, &options->json);
  command
      ->add_option("--database", options->database_file,
                   "Instead of FILE: what `tallystone export` wrote, also .gz and .zst, - for "
                   "standard input; makes the new database --db of it, the same in everything but "
                   "its id")
      ->type_name("FILE");
  command->footer(
      "Columns are recognised by their headers, in any case, blanks, _ and - ignored:\n"
      "  code         StockCode, SKU, Code, Item      description  Description, Name\n"
      "  quantity     Quantity, Qty                   unit_cost    UnitPrice, Price, Unit Cost\n"
      "  vendor       Vendor, Supplier                gtin         GTIN, EAN\n"
      "  document     InvoiceNo, Invoice, Document    time         InvoiceDate, Date\n"
      "  unit         Unit                            line_id      Line Id\n"
      "  vendor_code  Vendor Code, Supplier Code, Vendor SKU, Vendor Item (needs a vendor)\n"
      "Importing a file again changes nothing; after an interruption it continues.\n"
      "Exit code: 0 all booked, 1 some lines failed (see dead-letters), 6 input not usable.\n"
      "Examples:\n"
      "  tallystone import sales.csv --db stock.db\n"
      "  tallystone import retail.csv.zst --db stock.db --tenant-column Country --batch-column "
      "InvoiceNo\n"
      "  zcat day.csv.gz | tallystone import - --db stock.db --column code=Artikel --encoding "
      "latin-1\n"
      "  tallystone import sales.csv --db stock.db --dry-run --outcomes -\n"
      "  tallystone import --database stock.ndjson --db copy.db\n"
      "  tallystone import sales.csv --db stock.db --store postgresql://stock@db.example/stock");
}

void CheckImportOptions(const CLI::App& command, ImportOptions* options) {
  const std::vector<std::string>& files = options->files;
  if (!options->database_file.empty()) {
    for (const CLI::Option* option : command.get_options()) {
      const std::string name = option->get_name();
      if (option->count() > 0 && name != "--database" && name != "--db" && name != "--store" &&
          name != "--json") {
        throw CLI::ValidationError("--database", "it goes with --db, --store and --json only");
      }
    }
    return;
  }
  if (files.empty()) {
    throw CLI::RequiredError("FILE");
  }
  if (std::count(files.begin(), files.end(), "-") > 1) {
    throw CLI::ValidationError("FILE", "standard input can be read only once");
  }
  if (!options->batch.empty() && files.size() > 1) {
    throw CLI::ValidationError("--batch", "it names one batch: give one FILE");
  }
  if (!IsValidName(options->tenant, limits::kTenantBytesMax)) {
    throw CLI::ValidationError("--tenant", "1 to 128 bytes of UTF-8 without control characters");
  }
  if (!options->batch.empty() && !IsValidName(options->batch, limits::kBatchIdBytesMax)) {
    throw CLI::ValidationError("--batch", "1 to 256 bytes of UTF-8 without control characters");
  }
  if (options->json && options->outcomes == "-") {
    throw CLI::ValidationError("--json", "standard output is taken by --outcomes -");
  }
  if (options->dry_run && !options->metrics.empty()) {
    throw CLI::ValidationError("--metrics", "a dry run has no engine to measure");
  }
  if (options->spreadsheet_safe && options->outcomes.empty()) {
    throw CLI::ValidationError("--spreadsheet-safe", "it is for --outcomes");
  }
  options->input.content_id = options->batch.empty();
}

}  // namespace tallystone::tool
