#include "inspect/settings.h"

#include "base/check.h"
#include "base/text.h"
#include "batchlog/format.h"
#include "catalog/match_index.h"
#include "catalog/tenant_catalogue.h"
#include "inspect/reviews.h"
#include "model/chunk_format.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

class Settings {
 public:
  explicit Settings(std::vector<Setting>* settings) : settings_(settings) {}

  void Add(std::string name, std::string value, SettingOrigin origin) {
    settings_->push_back({std::move(name), std::move(value), origin});
  }
  void Build(std::string name, uint64_t value) {
    Add(std::move(name), std::to_string(value), SettingOrigin::kBuild);
  }
  void Option(const char* name, uint64_t value, uint64_t by_default) {
    Add("options." + std::string(name), std::to_string(value),
        value == by_default ? SettingOrigin::kDefault : SettingOrigin::kCaller);
  }

 private:
  std::vector<Setting>* const settings_;
};

void AddOptions(const Options& options, Settings* to) {
  const Options usual;
  to->Option("items_max", options.items_max, usual.items_max);
  to->Option("window_lines_max", options.window_lines_max, usual.window_lines_max);
  to->Option("ingest_lines_min", options.ingest_lines_min, usual.ingest_lines_min);
  to->Option("window_age_ms_max", options.window_age_ms_max, usual.window_age_ms_max);
  to->Option("log_segment_bytes", options.log_segment_bytes, usual.log_segment_bytes);
  to->Option("block_cache_bytes", options.block_cache_bytes, usual.block_cache_bytes);
  to->Option("store_retries_max", options.store_retries_max, usual.store_retries_max);
  to->Option("store_retry_delay_ms", options.store_retry_delay_ms, usual.store_retry_delay_ms);
}

// Those that a caller meets first; docs/limits.md has all.
void AddLimits(Settings* to) {
  to->Build("limits.chunk_lines_max", limits::kChunkLinesMax);
  to->Build("limits.batch_lines_max", limits::kBatchLinesMax);
  to->Build("limits.window_bytes_max", limits::kWindowBytesMax);
  to->Build("limits.record_payload_bytes_max", limits::kRecordPayloadBytesMax);
  to->Build("limits.aliases_per_item_max", limits::kAliasesPerItemMax);
  to->Build("limits.candidates_max", limits::kCandidatesMax);
}

Status AddTenants(LiveView* view, Settings* to) {
  std::map<TenantId, MappingSettings> mappings;
  TS_RETURN_IF_ERROR(ReadMappings(view, &mappings));
  const MappingSettings usual;
  for (const auto& [tenant, name] : view->tenant_names()) {
    const MappingSettings mapping = mappings[tenant];
    to->Add("tenant." + name + ".mapping", std::string(MappingModeName(mapping.mode)),
            mapping.mode == usual.mode ? SettingOrigin::kDefault : SettingOrigin::kTenant);
    to->Add("tenant." + name + ".protected_words", std::to_string(mapping.protected_words.size()),
            mapping.protected_words.empty() ? SettingOrigin::kDefault : SettingOrigin::kTenant);
  }
  return Status::Ok();
}

}  // namespace

std::string_view SettingOriginName(SettingOrigin origin) {
  switch (origin) {
    case SettingOrigin::kDefault:
      return "default";
    case SettingOrigin::kCaller:
      return "caller";
    case SettingOrigin::kDatabase:
      return "database";
    case SettingOrigin::kTenant:
      return "tenant";
    case SettingOrigin::kBuild:
      return "build";
  }
  return "";
}

Status ReadSettings(LiveView* view, const std::vector<std::unique_ptr<Store>>& stores,
                    const Options& options, std::vector<Setting>* settings) {
  settings->clear();
  Settings to(settings);
  AddOptions(options, &to);
  to.Add("database_id", HexText(view->store_marker().database_id), SettingOrigin::kDatabase);
  to.Build("log.format", batchlog::kFormatVersion);
  to.Build("chunk.format_written", chunk_format::kVersion);
  to.Build("chunk.format_oldest_read", chunk_format::kOldestVersion);
  to.Build("mapping.normal_form_version", kNormalFormVersion);
  to.Build("mapping.match_version", MatchVersion());
  TS_RETURN_IF_ERROR(AddTenants(view, &to));
  AddLimits(&to);
  for (size_t index = 0; index < stores.size(); ++index) {
    const std::string id = stores[index]->server_id();
    const std::string prefix = id.empty() ? "" : "server." + std::to_string(index + 1) + ".";
    if (!id.empty()) {
      to.Add(prefix + "id", HexText(id), SettingOrigin::kDatabase);
    }
    const size_t first = settings->size();
    TS_RETURN_IF_ERROR(stores[index]->Describe(settings));
    for (size_t setting = first; setting < settings->size(); ++setting) {
      (*settings)[setting].name = prefix + (*settings)[setting].name;
    }
  }
  return Status::Ok();
}

}  // namespace tallystone
