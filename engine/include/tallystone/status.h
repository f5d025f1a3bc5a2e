// Status: what became of a call to the engine.
//
// Three kinds of trouble are never mixed: an Outcome (outcome.h) says what became of one line, a
// Status says that the world failed or that the call was wrong, and a failed check of our own code
// (base/check.h) says that Tallystone itself is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tallystone {

// Each code tells the caller what to do next. Values are part of the API and are never reused.
enum class StatusCode : uint8_t {
  kOk = 0,
  kNotFound = 1,         // what was asked for is not there; not a fault
  kInvalidArgument = 2,  // the call is wrong; mend it, do not repeat it
  kConflict = 3,         // same batch id, other content; nothing was changed; use another id
  kRejected = 4,  // refused because of the data (policy, a store that refuses a key); mend the data
  kBusy = 5,      // someone else holds it (database lock, batch being written); later
  kTryAgain = 6,  // transient; the same call may succeed when repeated
  kUnavailable =
      7,         // the engine stopped accepting; the message names the cause; repair, then reopen
  kIoError = 8,  // a file could not be read or written; repair, then repeat or reopen
  kNoSpace = 9,  // the device is full; free space, then repeat or reopen
  kCorruption = 10,  // bytes that cannot be trusted; see docs/operations.md, `tallystone verify`
  kFormatMismatch = 11,  // written by another format or version of Tallystone
  kFenced = 12,          // another writer took over; stop
  kInterrupted = 13,     // ended early because the caller asked for it; resumable
};

// The standard name of a code, for example "not found".
std::string_view StatusCodeName(StatusCode code);

// A value; cheap when OK. Safe to copy; a const Status may be read from many threads.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }
  static Status NotFound(std::string message) {
    return {StatusCode::kNotFound, std::move(message)};
  }
  static Status InvalidArgument(std::string message) {
    return {StatusCode::kInvalidArgument, std::move(message)};
  }
  static Status Conflict(std::string message) {
    return {StatusCode::kConflict, std::move(message)};
  }
  static Status Rejected(std::string message) {
    return {StatusCode::kRejected, std::move(message)};
  }
  static Status Busy(std::string message) { return {StatusCode::kBusy, std::move(message)}; }
  static Status TryAgain(std::string message) {
    return {StatusCode::kTryAgain, std::move(message)};
  }
  static Status Unavailable(std::string message) {
    return {StatusCode::kUnavailable, std::move(message)};
  }
  static Status IoError(std::string message) { return {StatusCode::kIoError, std::move(message)}; }
  static Status NoSpace(std::string message) { return {StatusCode::kNoSpace, std::move(message)}; }
  static Status Corruption(std::string message) {
    return {StatusCode::kCorruption, std::move(message)};
  }
  static Status FormatMismatch(std::string message) {
    return {StatusCode::kFormatMismatch, std::move(message)};
  }
  static Status Fenced(std::string message) { return {StatusCode::kFenced, std::move(message)}; }
  static Status Interrupted(std::string message) {
    return {StatusCode::kInterrupted, std::move(message)};
  }

  [[nodiscard]] bool ok() const { return code_ == StatusCode::kOk; }
  [[nodiscard]] StatusCode code() const { return code_; }
  [[nodiscard]] bool Is(StatusCode code) const { return code_ == code; }
  [[nodiscard]] bool IsNotFound() const { return code_ == StatusCode::kNotFound; }

  // What happened, where, and what to do; empty when OK.
  [[nodiscard]] const std::string& message() const { return message_; }

  // "OK", or "corruption: log/0000000002.log at byte 8192: ...".
  [[nodiscard]] std::string ToString() const;

  // Says that this Status is deliberately not looked at. The only way to drop one; can be searched
  // for.
  void PermitUnchecked() const {}

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

}  // namespace tallystone
