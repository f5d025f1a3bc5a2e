// Words that tell two products apart though all others are the same: colours, sizes, sides, with
// and without ... in eleven languages (words/protected/*.txt).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "catalog/word_list.h"

namespace tallystone {

// In order of precedence, where languages differ about a word.
enum class WordClass : uint8_t {
  kNone = 0,
  kWithout,   // with, without, only ...
  kRelation,  // for, of, and ...: binds the words behind it
  kNumber,
  kUnit,
  kSex,
  kSide,
  kPolarity,
  kColour,
  kSize,
  kLevel,
  kPack,
  kForm,
  kEdition,
  kMaterial,
  kFlavour,
  kTime,
};

// "colour", "size", ...; kNone is "".
std::string_view WordClassName(WordClass word_class);

// Of a token in normal form. Thread-safe; the first call reads the lists (milliseconds).
WordClass ClassOfWord(std::string_view token);

// The languages that protect it.
Languages LanguagesProtecting(std::string_view token);

// In no order. They live as long as the program.
void ForEachProtectedWord(const std::function<void(std::string_view)>& visit);

}  // namespace tallystone
