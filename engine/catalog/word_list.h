// WordList: one of the lists of words/, and the languages that words stand in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace tallystone {

struct WordList {
  std::string_view language;  // "en", ...; "common" = in all of them
  std::string_view text;      // lines
};

// A set of languages, a bit each.
using Languages = uint32_t;
inline constexpr std::string_view kLanguages[] = {"en", "de", "fr", "es", "it", "nl",
                                                  "pt", "pl", "sv", "da", "cs", "names"};
inline constexpr Languages kEnglish = 1;
// Of persons, places, makers and elements: as like each other as a typing error is to its word.
inline constexpr Languages kProperNames = 1u << (std::size(kLanguages) - 1);
inline constexpr Languages kAllLanguages = kProperNames - 1;

constexpr Languages LanguageNamed(std::string_view name) {
  const auto* const found = std::find(std::begin(kLanguages), std::end(kLanguages), name);
  return found == std::end(kLanguages) ? kAllLanguages : 1u << (found - std::begin(kLanguages));
}

// visit(line) for each line of a list, without its end.
template <typename Visit>
void ForEachLine(const WordList& list, const Visit& visit) {
  std::string_view text = list.text;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace tallystone
