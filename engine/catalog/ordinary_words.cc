#include "catalog/ordinary_words.h"

#include <algorithm>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "catalog/ordinary_words_text.h"
#include "catalog/protected_words.h"

namespace tallystone {
namespace {

struct WordHash {
  using is_avalanching = void;
  size_t operator()(std::string_view word) const { return XXH3_64bits(word.data(), word.size()); }
};
// True: an English word.
using Words = boost::unordered_flat_map<std::string_view, bool, WordHash>;

// One word a line. The English list is the first.
Words ReadLists() {
  constexpr size_t kWords = 50'000;
  Words words;
  words.reserve(kWords);
  bool english = true;
  for (std::string_view list : kOrdinaryWordsTexts) {
    while (!list.empty()) {
      const size_t end = std::min(list.find('\n'), list.size());
      if (end > 0) {
        words.try_emplace(list.substr(0, end), english);
      }
      list.remove_prefix(std::min(end + 1, list.size()));
    }
    english = false;
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

// Endings of inflected words in the languages of the lists, longest first.
constexpr std::string_view kEndings[] = {
    "ings", "ing", "ers", "ern", "est", "ies", "ied", "ed", "er", "es", "en", "em", "ly",
    "s",    "e",   "n",   "r",   "d",   "y",   "x",   "a",  "i",  "o",  "t",
};

bool IsInflected(std::string_view token) {
  constexpr size_t kStemMin = 3;
  std::string stem;
  for (const std::string_view ending : kEndings) {
    if (!token.ends_with(ending) || token.size() - ending.size() < kStemMin) {
      continue;
    }
    stem = token.substr(0, token.size() - ending.size());
    if (IsListedWord(stem) || IsListedWord(stem + "e") || IsListedWord(stem + "y")) {
      return true;
    }
    const size_t last = stem.size() - 1;
    if (stem.size() > kStemMin && stem[last] == stem[last - 1] &&
        IsListedWord(std::string_view(stem).substr(0, last))) {
      return true;  // running
    }
  }
  return false;
}

bool IsCompound(std::string_view token) {
  constexpr size_t kPartMin = 4;
  for (size_t at = kPartMin; at + kPartMin <= token.size(); ++at) {
    const std::string_view head = token.substr(0, at);
    const bool known_head =
        IsListedWord(head) || (head.back() == 's' && IsListedWord(head.substr(0, at - 1)));
    if (known_head && (IsListedWord(token.substr(at)) || IsInflected(token.substr(at)))) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool IsListedWord(std::string_view token) {
  return AllWords().contains(token) || ClassOfWord(token) != WordClass::kNone;
}

bool MayBeAWord(std::string_view token) {
  return IsListedWord(token) || IsInflected(token) || IsCompound(token);
}

bool IsWellKnownWord(std::string_view token) {
  constexpr size_t kForeignMin = 7;
  const auto found = AllWords().find(token);
  return found != AllWords().end() && (found->second || Letters(token) >= kForeignMin);
}

}  // namespace tallystone
