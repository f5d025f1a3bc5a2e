// Spool: a stream kept in a temporary file, so that it can be read twice.
#pragma once

#include <string>

#include "import/byte_source.h"

namespace tallystone::tool {

// Makes a temporary file without a name (in TMPDIR, or /tmp), which goes away with its descriptor.
Status MakeTemporaryFile(int* fd);

// Copies `source` to its end into a temporary file without a name (in TMPDIR, or /tmp), which goes
// away with the descriptor. *fd is at the beginning and belongs to the caller. kInterrupted: a
// signal came.
Status SpoolToTemporaryFile(ByteSource* source, const std::string& name, int* fd);

}  // namespace tallystone::tool
