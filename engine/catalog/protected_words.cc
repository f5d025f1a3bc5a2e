#include "catalog/protected_words.h"

#include <algorithm>
#include <iterator>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/check.h"
#include "catalog/protected_words_text.h"

namespace tallystone {
namespace {

struct WordHash {
  using is_avalanching = void;
  size_t operator()(std::string_view word) const { return XXH3_64bits(word.data(), word.size()); }
};
using Words = boost::unordered_flat_map<std::string_view, WordClass, WordHash>;

// By value of WordClass.
constexpr std::string_view kNames[] = {"none", "without",  "relation", "number",  "unit",  "sex",
                                       "side", "polarity", "colour",   "size",    "level", "pack",
                                       "form", "edition",  "material", "flavour", "time"};
static_assert(std::size(kNames) == static_cast<size_t>(WordClass::kTime) + 1);

WordClass ClassNamed(std::string_view name) {
  for (size_t value = 1; value < std::size(kNames); ++value) {
    if (kNames[value] == name) {
      return static_cast<WordClass>(value);
    }
  }
  TS_CHECK(false);  // the lists are ours
  return WordClass::kNone;
}

// One line of a list: "class: word word ...", a comment or nothing.
void TakeLine(std::string_view line, Words* words) {
  const size_t colon = line.find(':');
  if (line.empty() || line.front() == '#' || colon == std::string_view::npos) {
    return;
  }
  const WordClass word_class = ClassNamed(line.substr(0, colon));
  line.remove_prefix(colon + 1);
  while (!line.empty()) {
    const size_t end = std::min(line.find(' '), line.size());
    if (end > 0) {
      WordClass& known = words->try_emplace(line.substr(0, end), word_class).first->second;
      known = std::min(known, word_class);
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

Words ReadLists() {
  Words words;
  for (std::string_view list : kProtectedWordsTexts) {
    while (!list.empty()) {
      const size_t end = std::min(list.find('\n'), list.size());
      TakeLine(list.substr(0, end), &words);
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  }
  return words;
}

}  // namespace

WordClass ClassOfWord(std::string_view token) {
  static const Words words = ReadLists();
  const auto found = words.find(token);
  return found == words.end() ? WordClass::kNone : found->second;
}

}  // namespace tallystone
