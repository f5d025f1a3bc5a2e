#include "catalog/vocabulary.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"

namespace tallystone {
namespace {

uint32_t HashWord(std::string_view text) {
  return static_cast<uint32_t>(XXH3_64bits(text.data(), text.size()));
}

constexpr size_t kBeginning = 7;
// 1 + 7 + 21: a beginning of 7 letters without none, one or two of them.
constexpr size_t kDeletesMax = 29;

// Hashes of the beginning of a word with up to EditsAllowed letters left out, each once. Words of
// one edit and of two do not meet in the hashes: the longer one has those of one edit as well.
class Deletes {
 public:
  explicit Deletes(const Letters& letters) {
    const int most = EditsAllowed(letters.size());
    if (most == 0) {
      return;
    }
    const size_t size = std::min(letters.size(), kBeginning);
    std::copy_n(letters.begin(), size, left_.begin());
    Add(size);
    for (size_t first = 0; first < size; ++first) {
      Add(Without(letters, size, first, size));
      for (size_t second = first + 1; most > 1 && second < size; ++second) {
        Add(Without(letters, size, first, second));
      }
    }
    std::sort(hashes_.begin(), hashes_.begin() + count_);
    count_ = static_cast<size_t>(std::unique(hashes_.begin(), hashes_.begin() + count_) -
                                 hashes_.begin());
  }

  [[nodiscard]] const uint32_t* begin() const { return hashes_.data(); }
  [[nodiscard]] const uint32_t* end() const { return hashes_.data() + count_; }

 private:
  size_t Without(const Letters& letters, size_t size, size_t first, size_t second) {
    size_t left = 0;
    for (size_t at = 0; at < size; ++at) {
      if (at != first && at != second) {
        left_[left++] = letters[at];
      }
    }
    return left;
  }
  void Add(size_t size) {
    hashes_[count_++] = static_cast<uint32_t>(XXH3_64bits(left_.data(), size * sizeof(char32_t)));
  }

  std::array<char32_t, kBeginning> left_{};
  std::array<uint32_t, kDeletesMax> hashes_{};
  size_t count_ = 0;
};

}  // namespace

WordId Vocabulary::Find(std::string_view text) const {
  return index_.Find(HashWord(text), [&](uint32_t word) { return this->text(word) == text; });
}

WordId Vocabulary::Add(std::string_view text) {
  const WordId known = Find(text);
  if (known != 0) {
    return known;
  }
  words_.push_back({text.data(), static_cast<uint32_t>(text.size()), HashWord(text)});
  const WordId word = size();
  index_.Insert(words_.back().hash, word);
  Letters letters;
  LettersOf(text, &letters);
  for (const uint32_t hash : Deletes(letters)) {
    deletes_.Insert(hash, word);
  }
  return word;
}

void Vocabulary::RemoveLast() {
  TS_CHECK(!words_.empty());
  const WordId word = size();
  Letters letters;
  LettersOf(text(word), &letters);
  for (const uint32_t hash : Deletes(letters)) {
    deletes_.Erase(hash, word);
  }
  index_.Erase(words_.back().hash, word);
  words_.pop_back();
}

void Vocabulary::FindSimilar(std::string_view text, std::vector<WordId>* similar) const {
  similar->clear();
  Letters letters, others;
  LettersOf(text, &letters);
  for (const uint32_t hash : Deletes(letters)) {
    (void)deletes_.Find(hash, [&](uint32_t word) {
      similar->push_back(word);
      return false;
    });
  }
  std::sort(similar->begin(), similar->end());
  similar->erase(std::unique(similar->begin(), similar->end()), similar->end());
  constexpr size_t kEditsMax = 2;
  const size_t bytes_max = (letters.size() + kEditsMax) * 4;
  std::erase_if(*similar, [&](WordId word) {
    if (words_[word - 1].bytes > bytes_max || words_[word - 1].bytes + kEditsMax < letters.size()) {
      return true;
    }
    LettersOf(this->text(word), &others);
    const int allowed = EditsAllowed(std::min(letters.size(), others.size()));
    return this->text(word) == text || Edits(letters, others, allowed) > allowed;
  });
}

}  // namespace tallystone
