// tallystone scan, tallystone get: the entries of the store as they are kept.
#include "tallystone/store_entries.h"

#include "commands/list.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct ScanOptions : ListOptions {
  StoreFamily family = StoreFamily::kMeta;
  EntryRange range;
  std::vector<std::string> keys;
};

std::vector<Column> ColumnsOf(StoreFamily family) {
  std::vector<Column> columns = {{"key", Kind::kText}};
  for (const StoreField& field : FieldsOf(family)) {
    const Kind kind = field.kind == StoreField::Kind::kCount     ? Kind::kCount
                      : field.kind == StoreField::Kind::kDecimal ? Kind::kDecimal
                      : field.kind == StoreField::Kind::kBool    ? Kind::kBool
                                                                 : Kind::kText;
    columns.push_back({std::string(field.name), kind});
  }
  return columns;
}

void FillEntry(const StoreEntry& entry, std::vector<std::string>* row) {
  row->push_back(entry.key);
  row->insert(row->end(), entry.values.begin(), entry.values.end());
}

ExitCode RunScan(const ScanOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  EntryRange range = options.range;
  range.tenant = options.filter.tenant;
  std::unique_ptr<Cursor<StoreEntry>> cursor;
  if (const Status s = inspector->NewEntryCursor(options.family, range, &cursor); !s.ok()) {
    return Fail(s);
  }
  return ListRecords(
      options, {std::string(StoreFamilyName(options.family)), inspector->as_of_lsn()},
      ColumnsOf(options.family), cursor.get(), [](const StoreEntry&) { return true; }, FillEntry);
}

// The entries of each key in turn.
class KeysCursor final : public Cursor<StoreEntry> {
 public:
  KeysCursor(Inspector* inspector, StoreFamily family, const std::vector<std::string>& keys)
      : inspector_(inspector), family_(family), keys_(keys) {}

  void SeekToFirst() override {
    next_ = 0;
    missing_.clear();
    cursor_.reset();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return cursor_ != nullptr && cursor_->Valid(); }
  void Next() override {
    cursor_->Next();
    Find();
  }
  [[nodiscard]] const StoreEntry& value() const override { return cursor_->value(); }
  [[nodiscard]] Status status() const override { return status_; }
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  void Find() {
    while (status_.ok() && !Valid()) {
      if (cursor_ != nullptr) {
        status_ = cursor_->status();
        cursor_.reset();
        continue;
      }
      if (next_ == keys_.size()) {
        return;
      }
      const std::string& key = keys_[next_++];
      status_ =
          inspector_->NewEntryCursor(family_, {.from = key, .to = key, .tenant = ""}, &cursor_);
      if (status_.ok()) {
        cursor_->SeekToFirst();
        if (!cursor_->Valid() && cursor_->status().ok()) {
          missing_.push_back(key);
        }
      }
    }
  }

  Inspector* const inspector_;
  const StoreFamily family_;
  const std::vector<std::string>& keys_;
  size_t next_ = 0;
  std::vector<std::string> missing_;
  std::unique_ptr<Cursor<StoreEntry>> cursor_;
  Status status_;
};

ExitCode RunGet(const ScanOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  KeysCursor cursor(inspector.get(), options.family, options.keys);
  const ExitCode code = ListRecords(
      options, {std::string(StoreFamilyName(options.family)), inspector->as_of_lsn()},
      ColumnsOf(options.family), &cursor, [](const StoreEntry&) { return true; }, FillEntry);
  for (const std::string& key : cursor.missing()) {
    PrintMessage("there is no entry '" + key + "' in " +
                 std::string(StoreFamilyName(options.family)));
  }
  return code == kExitOk && !cursor.missing().empty() ? kExitNotFound : code;
}

void AddFamilyArgument(CLI::App* command, ScanOptions* options) {
  std::vector<std::string> names;
  for (int family = 0; family < kStoreFamilyCount; ++family) {
    names.emplace_back(StoreFamilyName(static_cast<StoreFamily>(family)));
  }
  const auto set = [options](const std::string& name) {
    (void)ParseStoreFamily(name, &options->family);
  };
  command->add_option_function<std::string>("FAMILY", set, "What the store keeps")
      ->required()
      ->check(CLI::IsMember(names));
}

constexpr const char* kKeys =
    "Keys, with tenants and items by their numbers (`tallystone scan tenants`):\n"
    "  meta NAME, tenants TENANT, items and balances TENANT/ITEM, aliases TENANT/ITEM/ALIAS,\n"
    "  records TENANT/KIND/..., postings TENANT/ITEM/LSN, blocks LSN, batches TENANT/BATCH,\n"
    "  dead-letters TENANT/BATCH/LINE. The beginning of a key, up to any part, stands for all "
    "that\n"
    "  begin so; a batch alone in dead-letters ends with a slash.\n";

}  // namespace

void AddScanCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("scan", "Show entries of the store as they are kept");
  command->footer(std::string("What the log has and the store has not yet counts as if it were "
                              "there.\n") +
                  kKeys +
                  "Examples:\n"
                  "  tallystone scan balances --db stock.db --tenant acme --limit 10\n"
                  "  tallystone scan postings --db stock.db --from 1/17 --to 1/17\n"
                  "  tallystone scan blocks --db stock.db --from 100 --to 120 --format ndjson");
  auto options = std::make_shared<ScanOptions>();
  AddFamilyArgument(command, options.get());
  AddListOptions(command, {}, options.get());
  command->add_option("--from", options->range.from, "From this key on")->type_name("KEY");
  command->add_option("--to", options->range.to, "Up to this key, which belongs to it")
      ->type_name("KEY");
  command->callback([=] { chosen->run = [=] { return RunScan(*options); }; });
}

void AddGetCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("get", "Show entries of the store by their keys");
  command->footer(std::string(kKeys) +
                  "Exit code 3 if a key is not there.\n"
                  "Examples:\n"
                  "  tallystone get balances 1/17 1/18 --db stock.db\n"
                  "  tallystone get batches 1/invoice/42 --db stock.db --json\n"
                  "  tallystone get meta applied_lsn --db stock.db");
  auto options = std::make_shared<ScanOptions>();
  AddFamilyArgument(command, options.get());
  command->add_option("KEY", options->keys, "Which entries")->required();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  command->callback([=] { chosen->run = [=] { return RunGet(*options); }; });
}

}  // namespace tallystone::tool
