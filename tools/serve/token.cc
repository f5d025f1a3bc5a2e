#include "serve/token.h"

#include <cerrno>
#include <cstring>

#include <sys/random.h>

namespace tallystone::tool {

Status MakeToken(std::string* token) {
  unsigned char bytes[16];
  ssize_t got = 0;
  do {
    got = getrandom(bytes, sizeof(bytes), 0);  // up to 256 bytes come whole
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof(bytes))) {
    return Status::IoError(std::string("no random bytes: ") + std::strerror(errno));
  }
  constexpr char kDigits[] = "0123456789abcdef";
  token->clear();
  for (const unsigned char byte : bytes) {
    token->push_back(kDigits[byte >> 4]);
    token->push_back(kDigits[byte & 15]);
  }
  return Status::Ok();
}

bool SameToken(std::string_view given, std::string_view token) {
  if (given.size() != token.size()) {
    return false;  // its length is no secret
  }
  volatile unsigned char difference = 0;
  for (size_t index = 0; index < token.size(); ++index) {
    difference = static_cast<unsigned char>(difference | (given[index] ^ token[index]));
  }
  return difference == 0;
}

}  // namespace tallystone::tool
