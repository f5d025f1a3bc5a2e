#include "output/replace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "output/sink.h"

namespace tallystone::tool {

Status ReplaceFile(const std::string& path, std::string_view text) {
  // Two programs that write the same file do not meet, and a collector that takes *.prom does not
  // take this one.
  const std::string beside = path + ".tmp" + std::to_string(getpid());
  const auto failed = [&](const std::string& doing) {
    const std::string message = doing + ": " + std::strerror(errno);
    unlink(beside.c_str());
    return Status::IoError(message);
  };
  unlink(beside.c_str());  // of a process that had our number and ended in between
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) {
    return Status::IoError("cannot write " + beside + ": " + std::strerror(errno));
  }
  Status written;
  {
    Sink sink(fd, beside);
    sink.Write(text);
    written = sink.Flush();
  }
  if (close(fd) != 0 && written.ok()) {
    return failed("cannot write " + beside);
  }
  if (!written.ok()) {
    unlink(beside.c_str());
    return written;
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    return failed("cannot write " + path);
  }
  return Status::Ok();
}

}  // namespace tallystone::tool
