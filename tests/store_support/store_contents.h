// Everything a store shows, as one value that can be compared.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "store/memory/memory_store.h"
#include "store/store.h"

namespace tallystone::testing {

template <typename Record, typename Use>
Status ForEach(std::unique_ptr<Cursor<Record>> cursor, const Use& use) {
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    use(cursor->value());
  }
  return cursor->status();
}

inline Status ReadContents(StoreView* view, MemoryState* state) {
  *state = {};
  Marker marker;
  Status status = view->ReadMarker(&marker);
  if (status.ok()) {
    state->marker = marker;
  } else if (!status.IsNotFound()) {
    return status;
  }
  const auto keep = [&](Status next) {
    if (status.ok() || status.IsNotFound()) {
      status = std::move(next);
    }
  };
  keep(ForEach(view->Balances({}), [&](const auto& entry) { state->balances.insert(entry); }));
  keep(ForEach(view->Blocks(0),
               [&](const StoredBlock& block) { state->blocks[block.lsn] = block; }));
  keep(ForEach(view->Batches({}), [&](const auto& entry) { state->batches.insert(entry); }));
  keep(ForEach(view->DeadLetters({}),
               [&](const auto& entry) { state->dead_letters.insert(entry); }));
  keep(ForEach(view->Tenants(), [&](const auto& entry) { state->tenants.insert(entry); }));
  keep(ForEach(view->Items({}), [&](const auto& entry) { state->items.insert(entry); }));
  keep(ForEach(view->Records(0), [&](const auto& entry) { state->records.insert(entry); }));
  keep(ForEach(view->Aliases(0), [&](const auto& entry) { state->aliases.insert(entry); }));
  for (const auto& [key, sum] : state->balances) {
    std::vector<Posting> postings;
    keep(view->GetPostings(key, &postings));
    if (!postings.empty()) {
      state->postings[key] = std::move(postings);
    }
  }
  return status;
}

inline Status ReadContents(Store* store, MemoryState* state) {
  std::unique_ptr<StoreView> view;
  Status status = store->NewView(&view);
  return status.ok() ? ReadContents(view.get(), state) : status;
}

// "" if equal, else the first part that differs.
inline std::string Difference(const MemoryState& left, const MemoryState& right) {
  const auto same_block = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.lsn == b.second.lsn &&
           a.second.payload == b.second.payload && a.second.rejected == b.second.rejected;
  };
  if (left.marker != right.marker) {
    return "marker";
  }
  if (left.balances != right.balances) {
    return "balances";
  }
  if (!std::equal(left.blocks.begin(), left.blocks.end(), right.blocks.begin(), right.blocks.end(),
                  same_block)) {
    return "blocks";
  }
  if (left.postings != right.postings) {
    return "postings";
  }
  if (left.batches != right.batches) {
    return "batches";
  }
  if (left.dead_letters != right.dead_letters) {
    return "dead letters";
  }
  if (left.tenants != right.tenants) {
    return "tenants";
  }
  if (left.items != right.items) {
    return "items";
  }
  if (left.records != right.records) {
    return "records";
  }
  return left.aliases == right.aliases ? "" : "aliases";
}

// The same of two stores; a store that cannot be read differs.
inline std::string Difference(Store* left, Store* right) {
  MemoryState of_left, of_right;
  for (const auto& [store, state] : {std::pair{left, &of_left}, std::pair{right, &of_right}}) {
    const Status status = ReadContents(store, state);
    if (!status.ok()) {
      return status.ToString();
    }
  }
  return Difference(of_left, of_right);
}

}  // namespace tallystone::testing
