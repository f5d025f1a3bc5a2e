#include "tallystone/status.h"

namespace tallystone {

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "OK";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kConflict:
      return "conflict";
    case StatusCode::kRejected:
      return "rejected";
    case StatusCode::kBusy:
      return "busy";
    case StatusCode::kTryAgain:
      return "try again";
    case StatusCode::kUnavailable:
      return "unavailable";
    case StatusCode::kIoError:
      return "I/O error";
    case StatusCode::kNoSpace:
      return "no space";
    case StatusCode::kCorruption:
      return "corruption";
    case StatusCode::kFormatMismatch:
      return "format mismatch";
    case StatusCode::kFenced:
      return "fenced";
    case StatusCode::kInterrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string Status::ToString() const {
  std::string text(StatusCodeName(code_));
  if (!ok() && !message_.empty()) {
    text += ": ";
    text += message_;
  }
  return text;
}

}  // namespace tallystone
