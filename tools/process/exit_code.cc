#include "process/exit_code.h"

#include <cstdio>
#include <string>

#include "output/progress.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {

ExitCode ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return kExitOk;
    case StatusCode::kNotFound:
      return kExitNotFound;
    case StatusCode::kInvalidArgument:
      return kExitUsage;
    case StatusCode::kConflict:
    case StatusCode::kRejected:
      return kExitInput;
    case StatusCode::kBusy:
      return kExitLocked;
    case StatusCode::kTryAgain:
    case StatusCode::kUnavailable:
    case StatusCode::kIoError:
    case StatusCode::kNoSpace:
      return kExitIo;
    case StatusCode::kCorruption:
      return kExitCorruption;
    case StatusCode::kFormatMismatch:
      return kExitFormat;
    case StatusCode::kFenced:
      return kExitFenced;
    case StatusCode::kInterrupted:
      return kExitInterrupted;
  }
  return kExitIo;
}

void PrintMessage(std::string_view message) {
  const std::string text = "tallystone: " + PlainText(message) + "\n";
  WipeProgress();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

bool EndedByInterrupt(const Status& status) {
  return Interrupted() && (status.Is(StatusCode::kUnavailable) || status.Is(StatusCode::kTryAgain));
}

ExitCode Fail(const Status& status) {
  PrintMessage(status.message().empty() ? StatusCodeName(status.code()) : status.message());
  return EndedByInterrupt(status) ? kExitInterrupted : ExitCodeOf(status);
}

}  // namespace tallystone::tool
