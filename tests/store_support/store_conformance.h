// StoreTest: the fixture of the tests that every store must pass (store/store_test.cc). A program
// that has the tests says which stores it runs them on: INSTANTIATE_TEST_SUITE_P(.., StoreTest,
// ..).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"
#include "store/store.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"
#include "support/status_matchers.h"

namespace tallystone::testing {

// Where a store of a test is kept, until the test ends.
class StoreHome {
 public:
  virtual ~StoreHome() = default;
  // Opens it; makes it the first time. The one before is gone, as after a crash.
  virtual Status Open(std::unique_ptr<Store>* store) = 0;
};

struct StoreKind {
  const char* name;
  bool ingests;  // large windows as sorted files
  std::function<std::unique_ptr<StoreHome>()> make_home;
};

class StoreTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    home_ = GetParam().make_home();
    Reopen();
    ASSERT_NE(nullptr, store_);
    ASSERT_OK(store_->Initialise(WindowMaker::EmptyMarker()));
  }

  // As after a crash: the store goes without Close.
  void Reopen() {
    store_.reset();
    ASSERT_OK(home_->Open(&store_));
  }

  void ApplyTo(Store* store, const WindowMaker& maker, uint64_t number) {
    ASSERT_OK(store->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
  }
  void ApplyBoth(const WindowMaker& maker, uint64_t number) {
    ApplyTo(store_.get(), maker, number);
    ApplyTo(&oracle_, maker, number);
  }
  // The contents of the oracle, and of the store after a reopen.
  void ExpectLikeOracle() {
    EXPECT_EQ("", Difference(store_.get(), &oracle_));
    Reopen();
    EXPECT_EQ("", Difference(store_.get(), &oracle_));
  }

  std::unique_ptr<StoreHome> home_;
  std::unique_ptr<Store> store_;
  MemoryStore oracle_;
};

}  // namespace tallystone::testing
