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
struct Protected {
  WordClass word_class = WordClass::kNone;
  Languages languages = 0;
};
using Words = boost::unordered_flat_map<std::string_view, Protected, WordHash>;

// By value of WordClass.
constexpr std::string_view kNames[] = {"",     "without",  "relation", "number",  "unit",  "sex",
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
void TakeLine(std::string_view line, Languages language, Words* words) {
  const size_t colon = line.find(':');
  if (line.empty() || line.front() == '#' || colon == std::string_view::npos) {
    return;
  }
  const WordClass word_class = ClassNamed(line.substr(0, colon));
  line.remove_prefix(colon + 1);
  while (!line.empty()) {
    const size_t end = std::min(line.find(' '), line.size());
    if (end > 0) {
      Protected& known = words->try_emplace(line.substr(0, end)).first->second;
      known.word_class = known.word_class == WordClass::kNone
                             ? word_class
                             : std::min(known.word_class, word_class);
      known.languages |= language;
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

Words ReadLists() {
  Words words;
  for (const WordList& list : kProtectedWordLists) {
    const Languages language = LanguageNamed(list.language);
    ForEachLine(list, [&](std::string_view line) { TakeLine(line, language, &words); });
  }
  return words;
}

const Words& AllWords() {
  static const Words words = ReadLists();
  return words;
}

Protected Find(std::string_view token) {
  const auto found = AllWords().find(token);
  return found == AllWords().end() ? Protected{} : found->second;
}

}  // namespace

std::string_view WordClassName(WordClass word_class) {
  const auto index = static_cast<size_t>(word_class);
  return index < std::size(kNames) ? kNames[index] : "";
}

WordClass ClassOfWord(std::string_view token) {
  return Find(token).word_class;
}

Languages LanguagesProtecting(std::string_view token) {
  return Find(token).languages;
}

void ForEachProtectedWord(const std::function<void(std::string_view)>& visit) {
  for (const auto& [word, known] : AllWords()) {
    visit(word);
  }
}

}  // namespace tallystone
