// A large English dictionary, of the system that the library was built on: a spelling that stands
// in it is somebody's word, and no typing error.
#pragma once

#include <string_view>

namespace tallystone {

// The library was built where there is one (Debian: wamerican-huge, wbritish-large; about 350,000
// words of the SCOWL lists, with names of persons and places).
bool HasEnglishDictionary();

// Both take a token in normal form. Thread-safe; the first call reads the dictionary (some 20 ms).
bool IsInEnglishDictionary(std::string_view token);
// The dictionary has it in small letters: it is not only a name.
bool IsCommonEnglishWord(std::string_view token);

}  // namespace tallystone
