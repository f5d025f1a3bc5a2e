// The store's entries as they are kept, compaction, and what is in effect.
#include "tallystone/store_entries.h"

#include <map>

#include <gmock/gmock.h>

#include "engine_support/engine_fixture.h"
#include "inspect/entry_key.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreEntriesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(Engine::Open(QuietOptions(), directory_.database(), &engine_));
    MappingSettings settings;
    settings.mode = MappingMode::kSuggest;
    settings.protected_words = {"zinc"};
    ASSERT_OK(engine_->SetMapping("acme", settings));
    Book("acme", "invoice/1", 3);
    ASSERT_OK(engine_->Flush());
    Book("acme", "invoice/2", 5);  // stays in the log
    Book("other", "b", 2);
    ASSERT_OK(engine_->Sync());
    ASSERT_OK(Inspector::Open({}, directory_.database(), &inspector_));
  }
  void Book(const std::string& tenant, const std::string& id, int lines) {
    Batch batch(tenant, id);
    for (int line = 1; line <= lines; ++line) {
      const std::string code = "C" + std::to_string(line);
      batch.AddText({.code = code,
                     .description = "Thing",
                     .quantity = line == 2 ? "none" : "2.5",
                     .unit_cost = "4"});
    }
    BatchResult result;
    ASSERT_OK(engine_->Ingest({}, batch, &result));
  }
  std::vector<StoreEntry> Scan(StoreFamily family, const EntryRange& range = {}) {
    std::unique_ptr<Cursor<StoreEntry>> cursor;
    EXPECT_OK(inspector_->NewEntryCursor(family, range, &cursor));
    std::vector<StoreEntry> entries;
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      EXPECT_EQ(cursor->value().values.size(), FieldsOf(family).size());
      entries.push_back(cursor->value());
    }
    EXPECT_OK(cursor->status());
    return entries;
  }
  std::vector<std::string> Keys(StoreFamily family, const EntryRange& range = {}) {
    std::vector<std::string> keys;
    for (const StoreEntry& entry : Scan(family, range)) {
      keys.push_back(entry.key);
    }
    return keys;
  }
  std::string Value(StoreFamily family, const std::string& key, std::string_view field) {
    const std::vector<StoreEntry> entries = Scan(family, {.from = key, .to = key, .tenant = ""});
    if (entries.size() != 1) {
      return "there are " + std::to_string(entries.size());
    }
    for (size_t index = 0; index < entries[0].values.size(); ++index) {
      if (FieldsOf(family)[index].name == field) {
        return entries[0].values[index];
      }
    }
    return "no such field";
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Inspector> inspector_;
};

