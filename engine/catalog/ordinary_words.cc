#include "catalog/ordinary_words.h"

#include <algorithm>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "catalog/english_dictionary.h"
#include "catalog/ordinary_words_text.h"
#include "catalog/protected_words.h"

namespace tallystone {
namespace {

struct WordHash {
  using is_avalanching = void;
  size_t operator()(std::string_view word) const { return XXH3_64bits(word.data(), word.size()); }
};
using Words = boost::unordered_flat_map<std::string_view, Languages, WordHash>;

Words ReadLists() {
  constexpr size_t kWords = 50'000;
  Words words;
  words.reserve(kWords);
  for (const WordList& list : kOrdinaryWordLists) {
    const Languages language = LanguageNamed(list.language);
    ForEachLine(list, [&](std::string_view word) {
      if (!word.empty()) {
        words[word] |= language;
      }
    });
  }
  return words;
}

const Words& AllWords() {
  static const Words words = ReadLists();
  return words;
}

size_t Letters(std::string_view token) {
  return static_cast<size_t>(std::count_if(token.begin(), token.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

// The languages of the words that `token` is a form of: one of `endings` is taken off.
template <typename Endings>
Languages FormsOf(std::string_view token, const Endings& endings, size_t stem_min) {
  Languages languages = 0;
  std::string stem;
  for (const std::string_view ending : endings) {
    if (!token.ends_with(ending) || token.size() - ending.size() < stem_min) {
      continue;
    }
    stem = token.substr(0, token.size() - ending.size());
    const size_t last = stem.size() - 1;
    if (ending == "s") {
      languages |= stem[last] == 's' ? 0 : LanguagesOf(stem);
      continue;
    }
    languages |= LanguagesOf(stem) | LanguagesOf(stem + "e") | LanguagesOf(stem + "y");
    const bool vowel = std::string_view("aeiouy").find(ending.front()) != std::string_view::npos;
    if (vowel && stem.size() > stem_min && stem[last] == stem[last - 1]) {  // running
      languages |= LanguagesOf(stem.substr(0, last));
    }
  }
  return languages;
}

constexpr std::string_view kEnglishEndings[] = {"ings", "ing", "ers", "est", "ies", "ied",
                                                "ed",   "er",  "es",  "ly",  "s",   "y"};
constexpr std::string_view kProductiveEndings[] = {"ings", "ing", "ers", "er", "able"};
constexpr std::string_view kOtherEndings[] = {"ern", "em", "en", "er", "es", "ne", "te", "e", "n",
                                              "r",   "s",  "t",  "x",  "a",  "i",  "o",  "d", "y"};

Languages InflectedIn(std::string_view token) {
  constexpr size_t kEnglishStemMin = 3;
  constexpr size_t kStemMin = 4;
  // A dictionary has the forms, but for those that are made as they are needed: a paver, paving.
  const Languages english =
      (HasEnglishDictionary() ? FormsOf(token, kProductiveEndings, kEnglishStemMin)
                              : FormsOf(token, kEnglishEndings, kEnglishStemMin)) &
      kEnglish;
  return english | (FormsOf(token, kOtherEndings, kStemMin) & ~kEnglish);
}

// Of a part of a compound, which may bind by an s or be plural.
Languages LanguagesOfPart(std::string_view part) {
  const bool s = part.back() == 's';
  return LanguagesOf(part) | (s ? LanguagesOf(part.substr(0, part.size() - 1)) : 0);
}

Languages CompoundIn(std::string_view token, size_t part_min) {
  Languages languages = 0;
  for (size_t at = part_min; at + part_min <= token.size(); ++at) {
    languages |= LanguagesOfPart(token.substr(0, at)) & LanguagesOfPart(token.substr(at));
  }
  return languages;
}

}  // namespace

Languages LanguagesOf(std::string_view token) {
  const auto found = AllWords().find(token);
  return (found == AllWords().end() ? 0 : found->second) | LanguagesProtecting(token);
}

Languages LanguagesOfForms(std::string_view token) {
  constexpr size_t kPartMin = 4;
  return LanguagesOf(token) | InflectedIn(token) | CompoundIn(token, kPartMin);
}

Languages WellKnownIn(std::string_view token) {
  constexpr size_t kStemMin = 4;
  constexpr size_t kPartMin = 3;
  constexpr size_t kLongMin = 7;
  const bool is_long = Letters(token) >= kLongMin;
  const Languages english = LanguagesOf(token) | FormsOf(token, kEnglishEndings, kStemMin) |
                            (is_long ? CompoundIn(token, kPartMin) : 0);
  return (english & kEnglish) | (is_long ? LanguagesOf(token) : 0);
}

}  // namespace tallystone
