#include "base/random_id.h"

#include <cerrno>
#include <cstring>

#include <sys/random.h>

namespace tallystone {

Status MakeRandomId(std::string* id) {
  char bytes[kRandomIdBytes];
  size_t filled = 0;
  while (filled < sizeof(bytes)) {
    const ssize_t got = getrandom(bytes + filled, sizeof(bytes) - filled, 0);
    if (got < 0 && errno != EINTR) {
      return Status::IoError(std::string("no random bytes: ") + std::strerror(errno));
    }
    filled += got > 0 ? static_cast<size_t>(got) : 0;
  }
  id->assign(bytes, sizeof(bytes));
  return Status::Ok();
}

}  // namespace tallystone
