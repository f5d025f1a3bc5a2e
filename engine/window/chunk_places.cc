#include "window/chunk_places.h"

#include "model/chunk.h"

namespace tallystone {
namespace {

template <typename LeaveOut>
Status LeaveOutIf(const LeaveOut& leave_out, std::vector<LoggedChunk>* chunks) {
  for (LoggedChunk& chunk : *chunks) {
    if (chunk.payload == nullptr) {
      continue;
    }
    ChunkHeader header;
    Status status = DecodeChunkHeader(*chunk.payload, &header);
    if (!status.ok()) {
      return {status.code(), "chunk at LSN " + std::to_string(chunk.lsn) + ": " + status.message()};
    }
    if (leave_out(header.tenant, chunk.lsn)) {
      chunk.payload = nullptr;
    }
  }
  return Status::Ok();
}

}  // namespace

Status LeaveOutTenants(const std::function<bool(TenantId)>& leave_out,
                       std::vector<LoggedChunk>* chunks) {
  return LeaveOutIf([&](TenantId tenant, Lsn) { return leave_out(tenant); }, chunks);
}

Status LeaveOutApplied(const std::map<TenantId, Lsn>& ahead, std::vector<LoggedChunk>* chunks) {
  if (ahead.empty()) {
    return Status::Ok();
  }
  return LeaveOutIf(
      [&](TenantId tenant, Lsn lsn) {
        const auto found = ahead.find(tenant);
        return found != ahead.end() && lsn <= found->second;
      },
      chunks);
}

}  // namespace tallystone
