// What is read of the store before or without a lock must not outlive a drain.
#include <gtest/gtest.h>

#include "ingest/balance_cache.h"
#include "ingest/lane.h"
#include "ingest/tenants.h"
#include "store/memory/memory_store.h"

namespace tallystone {
namespace {

TEST(TenantTest, ABatchThatWasDrainedAndForgottenAfterTheLookAheadIsFound) {
  Lane lane;
  lane.store = std::make_unique<MemoryStore>();
  Store& store = *lane.store;
  ASSERT_TRUE(store.Initialise({}).ok());
  Tenants tenants(10, [&](std::string_view) { return &lane; });
  Tenant* tenant = tenants.FindOrCreate("acme");
  const StoredBatch ahead = tenant->ReadBatch("b");
  EXPECT_TRUE(ahead.status.IsNotFound());

  // Meanwhile another caller appends the batch, and it is drained.
  BatchState* state = nullptr;
  ASSERT_TRUE(tenant->FindBatch("b", &state).ok());
  state->sum.lines = state->sum.accepted = 3;
  state->sum.first_lsn = state->sum.last_lsn = state->record_lsn = 1;
  SortedWindow window;
  window.first = window.last = 1;
  window.batches.push_back({{tenant->id, "b"}, state->sum});
  Marker marker;
  marker.applied = 1;
  ASSERT_TRUE(store.Apply(window, marker, nullptr).ok());
  tenants.ForgetBatches(&lane, 1);

  ASSERT_TRUE(tenant->FindBatch("b", &state, &ahead).ok());
  EXPECT_EQ(3u, state->sum.lines);  // not an empty batch, which would book its lines again (L2)
}

TEST(BalanceCacheTest, NothingThatWasReadBeforeADrainIsGivenAfterIt) {
  BalanceCache cache;
  const StockKey key{1, 2};
  BalanceSum sum, read;
  sum.lines = 5;
  uint64_t before = 0, after = 0;
  EXPECT_FALSE(cache.Get(key, &read, &before));
  cache.Put(key, sum, before);
  ASSERT_TRUE(cache.Get(key, &read, &before));
  EXPECT_EQ(5u, read.lines);
  EXPECT_FALSE(cache.Get({2, 2}, &read, &before));

  cache.Forget();
  EXPECT_FALSE(cache.Get(key, &read, &after));
  cache.Put(key, sum, before);  // by a reader that was slow
  EXPECT_FALSE(cache.Get(key, &read, &after));
}

}  // namespace
}  // namespace tallystone
