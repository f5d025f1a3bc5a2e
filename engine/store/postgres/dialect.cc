#include "store/postgres/dialect.h"

#include <iterator>

#include "base/check.h"

namespace tallystone::postgres {
namespace {

constexpr size_t kParametersMax = 65'535;  // the protocol counts them in 16 bits

// `unnest` and COPY are not used where they were not tried.
// clang-format off
constexpr DialectTraits kTraits[] = {
    //                        name           unnest parameters      rows    window  copy from  C  fill ext comm distr plan trans sizes
    {Dialect::kPostgresql, "postgresql",  true,  kParametersMax, 16'384, 262'144, 32'768, true, true, true, true, false, true, true, true},
    {Dialect::kCitus,      "citus",       true,  kParametersMax, 16'384, 262'144,      0, true, true, true, true, true, true, true, false},
    {Dialect::kCockroach,  "cockroachdb", false, kParametersMax,  1'000,  16'384,      0, false, false, false, true, false, false, false, false},
    {Dialect::kYugabyte,   "yugabytedb",  true,  kParametersMax,  4'096,  65'536,      0, true, false, false, true, false, false, false, false},
};
// clang-format on

bool Mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

}  // namespace

const DialectTraits& TraitsOf(Dialect dialect) {
  const size_t index = static_cast<size_t>(dialect) - 1;
  TS_CHECK(index < std::size(kTraits) && kTraits[index].dialect == dialect);
  return kTraits[index];
}

Dialect DialectOfServer(std::string_view version, bool has_citus) {
  if (Mentions(version, "CockroachDB")) {
    return Dialect::kCockroach;
  }
  if (Mentions(version, "-YB-") || Mentions(version, "Yugabyte")) {
    return Dialect::kYugabyte;
  }
  return has_citus ? Dialect::kCitus : Dialect::kPostgresql;
}

}  // namespace tallystone::postgres
