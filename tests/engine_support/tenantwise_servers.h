// Engines on stores in memory whose transactions do not cross tenants, as those of servers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "inspect/verify.h"
#include "store_support/tenantwise_store.h"
#include "support/status_matchers.h"

namespace tallystone::testing {

using Cut = TenantwiseStore::Cut;
using Disks = std::vector<std::shared_ptr<TenantwiseDisk>>;

inline Disks MakeDisks(size_t count) {
  Disks disks;
  for (size_t index = 0; index < count; ++index) {
    disks.push_back(std::make_shared<TenantwiseDisk>());
    disks.back()->server_id = "server " + std::to_string(index);
  }
  return disks;
}

// Opens an engine on all disks; prepare(index, store) before it sees them.
template <typename Prepare>
Status OpenOn(const Disks& disks, const EngineDirectory& directory, const Prepare& prepare,
              std::unique_ptr<Engine>* engine) {
  Options options = QuietOptions();
  options.store_retry_delay_ms = 0;
  Parts parts;
  for (size_t index = 0; index < disks.size(); ++index) {
    auto store = std::make_unique<TenantwiseStore>(disks[index]);
    prepare(index, store.get());
    parts.servers.emplace_back("s" + std::to_string(index), std::move(store));
  }
  return EngineImpl::OpenWith(options, directory.database(), std::move(parts), engine);
}

inline std::string TenantName(size_t index) {
  return "tenant " + std::to_string(index);
}

// Three lines: items "A", "B" and "C" are items 1, 2 and 3 of each tenant.
inline Batch Lines(const std::string& tenant, const std::string& id) {
  Batch batch(tenant, id);
  for (const char* code : {"A", "B", "C"}) {
    batch.Add({.code = code, .quantity = Decimal::FromUnits(5'000'000), .unit_cost = {}});
  }
  return batch;
}

inline void ExpectSound(const Disks& disks) {
  std::vector<std::unique_ptr<StoreView>> stores;
  for (const auto& disk : disks) {
    ASSERT_OK(TenantwiseStore(disk).NewView(&stores.emplace_back()));
  }
  std::unique_ptr<LiveView> view;
  ASSERT_OK(LiveView::Make(std::move(stores), {}, &view));
  VerifyReport report;
  ASSERT_OK(VerifyView(view.get(), nullptr, &report));
  EXPECT_TRUE(report.sound) << report.findings.front().what;
}

}  // namespace tallystone::testing
