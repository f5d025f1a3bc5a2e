// ProductNames: made-up names of products, as many as are asked for, always the same ones.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tallystone::bench {

// Four to seven words, most of them from the engine's English list with few frequent ones (Zipf), a
// measure, sometimes a model. Number n is the same in every run.
class ProductNames {
 public:
  ProductNames();

  [[nodiscard]] std::string Name(uint64_t number) const;
  // With one letter of a word of five letters or more inserted, left out, replaced or swapped with
  // its neighbour; as it is if it has no such word.
  static std::string Misspelled(const std::string& name, std::mt19937_64* random);

 private:
  std::vector<std::string_view> words_;
  std::vector<double> sums_;  // of the weights, to draw from
};

}  // namespace tallystone::bench
