// ConnectionPool: connections for reads, kept while they are good.
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "store/postgres/connection.h"

namespace tallystone::postgres {

// Thread-safe.
class ConnectionPool {
 public:
  explicit ConnectionPool(ConnectionOptions options) : options_(std::move(options)) {}

  // A connection that nobody else uses, maybe one that was lost meanwhile without our knowledge.
  // kUnavailable: the pool is closed, or nobody answers.
  Status Take(std::unique_ptr<Connection>* connection);
  // A new one; those that are kept are dropped: after a loss, they are most likely lost too.
  Status TakeNew(std::unique_ptr<Connection>* connection);
  // Keeps it if it is idle.
  void Return(std::unique_ptr<Connection> connection);
  void Close();

  // Runs use(connection), which returns a Status, on a connection of the pool; once more on a new
  // one if that was lost.
  template <typename Use>
  Status With(const Use& use);

 private:
  static constexpr size_t kKeptMax = 4;

  const ConnectionOptions options_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> kept_ TS_GUARDED_BY(mutex_);
  bool closed_ TS_GUARDED_BY(mutex_) = false;
};

template <typename Use>
Status ConnectionPool::With(const Use& use) {
  std::unique_ptr<Connection> connection;
  Status status = Take(&connection);
  if (status.ok()) {
    status = use(connection.get());
  }
  if (connection != nullptr && connection->lost()) {
    status = TakeNew(&connection);
    if (status.ok()) {
      status = use(connection.get());
    }
  }
  Return(std::move(connection));
  return status;
}

}  // namespace tallystone::postgres
