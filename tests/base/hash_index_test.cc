// HashIndex against a map: hashes that collide, entries that go, growth.
#include "base/hash_index.h"

#include <map>

#include <gtest/gtest.h>

#include "model/random_source.h"

namespace tallystone {
namespace {

TEST(HashIndexTest, AgreesWithAMapWhateverCollides) {
  test::RandomSource random(test::TestSeed());
  for (const uint32_t hashes : {1u, 7u, 1000u, 4'000'000'000u}) {
    HashIndex index;
    std::map<uint32_t, uint32_t> hash_of;  // by number
    for (int step = 0; step < 3000; ++step) {
      if (hash_of.empty() || !random.OneIn(3)) {
        const auto number = static_cast<uint32_t>(step + 1);
        hash_of[number] = static_cast<uint32_t>(random.Below(hashes)) * 0x9e3779b1u;
        index.Insert(hash_of[number], number);
      } else {
        auto gone = hash_of.lower_bound(static_cast<uint32_t>(random.Below(step) + 1));
        gone = gone == hash_of.end() ? hash_of.begin() : gone;
        index.Erase(gone->second, gone->first);
        hash_of.erase(gone);
      }
      if (step % 50 != 0) {
        continue;
      }
      for (const auto& [number, hash] : hash_of) {
        const uint32_t wanted = number;
        ASSERT_EQ(index.Find(hash, [&](uint32_t found) { return found == wanted; }), number);
      }
      ASSERT_EQ(index.Find(12345, [](uint32_t) { return false; }), 0u);
    }
  }
}

TEST(HashIndexTest, EmptyFindsNothing) {
  const HashIndex index;
  index.Prefetch(1);
  EXPECT_EQ(index.Find(1, [](uint32_t) { return true; }), 0u);
}

}  // namespace
}  // namespace tallystone
