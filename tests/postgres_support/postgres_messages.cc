#include "postgres_support/postgres_messages.h"

#include <strings.h>

#include <algorithm>

namespace tallystone::testing {
namespace {

constexpr uint32_t kMessageBytesMax = 1u << 30;  // the server's own limit
constexpr uint32_t kCancelCode = 80877102;
constexpr uint32_t kTlsCode = 80877103;
constexpr uint32_t kGssCode = 80877104;
constexpr size_t kLengthBytes = 4;

uint32_t Number(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t index = 0; index < kLengthBytes; ++index) {
    value = value << 8 | static_cast<uint8_t>(bytes[index]);
  }
  return value;
}

uint32_t FirstCode(std::string_view message) {
  return message.size() < 2 * kLengthBytes ? 0 : Number(message.substr(kLengthBytes));
}

}  // namespace

void MessageStream::Append(std::string_view bytes) {
  buffer_.erase(0, begin_);
  begin_ = 0;
  buffer_.append(bytes);
}

MessageStream::Piece MessageStream::Next(char* type, std::string_view* bytes) {
  const std::string_view left = std::string_view(buffer_).substr(begin_);
  if (rest_ > 0) {
    *bytes = left.substr(0, rest_);
    rest_ -= static_cast<uint32_t>(bytes->size());
    begin_ += bytes->size();
    return bytes->empty() ? Piece::kNone : Piece::kRest;
  }
  const size_t type_bytes = untyped_ ? 0 : 1;
  if (left.size() < type_bytes + kLengthBytes) {
    return Piece::kNone;
  }
  const uint32_t length = Number(left.substr(type_bytes));
  if (length < kLengthBytes || length > kMessageBytesMax) {
    return Piece::kBroken;
  }
  const size_t whole = type_bytes + length;
  const size_t head = std::min(whole, kHeadBytes);
  if (left.size() < head) {
    return Piece::kNone;
  }
  *type = untyped_ ? '\0' : left.front();
  *bytes = left.substr(0, head);
  begin_ += head;
  rest_ = static_cast<uint32_t>(whole - head);
  untyped_ = untyped_ && IsEncryptionRequest(*bytes);
  return Piece::kMessage;
}

bool IsEncryptionRequest(std::string_view first_message) {
  const uint32_t code = FirstCode(first_message);
  return code == kTlsCode || code == kGssCode;
}

bool IsCancelRequest(std::string_view first_message) {
  return FirstCode(first_message) == kCancelCode;
}

std::string TakeText(std::string_view* body) {
  const size_t end = std::min(body->find('\0'), body->size());
  std::string text(body->substr(0, end));
  body->remove_prefix(std::min(end + 1, body->size()));
  return text;
}

bool IsCommit(std::string_view statements) {
  constexpr std::string_view kCommit = "commit";
  while (!statements.empty()) {
    const size_t begin = std::min(statements.find_first_not_of(" \t\r\n;"), statements.size());
    statements.remove_prefix(begin);
    if (statements.size() >= kCommit.size() &&
        ::strncasecmp(statements.data(), kCommit.data(), kCommit.size()) == 0) {
      return true;
    }
    statements.remove_prefix(std::min(statements.find(';'), statements.size()));
  }
  return false;
}

std::string Message(char type, std::string_view body) {
  std::string message(1, type);
  const auto length = static_cast<uint32_t>(kLengthBytes + body.size());
  for (int shift = 24; shift >= 0; shift -= 8) {
    message += static_cast<char>(length >> shift & 0xff);
  }
  message += body;
  return message;
}

std::string FatalError(std::string_view sqlstate, std::string_view text) {
  std::string body;
  for (const auto& [field, value] : {std::pair<char, std::string_view>{'S', "FATAL"},
                                     {'V', "FATAL"},
                                     {'C', sqlstate},
                                     {'M', text}}) {
    body += field;
    body += value;
    body += '\0';
  }
  body += '\0';
  return Message('E', body);
}

std::string RaisingStatement(std::string_view sqlstate) {
  return "DO $$ BEGIN RAISE EXCEPTION 'forged' USING ERRCODE = '" + std::string(sqlstate) +
         "'; END $$";
}

}  // namespace tallystone::testing
