// Whole dictionaries against the fuzzy rule: a word that somebody may mean must not be taken for a
// typing error in one of ours. TALLYSTONE_DICTIONARIES names more of them, with colons between;
// what the rule makes of those is printed.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "catalog/english_dictionary.h"
#include "catalog/normal_form.h"
#include "catalog/spelling.h"
#include "catalog/vocabulary.h"

namespace tallystone {
namespace {

class OurWords {
 public:
  OurWords() {
    for (const auto& entry : std::filesystem::directory_iterator(TALLYSTONE_WORDS)) {
      std::ifstream file(entry.path());
      for (std::string word; entry.path().extension() == ".txt" && std::getline(file, word);) {
        texts_.push_back(word);
      }
    }
    for (const std::string& text : texts_) {
      words_.Add(text);
    }
  }
  [[nodiscard]] const Vocabulary& words() const { return words_; }

 private:
  std::vector<std::string> texts_;
  Vocabulary words_;
};

struct Count {
  uint64_t near = 0;   // words that are none of ours, and a few letters from one
  uint64_t taken = 0;  // of those, taken for it
  std::string first;
};

Count Stream(const std::string& path, const Vocabulary& ours, bool in_english) {
  Count count;
  std::ifstream file(path);
  std::vector<WordId> similar;
  std::string word;
  for (std::string line; std::getline(file, line);) {
    NormaliseDescription(line, &word);
    if (word.find_first_of(" '") != std::string::npos || ours.Find(word) != 0) {
      continue;
    }
    ours.FindSimilar(word, &similar);
    count.near += similar.empty() ? 0 : 1;
    for (const WordId id : similar) {
      if (IsMisspelling(word, ours.text(id), in_english)) {
        count.first =
            ++count.taken == 1 ? word + " for " + std::string(ours.text(id)) : count.first;
        break;
      }
    }
  }
  return count;
}

TEST(DictionaryTest, NoWordOfTheEnglishDictionariesIsTakenForATypingError) {
  if (!HasEnglishDictionary()) {
    GTEST_SKIP() << "built without an English dictionary (Debian: wamerican-huge, wbritish-large)";
  }
  const OurWords ours;
  for (const char* name : {"american-english-huge", "british-english-large"}) {
    const std::string path = std::string("/usr/share/dict/") + name;
    if (!std::filesystem::exists(path)) {
      std::cout << "not here: " << path << "\n";
      continue;
    }
    const Count count = Stream(path, ours.words(), true);
    EXPECT_GT(count.near, 10'000u) << name;
    EXPECT_EQ(count.taken, 0u) << name << ": " << count.first;
  }
}

TEST(DictionaryTest, WhatBecomesOfOtherDictionaries) {
  const char* paths = std::getenv("TALLYSTONE_DICTIONARIES");
  if (paths == nullptr) {
    GTEST_SKIP() << "TALLYSTONE_DICTIONARIES names none";
  }
  const OurWords ours;
  std::string_view rest = paths;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string path(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool english = path.find("english") != std::string::npos;
    const Count count = Stream(path, ours.words(), english);
    EXPECT_GT(count.near, 0u) << path << " cannot be read";
    std::cout << path << ": " << count.near << " words near ours, " << count.taken
              << " taken for one (" << count.first << ")\n";
  }
}

}  // namespace
}  // namespace tallystone
