// Vocabulary: the words of a catalogue's names, and which of them a word may be meant for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash_index.h"
#include "catalog/spelling.h"

namespace tallystone {

using WordId = uint32_t;  // from 1

// Not thread-safe. Texts are not copied: they must live as long as they are here. Memory: 24 bytes
// a word and about 16 for each way to leave out a letter or two: 100 to 500 for a word of letters.
class Vocabulary {
 public:
  // The word, added if it is not there. Words are numbered in the order that they came.
  WordId Add(std::string_view text);
  void RemoveLast();

  [[nodiscard]] WordId Find(std::string_view text) const;  // 0 = none
  [[nodiscard]] std::string_view text(WordId word) const {
    return {words_[word - 1].text, words_[word - 1].bytes};
  }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(words_.size()); }

  // The words within EditsAllowed of `text`, ascending by number. They share what is left of both
  // when letters are left out: the symmetric delete of SymSpell (Garbe, 2012), with its beginnings
  // of 7 letters.
  void FindSimilar(std::string_view text, std::vector<WordId>* similar) const;

 private:
  struct Word {
    const char* text = nullptr;
    uint32_t bytes = 0;
    uint32_t hash = 0;
  };

  std::vector<Word> words_;
  HashIndex index_;
  HashIndex deletes_;  // by the hash of what is left
};

}  // namespace tallystone
