// Whether a word is another one with a typing error in it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tallystone {

using Letters = std::vector<char32_t>;

// The letters of a token of letters only, at most 24; empty if it is anything else.
void LettersOf(std::string_view token, Letters* letters);

// Edits that make one of the other: insert, delete or replace a letter, or swap two neighbours
// (optimal string alignment: no letter is edited twice). Anything above `max` is max + 1.
int Edits(const Letters& one, const Letters& other, int max);

// The edits that a word may be away from what it means: none below 4 letters, one below 8, then
// two. Of two words the shorter one counts.
int EditsAllowed(size_t letters);

// `written`, which no list of words and no name of the catalogue has, means `word`. False in any
// doubt:
//   - `word` must be well known (ordinary_words.h): names of makers, drugs and chemicals are as
//     like each other as a typing error is to its word
//   - the first letter must be the same in words below 6 letters
//   - the ends must not differ by what could be an inflection, in number, case, sex or tense
bool IsMisspelling(std::string_view written, std::string_view word);

}  // namespace tallystone
