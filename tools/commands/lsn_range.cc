#include "commands/lsn_range.h"

#include <charconv>
#include <ctime>
#include <optional>

namespace tallystone::tool {
namespace {

constexpr uint64_t kSecond = 1'000'000;  // microseconds

// An LSN; nothing if the text is none.
std::optional<uint64_t> ParseLsn(std::string_view text) {
  uint64_t lsn = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), lsn);
  if (error != std::errc() || end != text.data() + text.size() || lsn == 0) {
    return std::nullopt;
  }
  return lsn;
}

// The first and last microsecond of a day or a second; false if the text is neither.
bool ParseMoment(const std::string& text, uint64_t* first, uint64_t* last) {
  for (const bool day : {true, false}) {
    struct tm parts = {};
    const char* end = strptime(text.c_str(), day ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", &parts);
    if (end == nullptr) {
      continue;
    }
    if (!day && *end == 'Z') {
      ++end;
    }
    struct tm normal = parts;
    const time_t seconds = timegm(&normal);
    // strptime takes the 31st of every month.
    if (*end != '\0' || seconds < 0 || normal.tm_mday != parts.tm_mday) {
      continue;
    }
    *first = static_cast<uint64_t>(seconds) * kSecond;
    *last = *first + (day ? 86'400 : 1) * kSecond - 1;
    return true;
  }
  return false;
}

std::string CheckEnd(const std::string& text) {
  uint64_t first = 0;
  uint64_t last = 0;
  if (ParseLsn(text) || ParseMoment(text, &first, &last)) {
    return {};
  }
  return "expected an LSN (1 or more), YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, not " + text;
}

}  // namespace

Status LsnRange::Resolve(Inspector* inspector, Filter* filter) const {
  if (!given()) {
    return Status::Ok();
  }
  uint64_t begin = 1;
  uint64_t end = inspector->as_of_lsn();
  uint64_t first = 0;
  uint64_t last = 0;
  if (const auto lsn = ParseLsn(from)) {
    begin = *lsn;
  } else if (ParseMoment(from, &first, &last)) {
    if (Status s = inspector->FindLsn(first, &begin); !s.ok()) {
      return s;
    }
  }
  if (const auto lsn = ParseLsn(to)) {
    end = *lsn;
  } else if (ParseMoment(to, &first, &last)) {
    if (Status s = inspector->FindLsn(last + 1, &end); !s.ok()) {
      return s;
    }
    --end;
  }
  const auto from_lsn = ParseLsn(from);
  const auto to_lsn = ParseLsn(to);
  uint64_t from_time = 0;
  uint64_t to_time = 0;
  if ((from_lsn && to_lsn && *from_lsn > *to_lsn) ||
      (!from_lsn && !to_lsn && ParseMoment(from, &from_time, &last) &&
       ParseMoment(to, &first, &to_time) && from_time > to_time)) {
    return Status::InvalidArgument("--from " + from + " is behind --to " + to +
                                   ": there is nothing in between");
  }
  const bool empty = begin > end;
  filter->first_lsn = empty ? UINT64_MAX : begin;
  filter->last_lsn = empty ? UINT64_MAX : end;
  return Status::Ok();
}

void AddRangeOptions(CLI::App* command, const std::string& what, LsnRange* range) {
  command
      ->add_option("--from", range->from,
                   what + " from this LSN, day or second of acceptance (UTC) on")
      ->type_name("LSN|TIME")
      ->check(CheckEnd);
  command->add_option("--to", range->to, what + " up to this LSN, day or second, itself included")
      ->type_name("LSN|TIME")
      ->check(CheckEnd);
}

}  // namespace tallystone::tool
