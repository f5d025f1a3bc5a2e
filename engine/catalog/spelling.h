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

// `written`, which no name of the catalogue has, means `word`. False in any doubt:
//   - `written` must be in no list of words and no dictionary, nor a form of such a word in the
//     language of `word`
//   - `word` must be well known (WellKnownIn): names of makers, drugs and chemicals are as like
//     each other as a typing error is to its word
//   - if `word` is protected (protected_words.h), it must be one edit away. Sexes, numbers, units,
//     with, without, for and their like are never repaired, nor sides of four letters
//   - no other protected word of the language, of its class if it has one, may be as near
//   - the ends must not differ by what may be an inflection, in number, case, sex or tense
//   - a word of another language than English, whose lists are short, only if two neighbours are
//     swapped or a letter is doubled or not; English too in a library built without a dictionary
//     (english_dictionary.h)
//   - the first of only four letters must be the same, or more or less by one
//
// `in_english`: the name that it stands in (IsEnglishName); if not, only slips are repaired, for a
// word of another language may be one edit from an English one.
bool IsMisspelling(std::string_view written, std::string_view word, bool in_english);

// More of the words of a name are English alone than are of other languages alone, or none is; and
// one is, if others are of no language that we know.
bool IsEnglishName(const std::vector<std::string_view>& tokens);

}  // namespace tallystone
