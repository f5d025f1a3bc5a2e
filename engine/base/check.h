// TS_CHECK: a check of our own code, in every build. Never for data or for the world (those are an
// Outcome or a Status): if one fails, Tallystone has a bug, and going on could book wrong numbers.
#pragma once

namespace tallystone {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace tallystone

#define TS_CHECK(condition)                                      \
  do {                                                           \
    if (!(condition)) [[unlikely]] {                             \
      ::tallystone::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                            \
  } while (false)

// Returns from the function if `expression` is not OK. The name is unique, for uses inside each
// other.
#define TS_RETURN_IF_ERROR(expression) TS_RETURN_IF_ERROR_AS(expression, __COUNTER__)
#define TS_RETURN_IF_ERROR_AS(expression, number) TS_RETURN_IF_ERROR_IN(expression, number)
#define TS_RETURN_IF_ERROR_IN(expression, number)           \
  do {                                                      \
    ::tallystone::Status ts_status_##number = (expression); \
    if (!ts_status_##number.ok()) {                         \
      return ts_status_##number;                            \
    }                                                       \
  } while (false)
