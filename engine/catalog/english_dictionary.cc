#include "catalog/english_dictionary.h"

#include <algorithm>
#include <cstdint>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/text.h"
#include "catalog/english_dictionary_text.h"
#include "catalog/normal_form.h"

namespace tallystone {
namespace {

struct AsItIs {
  using is_avalanching = void;
  size_t operator()(uint64_t hash) const { return hash; }
};
// By the hashes of the words: whether it stands in small letters. A spelling that has the hash of a
// word by chance (1 in 10^14) is not repaired.
using Hashes = boost::unordered_flat_map<uint64_t, bool, AsItIs>;

uint64_t HashOf(std::string_view word) {
  return XXH3_64bits(word.data(), word.size());
}

Hashes ReadDictionary() {
  constexpr size_t kWords = 200'000;
  Hashes hashes;
  hashes.reserve(kEnglishDictionary.empty() ? 0 : kWords);
  std::string word;
  for (std::string_view text = kEnglishDictionary; !text.empty();) {
    const size_t end = std::min(text.find('\n'), text.size());
    word.assign(text.substr(0, end));
    const bool small = !word.empty() && !(word[0] >= 'A' && word[0] <= 'Z');
    if (IsAscii(word)) {
      std::transform(word.begin(), word.end(), word.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
      });
    } else {
      NormaliseDescription(text.substr(0, end), &word);
    }
    bool& known_small = hashes[HashOf(word)];
    known_small = known_small || small;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return hashes;
}

const Hashes& AllWords() {
  static const Hashes hashes = ReadDictionary();
  return hashes;
}

}  // namespace

bool HasEnglishDictionary() {
  return !kEnglishDictionary.empty();
}

bool IsInEnglishDictionary(std::string_view token) {
  return AllWords().contains(HashOf(token));
}

bool IsCommonEnglishWord(std::string_view token) {
  const auto found = AllWords().find(HashOf(token));
  return found != AllWords().end() && found->second;
}

}  // namespace tallystone
