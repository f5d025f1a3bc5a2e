#include "import/spool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

Status WriteError(const std::string& directory) {
  const std::string message =
      "cannot keep the input in " + directory + " (TMPDIR): " + std::strerror(errno);
  return errno == ENOSPC ? Status::NoSpace(message) : Status::IoError(message);
}

Status WriteAll(int fd, const char* bytes, size_t size, const std::string& directory) {
  while (size > 0) {
    const ssize_t count = write(fd, bytes, size);
    if (count < 0 && errno != EINTR) {
      return WriteError(directory);
    }
    if (count > 0) {
      bytes += count;
      size -= static_cast<size_t>(count);
    }
  }
  return Status::Ok();
}

Status Copy(ByteSource* source, const std::string& name, int fd, const std::string& directory) {
  std::vector<char> buffer(256 * 1024);
  for (;;) {
    if (Interrupted()) {
      return Status::Interrupted("interrupted while reading " + name);
    }
    size_t got = 0;
    if (Status s = source->Read(buffer.data(), buffer.size(), &got); !s.ok() || got == 0) {
      return s;
    }
    if (Status s = WriteAll(fd, buffer.data(), got, directory); !s.ok()) {
      return s;
    }
  }
}

std::string Directory() {
  const char* chosen = getenv("TMPDIR");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
}

}  // namespace

Status MakeTemporaryFile(int* fd) {
  const std::string directory = Directory();
  std::string path = directory + "/tallystone-XXXXXX";
  *fd = mkostemp(path.data(), O_CLOEXEC);
  if (*fd < 0) {
    const int error = errno;
    return Status::IoError("cannot make a temporary file in " + directory +
                           " (TMPDIR): " + std::strerror(error));
  }
  unlink(path.c_str());
  return Status::Ok();
}

Status SpoolToTemporaryFile(ByteSource* source, const std::string& name, int* fd) {
  const std::string directory = Directory();
  int file = -1;
  if (Status s = MakeTemporaryFile(&file); !s.ok()) {
    return s;
  }
  Status s = Copy(source, name, file, directory);
  if (s.ok() && lseek(file, 0, SEEK_SET) != 0) {
    s = WriteError(directory);
  }
  if (!s.ok()) {
    close(file);
    return s;
  }
  *fd = file;
  return s;
}

}  // namespace tallystone::tool
