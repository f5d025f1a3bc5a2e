// csv_fields [DELIMITER [BUFFER_BYTES]]: reads CSV on standard input and prints each record on a
// line: a JSON array of its fields, or {"broken": raw}. Bytes are printed as Latin-1 characters, so
// that nothing is lost.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "import/csv_reader.h"
#include "output/escape.h"

namespace {

std::string Latin1AsUtf8(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x80) {
      text.push_back(byte);
    } else {
      text.push_back(static_cast<char>(0xC0 | code >> 6));
      text.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tallystone::tool;  // NOLINT: a test program
  FdSource source(STDIN_FILENO, "standard input");
  CsvReader::Options options;
  if (argc > 1) {
    options.delimiter = argv[1][0];
  }
  if (argc > 2) {
    options.buffer_bytes = std::strtoul(argv[2], nullptr, 10);
  }
  CsvReader reader(&source, options);
  std::string line;
  while (reader.Next()) {
    line = reader.broken() ? "{\"broken\":" : "[";
    if (reader.broken()) {
      AppendJsonString(Latin1AsUtf8(reader.raw()), &line);
    }
    for (size_t index = 0; index < reader.fields().size(); ++index) {
      line += index > 0 ? "," : "";
      AppendJsonString(Latin1AsUtf8(reader.fields()[index]), &line);
    }
    line += reader.broken() ? "}\n" : "]\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
  return reader.status().ok() ? 0 : 1;
}
