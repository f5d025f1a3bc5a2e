// Dead letters: finding one, booking it again, giving it up.
#pragma once

#include "ingest/core.h"
#include "model/batch_lines.h"
#include "model/stored.h"
#include "tallystone/engine.h"

namespace tallystone {

// The line of a letter, as it was received last. Views into `letter`.
RawLine LineOf(const StoredDeadLetter& letter);

// See Engine::RetryDeadLetter. The line keeps its identity: its dead letter exists until the retry
// that books it is in the log, and the tenant's mutex is held from the look-up to the append, so it
// is booked once (L2).
Status RetryDeadLetter(Core* core, const IngestOptions& options, const DeadLetterKey& key,
                       const TextLine* corrected, LineResult* result);

// See Engine::DropDeadLetter.
Status DropDeadLetter(Core* core, const DeadLetterKey& key);

}  // namespace tallystone
