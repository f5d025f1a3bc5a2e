#include "store/postgres/connection_text.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

namespace tallystone::postgres {
namespace {

// As libpq reads it back: in quotes where there are blanks, quotes and backslashes with one before.
std::string Quoted(std::string_view value) {
  std::string quoted;
  bool plain = !value.empty();
  for (const char byte : value) {
    if (byte == '\'' || byte == '\\') {
      quoted += '\\';
    }
    plain = plain && byte != '\'' && byte != '\\' && byte != ' ';
    quoted += byte;
  }
  return plain ? quoted : "'" + quoted + "'";
}

// The option that libpq does not know, if its words name one; "" = they do not, or it may be a part
// of a password with characters that should have been quoted.
std::string UnknownOption(const std::string& connection, std::string_view words) {
  constexpr std::string_view kPairs = "invalid connection option \"";
  constexpr std::string_view kUrl = "invalid URI query parameter: \"";
  for (const std::string_view beginning : {kPairs, kUrl}) {
    const size_t at = words.find(beginning);
    if (at == std::string_view::npos) {
      continue;
    }
    std::string_view name = words.substr(at + beginning.size());
    name = name.substr(0, name.find('"'));
    const bool plain = std::all_of(name.begin(), name.end(), [](char letter) {
      return letter == '_' || (letter >= 'a' && letter <= 'z');
    });
    const size_t place = connection.find(name);
    const bool of_password =
        beginning == kUrl ? connection.find('@', place) != std::string::npos
                          : connection.substr(0, place).find("password") != std::string::npos;
    return plain && !of_password ? std::string(name) : std::string();
  }
  return {};
}

}  // namespace

Status WithoutPassword(const std::string& connection, std::string* shown, bool* has_password) {
  shown->clear();
  bool found = false;
  if (connection.empty() || connection.find('\n') != std::string::npos ||
      connection.find('\0') != std::string::npos) {
    return Status::InvalidArgument(
        "a server is named by a URL (postgresql://user@host/database) or by pairs "
        "(host=... dbname=...), in one line");
  }
  char* words = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(connection.c_str(), &words), PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> freed(words, PQfreemem);
  if (parsed == nullptr) {
    // libpq's words may quote the text, and with it a password.
    const std::string unknown = UnknownOption(connection, words == nullptr ? "" : words);
    return Status::InvalidArgument(
        (unknown.empty() ? "the name of a server cannot be read: it is a URL "
                         : "PostgreSQL knows no option '" + unknown +
                               "' in the name of a server: that is a URL ") +
        std::string(
            "(postgresql://user@host:port/database?option=value) or pairs (host=... dbname=...)"));
  }
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr) {
      continue;
    }
    if (keyword == "password" || keyword == "sslpassword") {
      found = true;
      continue;
    }
    *shown += (shown->empty() ? "" : " ") + std::string(keyword) + "=" + Quoted(option->val);
  }
  if (has_password != nullptr) {
    *has_password = found;
  }
  return Status::Ok();
}

}  // namespace tallystone::postgres
