#include "import/told_rows.h"

#include <unistd.h>
#include <xxhash.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "import/spool.h"

namespace tallystone::tool {
namespace {

// Stands before the code and the text of each row.
struct Fixed {
  LineName line;
  uint32_t code_bytes = 0;
  uint32_t text_bytes = 0;
  uint32_t outcome_at = 0;
  uint32_t unused = 0;
};

std::string_view BytesOf(const Fixed& fixed) {
  return {reinterpret_cast<const char*>(&fixed), sizeof(fixed)};
}

}  // namespace

// No name has a NUL.
LineName NameOf(const DeadLetterKey& key) {
  const std::string name = key.tenant + '\0' + key.batch + '\0' + std::to_string(key.line);
  const XXH128_hash_t hash = XXH3_128bits(name.data(), name.size());
  return {hash.low64, hash.high64};
}

Status ToldRows::Open(std::unique_ptr<ToldRows>* rows) {
  int fd = -1;
  if (Status s = MakeTemporaryFile(&fd); !s.ok()) {
    return s;
  }
  rows->reset(new ToldRows(fd));
  return Status::Ok();
}

ToldRows::~ToldRows() {
  close(fd_);  // what the sink still has would be written to nothing
}

void ToldRows::Add(const Row& row) {
  Fixed fixed;
  fixed.line = row.line;
  fixed.code_bytes = static_cast<uint32_t>(row.code.size());
  fixed.text_bytes = static_cast<uint32_t>(row.text.size());
  fixed.outcome_at = row.outcome_at;
  sink_.Write(BytesOf(fixed));
  sink_.Write(row.code);
  sink_.Write(row.text);
  ++rows_;
}

Status ToldRows::ForEach(const std::function<void(const Row&, uint64_t)>& visit) {
  if (Status s = sink_.Flush(); !s.ok()) {
    return s;
  }
  const int again = dup(fd_);
  std::FILE* const file = again < 0 ? nullptr : fdopen(again, "rb");
  if (file == nullptr || std::fseek(file, 0, SEEK_SET) != 0) {
    return Status::IoError("cannot read the temporary file of the outcomes");
  }
  std::string bytes;
  Status status;
  for (uint64_t number = 1; number <= rows_ && status.ok(); ++number) {
    Fixed fixed;
    bool whole = std::fread(&fixed, sizeof(fixed), 1, file) == 1;
    bytes.resize(whole ? size_t{fixed.code_bytes} + fixed.text_bytes : 0);
    whole = whole && std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
    if (whole) {
      const std::string_view all = bytes;
      visit({fixed.line, all.substr(0, fixed.code_bytes), all.substr(fixed.code_bytes),
             fixed.outcome_at},
            number);
    } else {
      status = Status::IoError("cannot read the temporary file of the outcomes");
    }
  }
  std::fclose(file);
  return status;
}

}  // namespace tallystone::tool
