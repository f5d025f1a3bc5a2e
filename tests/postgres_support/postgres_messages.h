// Messages of PostgreSQL's protocol, version 3, as far as one in the middle must understand them.
//
//   first message of a client: | length u32 | code u32 | ...     (length counts itself)
//   every other message:       | type u8 | length u32 | body     (length does not count the type)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tallystone::testing {

// Cuts a stream of bytes into messages. Of a long one only the head is waited for; what follows is
// given as it comes, so that long messages are not held up.
class MessageStream {
 public:
  static constexpr size_t kHeadBytes = 4096;
  enum class Piece : uint8_t {
    kNone,     // wait for more bytes
    kMessage,  // a message, or the first kHeadBytes of it
    kRest,     // more of the message before
    kBroken,   // not this protocol
  };

  // `client`: begins with a message without type.
  explicit MessageStream(bool client) : untyped_(client) {}

  void Append(std::string_view bytes);
  // `bytes` (with the header) is valid until the next Append. `type` of the first is 0.
  Piece Next(char* type, std::string_view* bytes);

 private:
  std::string buffer_;
  size_t begin_ = 0;   // of what was not given yet
  uint32_t rest_ = 0;  // bytes of the message before that were not given yet
  bool untyped_;
};

// Does the client ask for encryption? Another first message follows the answer.
bool IsEncryptionRequest(std::string_view first_message);
bool IsCancelRequest(std::string_view first_message);

// A null-terminated text of a message's body, and the body after it.
std::string TakeText(std::string_view* body);
// A statement that commits, or several of which one does.
bool IsCommit(std::string_view statements);

std::string Message(char type, std::string_view body);
// As a server gives it up: the session ends with it.
std::string FatalError(std::string_view sqlstate, std::string_view text);
// A statement that ends with this SQLSTATE, on the server itself.
std::string RaisingStatement(std::string_view sqlstate);

}  // namespace tallystone::testing
