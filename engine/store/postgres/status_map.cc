#include "store/postgres/status_map.h"

#include <algorithm>
#include <iterator>

namespace tallystone::postgres {
namespace {

struct Rule {
  std::string_view prefix;  // of the SQLSTATE
  StatusCode code;
};

// The first that fits counts.
constexpr Rule kRules[] = {
    {"40", StatusCode::kTryAgain},       {"55P03", StatusCode::kTryAgain},
    {"25P03", StatusCode::kTryAgain},    {"57014", StatusCode::kTryAgain},
    {"53100", StatusCode::kNoSpace},     {"42501", StatusCode::kUnavailable},
    {"42", StatusCode::kFormatMismatch}, {"3F", StatusCode::kFormatMismatch},
    {"22", StatusCode::kRejected},       {"23", StatusCode::kRejected},
    {"44", StatusCode::kRejected},       {"54", StatusCode::kRejected},
    {"P0001", StatusCode::kRejected},
};

}  // namespace

StatusCode CodeOfSqlState(std::string_view state) {
  const auto* rule = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& known) {
    return state.substr(0, known.prefix.size()) == known.prefix;
  });
  return rule == std::end(kRules) ? StatusCode::kUnavailable : rule->code;
}

Status MapSqlError(const SqlError& error, std::string_view doing) {
  const StatusCode code = CodeOfSqlState(error.state);
  std::string words = doing.empty() ? error.message : std::string(doing) + ": " + error.message;
  if (!error.detail.empty() && code != StatusCode::kRejected) {
    words += " (" + error.detail + ")";
  }
  words += " [";
  if (!error.constraint.empty()) {
    words += "constraint " + error.constraint + " of " + error.table + ", ";
  } else if (!error.function.empty()) {
    words += error.function + ", ";
  }
  return {code, words + "SQLSTATE " + error.state + "]"};
}

Status MapReadError(const SqlError& error, std::string_view doing) {
  Status status = MapSqlError(error, doing);
  return status.Is(StatusCode::kRejected) ? Status::Unavailable(status.message()) : status;
}

bool EndsConnection(std::string_view state) {
  return state == "25006" || state == "25P03" || state.substr(0, 2) == "08" ||
         state.substr(0, 3) == "57P";
}

}  // namespace tallystone::postgres
