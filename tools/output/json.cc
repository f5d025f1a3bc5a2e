#include "output/json.h"

#include <fmt/format.h>

#include "output/escape.h"

namespace tallystone::tool {

void JsonWriter::Separate() {
  if (comma_) {
    out_->push_back(',');
  }
}

void JsonWriter::Begin(char bracket) {
  Separate();
  out_->push_back(bracket);
  comma_ = false;
}

void JsonWriter::End(char bracket) {
  out_->push_back(bracket);
  comma_ = true;
}

void JsonWriter::Key(std::string_view key) {
  Separate();
  AppendJsonString(key, out_);
  out_->push_back(':');
  comma_ = false;
}

void JsonWriter::Text(std::string_view value) {
  Separate();
  AppendJsonString(value, out_);
  comma_ = true;
}

void JsonWriter::Raw(std::string_view json) {
  Separate();
  out_->append(json);
  comma_ = true;
}

void JsonWriter::Seconds(std::string_view key, double value) {
  Key(key);
  Raw(fmt::format("{:.6f}", value));
}

}  // namespace tallystone::tool
