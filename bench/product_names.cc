#include "product_names.h"

#include <algorithm>
#include <utility>

#include "catalog/ordinary_words_text.h"

namespace tallystone::bench {
namespace {

constexpr size_t kWordsMax = 20'000;
constexpr size_t kLettersMin = 4;

bool IsLetter(char byte) {
  return byte >= 'a' && byte <= 'z';
}

}  // namespace

ProductNames::ProductNames() {
  for (const WordList& list : kOrdinaryWordLists) {
    if (list.language == "en") {
      ForEachLine(list, [&](std::string_view word) {
        if (word.size() >= kLettersMin && std::all_of(word.begin(), word.end(), IsLetter)) {
          words_.push_back(word);
        }
      });
    }
  }
  std::mt19937_64 random(1);
  std::shuffle(words_.begin(), words_.end(), random);
  words_.resize(std::min(words_.size(), kWordsMax));
  double sum = 0;
  for (size_t rank = 0; rank < words_.size(); ++rank) {
    sum += 1.0 / static_cast<double>(rank + 10);
    sums_.push_back(sum);
  }
}

std::string ProductNames::Name(uint64_t number) const {
  std::mt19937_64 random(number * 0x9E3779B97F4A7C15u + 1);
  static constexpr const char* kUnits[] = {"mm", "cm", "ml", "l", "g", "kg", "pcs"};
  std::uniform_real_distribution<double> draw(0, sums_.back());
  std::string name;
  for (uint64_t words = 3 + random() % 4; words > 0; --words) {
    const auto place = std::lower_bound(sums_.begin(), sums_.end(), draw(random));
    name += words_[static_cast<size_t>(place - sums_.begin())];
    name += ' ';
  }
  name += std::to_string(1 + random() % 60) + " " + kUnits[random() % std::size(kUnits)];
  if (random() % 4 == 0) {
    name += " " + std::string(1, static_cast<char>('A' + random() % 26)) +
            std::string(1, static_cast<char>('A' + random() % 26)) +
            std::to_string(100 + random() % 9000);
  }
  return name;
}

std::string ProductNames::Misspelled(const std::string& name, std::mt19937_64* random) {
  constexpr size_t kWordMin = 5;
  std::vector<std::pair<size_t, size_t>> words;  // begin and size
  for (size_t begin = 0; begin < name.size();) {
    const size_t end = std::min(name.find(' ', begin), name.size());
    if (end - begin >= kWordMin &&
        std::all_of(name.begin() + static_cast<ptrdiff_t>(begin),
                    name.begin() + static_cast<ptrdiff_t>(end), IsLetter)) {
      words.emplace_back(begin, end - begin);
    }
    begin = end + 1;
  }
  if (words.empty()) {
    return name;
  }
  const auto [begin, size] = words[(*random)() % words.size()];
  const size_t at = begin + (*random)() % (size - 1);
  const char letter = static_cast<char>('a' + (*random)() % 26);
  std::string text = name;
  switch ((*random)() % 4) {
    case 0:
      text.insert(at, 1, letter);
      break;
    case 1:
      text.erase(at, 1);
      break;
    case 2:
      text[at] = letter;
      break;
    default:
      std::swap(text[at], text[at + 1]);
  }
  return text;
}

}  // namespace tallystone::bench
