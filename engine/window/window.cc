#include "window/window.h"

#include "base/check.h"
#include "model/chunk.h"
#include "window/sort_window.h"

namespace tallystone {

Status Window::Add(const LoggedChunk& chunk) {
  if (chunk.payload != nullptr) {
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(*chunk.payload, &header));
    if (header.lines != header.accepted || (header.flags & (kChunkRetry | kChunkDrop)) != 0) {
      letter_chunks_.push_back(static_cast<uint32_t>(chunks().size()));
    }
    lines_ += header.lines == 0 ? 1 : header.lines;
    bytes_ += chunk.payload->size();
  }
  stretch_.Append(chunk);
  return Status::Ok();
}

Window::LetterState Window::FindLetter(const LineRef& ref, StoredDeadLetter* letter) const {
  for (auto index = letter_chunks_.rbegin(); index != letter_chunks_.rend(); ++index) {
    const LoggedChunk& logged = chunks()[*index];
    ChunkHeader header;
    TS_CHECK(DecodeChunkHeader(*logged.payload, &header).ok());
    if (header.tenant != ref.tenant || header.batch != ref.batch) {
      continue;
    }
    Chunk chunk;
    TS_CHECK(DecodeChunk(*logged.payload, &chunk).ok());
    for (const ChunkLine& line : chunk.lines) {
      if (line.number != ref.line) {
        continue;
      }
      if ((header.flags & kChunkDrop) != 0 || line.outcome == Outcome::kAccepted) {
        return LetterState::kResolved;
      }
      *letter = DeadLetterOf(line, header, logged.lsn);
      return LetterState::kPresent;
    }
  }
  return LetterState::kUnknown;
}

}  // namespace tallystone
