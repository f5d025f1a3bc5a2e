// Words that people write on purpose: a spelling that stands here is no typing error (words/*.txt).
#pragma once

#include <string_view>

#include "catalog/word_list.h"

namespace tallystone {

// All take a token in normal form; letters only, anything else is no word. Thread-safe; the first
// call reads the lists (milliseconds).

// The languages that list the word, or protect it (protected_words.h).
Languages LanguagesOf(std::string_view token);

// The same, also of a word that is made of listed ones: an inflection (`candles`, `Kerzen`), or two
// of them together (`cardholder`, `Tischlampe`). In doubt it is one.
Languages LanguagesOfForms(std::string_view token);

// The languages of a word that we know so well that a neighbour which is no word is hardly one that
// we do not know: English, also inflected or of two parts, or of 7 letters and more in the others,
// whose lists are shorter. 0 = none.
Languages WellKnownIn(std::string_view token);

}  // namespace tallystone