TEST_F(StoreEntriesTest, EveryFamilyShowsTheStoreAndTheTailOfTheLog) {
  EXPECT_THAT(Keys(StoreFamily::kMeta), ElementsAre("applied_lsn", "as_of_lsn", "database_id"));
  EXPECT_THAT(Keys(StoreFamily::kTenants), ElementsAre("1", "2"));
  EXPECT_THAT(Keys(StoreFamily::kItems), ElementsAre("1/1", "1/2", "1/3", "1/4", "2/1"));
  EXPECT_THAT(Keys(StoreFamily::kBalances), ElementsAre("1/1", "1/2", "1/3", "1/4", "2/1"));
  EXPECT_THAT(Keys(StoreFamily::kPostings),
              ElementsAre("1/1/2", "1/1/3", "1/2/2", "1/2/3", "1/3/3", "1/4/3", "2/1/4"));
  EXPECT_THAT(Keys(StoreFamily::kBlocks), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(Keys(StoreFamily::kDeadLetters),
              ElementsAre("1/invoice/1/2", "1/invoice/2/2", "2/b/2"));
  EXPECT_EQ(Value(StoreFamily::kBalances, "1/1", "on_hand"), "5");
  EXPECT_EQ(Value(StoreFamily::kBalances, "1/1", "value"), "20");
  EXPECT_EQ(Value(StoreFamily::kBalances, "1/1", "last_lsn"), "3");
  EXPECT_EQ(Value(StoreFamily::kBlocks, "3", "batch"), "invoice/2");
  EXPECT_EQ(Value(StoreFamily::kBlocks, "4", "flags"), "first last new_tenant");
  EXPECT_EQ(Value(StoreFamily::kBatches, "1/invoice/2", "failed"), "1");
  EXPECT_EQ(Value(StoreFamily::kDeadLetters, "1/invoice/2/2", "cause"), "bad_quantity");
  EXPECT_EQ(Value(StoreFamily::kItems, "2/1", "code"), "C1");
  EXPECT_EQ(Value(StoreFamily::kTenants, "2", "name"), "other");
  EXPECT_EQ(Value(StoreFamily::kRecords, "1/setting/mapping", "value"), "suggest");
  EXPECT_EQ(Value(StoreFamily::kAliases, "2/1/thing", "alias"), "thing");
  EXPECT_EQ(Value(StoreFamily::kMeta, "as_of_lsn", "value"), "4");
}

TEST_F(StoreEntriesTest, RangesHoldBothEndsAndBeginningsOfKeys) {
  EXPECT_THAT(Keys(StoreFamily::kItems, {.from = "1/3", .to = "1", .tenant = ""}),
              ElementsAre("1/3", "1/4"));
  EXPECT_THAT(Keys(StoreFamily::kItems, {.from = "1/4", .to = "", .tenant = ""}),
              ElementsAre("1/4", "2/1"));
  EXPECT_THAT(Keys(StoreFamily::kItems, {.from = "", .to = "1/2", .tenant = ""}),
              ElementsAre("1/1", "1/2"));
  EXPECT_THAT(Keys(StoreFamily::kPostings, {.from = "1/2", .to = "1/2", .tenant = ""}),
              ElementsAre("1/2/2", "1/2/3"));
  EXPECT_THAT(Keys(StoreFamily::kBlocks, {.from = "2", .to = "3", .tenant = ""}),
              ElementsAre("2", "3"));
  EXPECT_THAT(
      Keys(StoreFamily::kDeadLetters, {.from = "1/invoice/2/", .to = "1/invoice/2/", .tenant = ""}),
      ElementsAre("1/invoice/2/2"));
  EXPECT_THAT(Keys(StoreFamily::kItems, {.from = "3", .to = "", .tenant = ""}), IsEmpty());
  EXPECT_THAT(Keys(StoreFamily::kItems, {.from = "18446744073709551615", .to = "", .tenant = ""}),
              IsEmpty());
}

TEST_F(StoreEntriesTest, OneTenantOnly) {
  EXPECT_THAT(Keys(StoreFamily::kItems, {.from = "", .to = "", .tenant = "other"}),
              ElementsAre("2/1"));
  EXPECT_THAT(Keys(StoreFamily::kBlocks, {.from = "", .to = "", .tenant = "other"}),
              ElementsAre("4"));
  EXPECT_THAT(Keys(StoreFamily::kBatches, {.from = "1", .to = "", .tenant = "other"}),
              ElementsAre("2/b"));
  EXPECT_THAT(Keys(StoreFamily::kItems, {.from = "", .to = "1/2", .tenant = "other"}), IsEmpty());
  EXPECT_THAT(Keys(StoreFamily::kAliases, {.from = "", .to = "", .tenant = "other"}),
              ElementsAre("2/1/thing"));
  std::unique_ptr<Cursor<StoreEntry>> cursor;
  EXPECT_CODE(kNotFound, inspector_->NewEntryCursor(
                             StoreFamily::kItems, {.from = "", .to = "", .tenant = "x"}, &cursor));
}

TEST_F(StoreEntriesTest, KeyOfAnotherShapeIsRefused) {
  std::unique_ptr<Cursor<StoreEntry>> cursor;
  for (const auto& [family, key] :
       std::multimap<StoreFamily, std::string>{{StoreFamily::kItems, "acme/1"},
                                               {StoreFamily::kItems, "1/2/3"},
                                               {StoreFamily::kItems, "1/x"},
                                               {StoreFamily::kBlocks, "-1"},
                                               {StoreFamily::kBlocks, "18446744073709551616"},
                                               {StoreFamily::kPostings, "1/2/ "},
                                               {StoreFamily::kRecords, "1/nothing/x"},
                                               {StoreFamily::kRecords, "1/review/x"},
                                               {StoreFamily::kDeadLetters, "1/b/x"}}) {
    EXPECT_CODE(kInvalidArgument,
                inspector_->NewEntryCursor(family, {.from = key, .to = "", .tenant = ""}, &cursor));
    EXPECT_EQ(cursor, nullptr) << key;
  }
}

TEST_F(StoreEntriesTest, KeysOfRecordsAreReadBackAsTheyAreWritten) {
  for (const std::string text : {"1/alias//red pen", "1/alias/a%2Fb%25/c/d", "1/vendor_code/v/x/y",
                                 "1/merged/v/17", "1/review/3", "1/setting/mapping"}) {
    EntryKey key;
    ASSERT_OK(EntryKey::Parse(StoreFamily::kRecords, text, &key));
    EXPECT_EQ(key.ToText(StoreFamily::kRecords), text);
  }
}

TEST_F(StoreEntriesTest, SettingsSayWhereTheyComeFrom) {
  Options options;
  options.window_lines_max = 1000;
  ASSERT_OK(Inspector::Open(options, directory_.database(), &inspector_));
  std::vector<Setting> settings;
  ASSERT_OK(inspector_->GetSettings(&settings));
  std::map<std::string, std::string> found;
  for (const Setting& setting : settings) {
    EXPECT_TRUE(found
                    .emplace(setting.name,
                             setting.value + " " + std::string(SettingOriginName(setting.origin)))
                    .second)
        << setting.name;
  }
  EXPECT_EQ(found["options.window_lines_max"], "1000 caller");
  EXPECT_EQ(found["options.window_age_ms_max"], "2000 default");
  EXPECT_EQ(found["tenant.acme.mapping"], "suggest tenant");
  EXPECT_EQ(found["tenant.acme.protected_words"], "1 tenant");
  EXPECT_EQ(found["tenant.other.mapping"], "exact default");
  EXPECT_EQ(found["store.format"], "3 database");
  EXPECT_EQ(found["limits.chunk_lines_max"], "500 build");
  EXPECT_EQ(found["rocksdb.blocks.block_bytes"], "32768 build");
}

TEST_F(StoreEntriesTest, CompactionChangesNothingThatTheDatabaseSays) {
  const std::string before = directory_.SoundDigest();
  CompactReport report;
  std::vector<std::string> parts;
  CompactOptions options;
  options.progress = [&](std::string_view part, uint64_t done, uint64_t total) {
    EXPECT_LE(done, total);
    parts.emplace_back(part);
  };
  ASSERT_OK(engine_->Compact(options, &report));
  EXPECT_THAT(parts,
              ElementsAre("default", "balances", "blocks", "postings", "catalogue", "batches", ""));
  EXPECT_GT(report.bytes_before, 0u);
  EXPECT_GT(report.bytes_after, 0u);
  EXPECT_EQ(engine_->stats().applied_lsn, 4u);
  EXPECT_EQ(directory_.SoundDigest(), before);
  Book("acme", "after", 3);
  ASSERT_OK(engine_->Flush());
  EXPECT_NE(directory_.SoundDigest(), before);
}

TEST_F(StoreEntriesTest, CompactionThatIsCancelledLeavesASoundDatabase) {
  const std::string before = directory_.SoundDigest();
  std::atomic<bool> cancel = false;
  CompactOptions options;
  options.cancel = &cancel;
  options.progress = [&](std::string_view part, uint64_t, uint64_t) {
    cancel = part == "postings";
  };
  CompactReport report;
  EXPECT_CODE(kInterrupted, engine_->Compact(options, &report));
  EXPECT_EQ(directory_.SoundDigest(), before);
  ASSERT_OK(engine_->Compact({}, &report));
  ASSERT_OK(engine_->Close());
  EXPECT_CODE(kUnavailable, engine_->Compact({}, &report));
}

}  // namespace
}  // namespace tallystone::testing
