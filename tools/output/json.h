// JsonWriter: one JSON value, piece by piece.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tallystone::tool {

// The version of every JSON document that the program writes; raised when a field changes its
// meaning or goes away, not when one is added.
inline constexpr int kJsonSchemaVersion = 1;

// Puts the commas; the caller keeps objects and arrays balanced. Not pretty: one line.
class JsonWriter {
 public:
  explicit JsonWriter(std::string* out) : out_(out) {}

  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }
  void Key(std::string_view key);
  void Text(std::string_view value);
  void Number(uint64_t value) { Raw(std::to_string(value)); }
  void Bool(bool value) { Raw(value ? "true" : "false"); }
  void Null() { Raw("null"); }
  // A value that is JSON already.
  void Raw(std::string_view json);

  void Field(std::string_view key, std::string_view value) {
    Key(key);
    Text(value);
  }
  void Field(std::string_view key, const char* value) { Field(key, std::string_view(value)); }
  void Field(std::string_view key, uint64_t value) {
    Key(key);
    Number(value);
  }
  void Flag(std::string_view key, bool value) {
    Key(key);
    Bool(value);
  }
  // A duration, with microseconds.
  void Seconds(std::string_view key, double value);

 private:
  void Begin(char bracket);
  void End(char bracket);
  void Separate();

  std::string* out_;
  bool comma_ = false;  // the next value or key needs one before it
};

}  // namespace tallystone::tool
