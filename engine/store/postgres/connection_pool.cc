#include "store/postgres/connection_pool.h"

namespace tallystone::postgres {

Status ConnectionPool::Take(std::unique_ptr<Connection>* connection) {
  {
    const MutexLock lock(&mutex_);
    if (closed_) {
      return Status::Unavailable("the store is closed");
    }
    if (!kept_.empty()) {
      *connection = std::move(kept_.back());
      kept_.pop_back();
      return Status::Ok();
    }
  }
  return Connection::Open(options_, connection);
}

Status ConnectionPool::TakeNew(std::unique_ptr<Connection>* connection) {
  std::vector<std::unique_ptr<Connection>> dropped;
  {
    const MutexLock lock(&mutex_);
    if (closed_) {
      return Status::Unavailable("the store is closed");
    }
    dropped.swap(kept_);
  }
  return Connection::Open(options_, connection);
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  if (connection == nullptr || !connection->idle()) {
    return;
  }
  const MutexLock lock(&mutex_);
  if (!closed_ && kept_.size() < kKeptMax) {
    kept_.push_back(std::move(connection));
  }
}

void ConnectionPool::Close() {
  std::vector<std::unique_ptr<Connection>> dropped;
  const MutexLock lock(&mutex_);
  closed_ = true;
  dropped.swap(kept_);
}

}  // namespace tallystone::postgres
