// BookedLines: the transactions of one block.
#pragma once

#include <functional>

#include "model/chunk.h"
#include "model/stored.h"

namespace tallystone {

// Calls `visit` for every line of `block` that is booked, with its index among the chunk's accepted
// lines. *chunk is working memory and holds the decoded chunk meanwhile.
Status ForEachBooked(const StoredBlock& block, Chunk* chunk,
                     const std::function<Status(const ChunkLine& line, uint32_t index)>& visit);

}  // namespace tallystone
