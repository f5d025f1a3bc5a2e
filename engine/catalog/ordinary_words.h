// Words that people write on purpose: a spelling that stands here is no typing error (words/*.txt).
#pragma once

#include <string_view>

namespace tallystone {

// All take a token in normal form; letters only, anything else is no word. Thread-safe; the first
// call reads the lists (milliseconds).

// In a list of any of the eleven languages, or protected (protected_words.h).
bool IsListedWord(std::string_view token);

// Listed, or made of listed words: an inflection (`candles`, `Kerzen`), or two of them together
// (`cardholder`, `Tischlampe`). In doubt it is one.
bool MayBeAWord(std::string_view token);

// Listed, and we know its language so well that a neighbour which is in no list is hardly a word:
// English from 4 letters, the other languages, whose lists are shorter, from 7.
bool IsWellKnownWord(std::string_view token);

}  // namespace tallystone
