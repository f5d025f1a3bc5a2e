#include "store/rocks/status_map.h"

#include <cerrno>
#include <string>
#include <system_error>

#include <rocksdb/status.h>

namespace tallystone::rocks {
namespace {

bool Mentions(const rocksdb::Status& status, std::string_view words) {
  const char* state = status.getState();
  return state != nullptr && std::string_view(state).find(words) != std::string_view::npos;
}

bool MentionsError(const rocksdb::Status& status, int error) {
  return Mentions(status, std::generic_category().message(error));
}

// RocksDB knows ENOSPC; a full quota and a file at its size limit help themselves the same way.
bool IsNoSpace(const rocksdb::Status& status) {
  return status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit ||
         (status.IsIOError() && (MentionsError(status, EDQUOT) || MentionsError(status, EFBIG) ||
                                 MentionsError(status, ENOSPC)));
}

bool IsTransient(const rocksdb::Status& status) {
  return status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() || status.IsAborted() ||
         status.IsIncomplete() ||
         (status.IsCorruption() && Mentions(status, "ProtectionInfo mismatch"));
}

StatusCode CodeOf(const rocksdb::Status& status) {
  if (status.ok()) {
    return StatusCode::kOk;
  }
  if (status.IsNotFound()) {
    return StatusCode::kNotFound;
  }
  if (IsTransient(status)) {
    return StatusCode::kTryAgain;
  }
  if (IsNoSpace(status)) {
    return StatusCode::kNoSpace;
  }
  if (status.IsIOError()) {
    return StatusCode::kIoError;
  }
  if (status.IsCorruption()) {
    return StatusCode::kCorruption;
  }
  if (status.IsShutdownInProgress()) {
    return StatusCode::kUnavailable;
  }
  return StatusCode::kRejected;
}

bool IsLockHeld(const rocksdb::Status& status) {
  return status.IsIOError() && (Mentions(status, "lock hold by current process") ||
                                (Mentions(status, "lock file") &&
                                 (MentionsError(status, EAGAIN) || MentionsError(status, EACCES))));
}

Status Make(StatusCode code, const rocksdb::Status& status, std::string_view doing) {
  if (code == StatusCode::kOk) {
    return Status::Ok();
  }
  return {code, std::string(doing) + ": " + status.ToString()};
}

}  // namespace

Status MapStatus(const rocksdb::Status& status, std::string_view doing) {
  return Make(CodeOf(status), status, doing);
}

Status MapOpenStatus(const rocksdb::Status& status, std::string_view doing) {
  StatusCode code = CodeOf(status);
  if (IsLockHeld(status)) {
    code = StatusCode::kBusy;
  } else if (code == StatusCode::kRejected) {
    code = StatusCode::kIoError;
  }
  return Make(code, status, doing);
}

Status MapReadOnlyStatus(const rocksdb::Status& status, std::string_view doing) {
  if (status.IsPathNotFound() || (status.IsIOError() && MentionsError(status, ENOENT)) ||
      (status.IsCorruption() && MentionsError(status, ENOENT))) {
    return Make(StatusCode::kTryAgain, status, doing);
  }
  return MapOpenStatus(status, doing);
}

}  // namespace tallystone::rocks
