// A view of a MemoryState that nobody changes any more.
#pragma once

#include <memory>

#include "store/memory/memory_store.h"

namespace tallystone {

std::unique_ptr<StoreView> NewMemoryView(std::shared_ptr<const MemoryState> state);

}  // namespace tallystone
