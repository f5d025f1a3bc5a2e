// ToldRows: what the rows of an import would be told, kept in a temporary file until it is known
// which of their lines the store refused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "output/sink.h"
#include "tallystone/engine.h"

namespace tallystone::tool {

// The identity of a line; 128 bits do not collide by chance.
struct LineName {
  uint64_t low = 0;
  uint64_t high = 0;
  friend auto operator<=>(const LineName&, const LineName&) = default;
};
LineName NameOf(const DeadLetterKey& key);

// The file has no name and some 30 bytes a row, beside the row's text. Not thread-safe.
class ToldRows {
 public:
  struct Row {
    LineName line;  // all 0: not a line that the log accepted
    std::string_view code;
    std::string_view text;    // of the outcomes; may be empty
    uint32_t outcome_at = 0;  // where the word of the outcome stands in it
  };

  // The file is made in TMPDIR, or /tmp.
  static Status Open(std::unique_ptr<ToldRows>* rows);
  ~ToldRows();
  ToldRows(const ToldRows&) = delete;
  ToldRows& operator=(const ToldRows&) = delete;

  // Errors are told by ForEach.
  void Add(const Row& row);
  // visit(row, its number from 1), in the order in which they were added. Once.
  Status ForEach(const std::function<void(const Row&, uint64_t)>& visit);

 private:
  explicit ToldRows(int fd) : fd_(fd), sink_(fd, "the temporary file of the outcomes") {}

  const int fd_;
  Sink sink_;
  uint64_t rows_ = 0;
};

}  // namespace tallystone::tool
