#include "import/open_batches.h"

#include <xxhash.h>

namespace tallystone::tool {
namespace {

// Stands for a name of any length; 128 bits do not collide by chance.
std::string HashOf(std::string_view key) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(key.data(), key.size()));
  return {reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest)};
}

}  // namespace

// Neither name has control characters, so a NUL between them keeps them apart.
std::string_view OpenBatches::Key(std::string_view tenant, std::string_view batch) {
  key_.assign(tenant).push_back('\0');
  key_.append(batch);
  return key_;
}

OpenBatch* OpenBatches::Use(std::string_view tenant, std::string_view batch) {
  Key(tenant, batch);
  const auto known = by_name_.find(key_);
  if (known != by_name_.end()) {
    batches_.splice(batches_.end(), batches_, known->second);
    return &*known->second;
  }
  if (!closed_.empty() && closed_.count(HashOf(key_)) > 0) {
    return nullptr;
  }
  OpenBatch& opened = batches_.emplace_back();
  opened.tenant = tenant;
  opened.batch = batch;
  by_name_.emplace(key_, std::prev(batches_.end()));
  return &opened;
}

bool OpenBatches::FirstTimeMissed(std::string_view tenant, std::string_view batch) {
  return !std::exchange(closed_[HashOf(Key(tenant, batch))], true);
}

OpenBatch* OpenBatches::NextToClose(bool all) {
  const bool needed = all ? !batches_.empty() : batches_.size() > open_max_;
  return needed ? &batches_.front() : nullptr;
}

void OpenBatches::Close() {
  const OpenBatch& oldest = batches_.front();
  Key(oldest.tenant, oldest.batch);
  by_name_.erase(key_);
  closed_.emplace(HashOf(key_), false);
  batches_.pop_front();
}

}  // namespace tallystone::tool
