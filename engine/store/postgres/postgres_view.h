// The view of a moment: a read-only transaction that is open as long as the view and its cursors.
#pragma once

#include <memory>

#include "store/postgres/connection_pool.h"
#include "store/store.h"

namespace tallystone::postgres {

// On error *view is null.
Status NewPostgresView(std::shared_ptr<ConnectionPool> pool, std::unique_ptr<StoreView>* view);

}  // namespace tallystone::postgres
