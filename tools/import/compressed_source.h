// Compressed input: gzip and Zstandard.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "import/byte_source.h"

namespace tallystone::tool {

enum class Compression { kNone, kGzip, kZstd };

// By the first bytes of a file (at least 4, if it has as many).
Compression DetectCompression(std::string_view first_bytes);
// By the end of a file's name: what it should be.
Compression CompressionOfName(std::string_view name);

// Decompresses `source`: all members or frames one after another. Damaged or cut-off data is
// kCorruption with `name` in the message.
std::unique_ptr<ByteSource> NewDecompressor(Compression compression,
                                            std::unique_ptr<ByteSource> source, std::string name);

}  // namespace tallystone::tool
