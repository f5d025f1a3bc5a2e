// Words that tell two products apart though all others are the same: colours, sizes, sides, with
// and without ... in eleven languages (words/protected/*.txt).
#pragma once

#include <cstdint>
#include <string_view>

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

// Of a token in normal form. Thread-safe; the first call reads the lists (milliseconds).
WordClass ClassOfWord(std::string_view token);

}  // namespace tallystone
