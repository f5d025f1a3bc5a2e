#include "store/postgres/connection_text.h"

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

}  // namespace

Status WithoutPassword(const std::string& connection, std::string* shown) {
  shown->clear();
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
    return Status::InvalidArgument(
        "the name of a server cannot be read: it is a URL "
        "(postgresql://user@host:port/database?option=value) or pairs (host=... dbname=...)");
  }
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr || keyword == "password" || keyword == "sslpassword") {
      continue;
    }
    *shown += (shown->empty() ? "" : " ") + std::string(keyword) + "=" + Quoted(option->val);
  }
  return Status::Ok();
}

}  // namespace tallystone::postgres
