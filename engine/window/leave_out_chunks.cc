#include "window/leave_out_chunks.h"

#include <utility>

#include "model/chunk.h"

namespace tallystone {
namespace {

template <typename LeaveOut>
Status LeaveOutIf(const LeaveOut& leave_out, std::vector<LoggedChunk>* chunks) {
  auto kept = chunks->begin();
  for (LoggedChunk& chunk : *chunks) {
    ChunkHeader header;
    Status status = DecodeChunkHeader(*chunk.payload, &header);
    if (!status.ok()) {
      return {status.code(), "chunk at LSN " + std::to_string(chunk.lsn) + ": " + status.message()};
    }
    if (leave_out(header.tenant, chunk.lsn)) {
      continue;
    }
    if (&*kept != &chunk) {
      *kept = std::move(chunk);
    }
    ++kept;
  }
  chunks->erase(kept, chunks->end());
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
