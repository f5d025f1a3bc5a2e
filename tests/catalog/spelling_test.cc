// What is a typing error, and what is another word.
#include "catalog/spelling.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "catalog/english_dictionary.h"
#include "catalog/ordinary_words.h"
#include "catalog/vocabulary.h"
#include "model/random_source.h"

namespace tallystone {
namespace {

Letters LettersOf(std::string_view text) {
  Letters letters;
  tallystone::LettersOf(text, &letters);
  return letters;
}

TEST(SpellingTest, EditsAreInsertDeleteReplaceAndSwapOfNeighbours) {
  const auto edits = [](std::string_view one, std::string_view other) {
    return Edits(LettersOf(one), LettersOf(other), 4);
  };
  EXPECT_EQ(edits("candle", "candle"), 0);
  EXPECT_EQ(edits("candle", "cadnle"), 1);
  EXPECT_EQ(edits("candle", "candl"), 1);
  EXPECT_EQ(edits("candle", "caandle"), 1);
  EXPECT_EQ(edits("candle", "cundle"), 1);
  EXPECT_EQ(edits("candle", "acndel"), 2);
  EXPECT_EQ(edits("candle", "handles"), 2);
  EXPECT_EQ(edits("\xC3\xBC"
                  "ber",
                  "uber"),
            1)
      << "a letter is not a byte";
  EXPECT_EQ(edits("abc", "uvwxyz"), 5) << "more than asked for";
  EXPECT_TRUE(LettersOf("ab1").empty()) << "digits are no letters";
  EXPECT_TRUE(LettersOf("a-b").empty());
}

TEST(SpellingTest, TypingErrorsAreRepaired) {
  for (const auto& [written, word] :
       std::vector<std::pair<std::string, std::string>>{{"cadnle", "candle"},
                                                        {"botle", "bottle"},
                                                        {"chrismtas", "christmas"},
                                                        {"neklace", "necklace"},
                                                        {"hodler", "holder"},
                                                        {"wihte", "white"},
                                                        {"vintgae", "vintage"},
                                                        {"decoratwon", "decoration"}}) {
    EXPECT_TRUE(IsMisspelling(written, word, true)) << written << " / " << word;
  }
}

TEST(SpellingTest, InANameOfAnotherLanguageOnlySlipsAreRepaired) {
  EXPECT_TRUE(IsMisspelling("botlte", "bottle", false)) << "swapped";
  EXPECT_TRUE(IsMisspelling("bottlle", "bottle", false)) << "doubled";
  EXPECT_FALSE(IsMisspelling("bottde", "bottle", false));
  EXPECT_TRUE(IsMisspelling("bottde", "bottle", true));
  EXPECT_TRUE(IsEnglishName({"blue", "cotton", "towel", "10mm"}));
  EXPECT_FALSE(IsEnglishName({"erdbeer", "bowl", "sommer"}));
  EXPECT_FALSE(IsEnglishName({"pullollinen", "vett\xC3\xA4", "lasinen"})) << "no list knows it";
}

TEST(SpellingTest, AWordOfTheDictionaryIsNoTypingError) {
  if (!HasEnglishDictionary()) {
    GTEST_SKIP() << "built without an English dictionary (Debian: wamerican-huge)";
  }
  for (const auto& [written, word] :
       std::vector<std::pair<std::string, std::string>>{{"paver", "paper"},
                                                        {"apiary", "aviary"},
                                                        {"curium", "cerium"},
                                                        {"lublin", "dublin"},
                                                        {"winnie", "minnie"},
                                                        {"charley", "charles"},
                                                        {"mintage", "vintage"}}) {
    EXPECT_TRUE(IsInEnglishDictionary(written)) << written;
    EXPECT_FALSE(IsMisspelling(written, word, true)) << written << " / " << word;
  }
  EXPECT_FALSE(IsCommonEnglishWord("dublin")) << "only a name";
  EXPECT_TRUE(IsCommonEnglishWord("aviary"));
}

TEST(SpellingTest, AnotherWordIsNoTypingError) {
  for (const auto& [written, word] : std::vector<std::pair<std::string, std::string>>{
           {"gasket", "basket"},   // listed
           {"candles", "candle"},  // a plural
           {"candle", "candles"},
           {"painted", "painter"},
           {"blonde", "blond"},
           {"cardboards", "cardboard"},
           {"nitrite", "nitrate"},  // substances
           {"sulfite", "sulfate"},
           {"ranitidine", "famotidine"},
           {"clonidine", "clonazepam"},
           {"nikon", "nixon"},  // nobody knows these words
           {"kerzen", "kerze"},
           {"rosso", "rossa"},
           {"womans", "womens"},  // never sexes, numbers, with or without
           {"treble", "triple"},
           {"withot", "without"},
           {"cat", "car"},  // too short
           {"lam", "lamp"},
           {"gree", "grey"}}) {  // green is as near
    EXPECT_FALSE(IsMisspelling(written, word, true)) << written << " / " << word;
  }
}

TEST(SpellingTest, NoWordOfTheListsIsAnotherOneMisspelled) {
  const std::vector<std::string> words = {"table", "cable",  "lamp", "camp", "nagel", "nadel",
                                          "tasse", "tasche", "hose", "dose", "pelle", "poele",
                                          "white", "write",  "left", "lift", "steel", "steal"};
  for (const std::string& one : words) {
    for (const std::string& other : words) {
      if (LanguagesOf(one) != 0 && one != other) {
        EXPECT_FALSE(IsMisspelling(one, other, true)) << one << " / " << other;
      }
    }
  }
}

// Against comparing with every word.
TEST(VocabularyTest, FindsEveryWordWithinItsEditsAndNoOther) {
  test::RandomSource random(test::TestSeed());
  std::vector<std::string> texts;
  const auto make = [&random] {
    std::string text;
    for (uint64_t length = 2 + random.Below(10); length > 0; --length) {
      text += static_cast<char>('a' + random.Below(3));
    }
    return text;
  };
  for (int count = 0; count < 600; ++count) {
    texts.push_back(make());
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  Vocabulary vocabulary;
  for (const std::string& text : texts) {
    vocabulary.Add(text);
  }
  ASSERT_EQ(vocabulary.size(), texts.size());
  std::vector<WordId> similar;
  for (int count = 0; count < 300; ++count) {
    const std::string asked = make();
    vocabulary.FindSimilar(asked, &similar);
    std::vector<std::string> found;
    for (const WordId word : similar) {
      found.emplace_back(vocabulary.text(word));
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> expected;
    for (const std::string& text : texts) {
      const int allowed = EditsAllowed(std::min(asked.size(), text.size()));
      if (text != asked && allowed > 0 &&
          Edits(LettersOf(asked), LettersOf(text), allowed) <= allowed) {
        expected.push_back(text);
      }
    }
    EXPECT_EQ(found, expected) << asked;
  }
}

TEST(VocabularyTest, WordsThatAreTakenBackAreGone) {
  Vocabulary vocabulary;
  const std::string first = "handle", second = "candle";
  vocabulary.Add(first);
  vocabulary.Add(second);
  std::vector<WordId> similar;
  vocabulary.FindSimilar("bandle", &similar);
  EXPECT_EQ(similar.size(), 2u);
  vocabulary.RemoveLast();
  vocabulary.FindSimilar("bandle", &similar);
  EXPECT_EQ(similar.size(), 1u);
  EXPECT_EQ(vocabulary.Find("candle"), 0u);
  EXPECT_EQ(vocabulary.Add(second), 2u);
}

}  // namespace
}  // namespace tallystone
