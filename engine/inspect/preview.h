// Preview: what would become of lines, without booking them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/tenant_catalogue.h"
#include "store/live_view.h"
#include "tallystone/inspector.h"

namespace tallystone {

// Keeps what earlier previews would have made: items, aliases, balances of very large lines.
class Preview {
 public:
  // `view` may be null: there is no database.
  Preview(LiveView* view, uint64_t items_max) : view_(view), items_max_(items_max) {}

  Status Run(const IngestOptions& options, const Batch& batch, std::vector<LineResult>* results);
  // See Inspector::PreviewRetry.
  Status Retry(const IngestOptions& options, const DeadLetterKey& key, const TextLine* corrected,
               LineResult* result);
  // See Inspector::Explain.
  Status Explain(const std::string& tenant, const MappingQuery& query,
                 MappingExplanation* explanation);
  // An item as the previews left it. kNotFound.
  Status GetItem(const ItemKey& key, ItemInfo* item);
  // Whether previews made or loaded this tenant.
  [[nodiscard]] bool Knows(const std::string& tenant) const { return tenants_.contains(tenant); }

 private:
  struct PreviewedTenant {
    TenantId id = 0;  // 0 = the database does not have it
    TenantCatalogue catalogue;
    std::map<ItemId, Int128> values;  // of items with very large lines
  };
  Status RunLine(const IngestOptions& options, const RawLine& raw, PreviewedTenant* tenant,
                 LineResult* result);
  Status Find(const std::string& name, PreviewedTenant** tenant);
  Status Load(PreviewedTenant* tenant);
  Status CheckBalance(const CheckedLine& line, PreviewedTenant* tenant, Decision* decision);

  LiveView* const view_;
  const uint64_t items_max_;
  uint64_t items_ = 0;
  bool counted_ = false;
  std::map<std::string, std::unique_ptr<PreviewedTenant>> tenants_;
};

}  // namespace tallystone
