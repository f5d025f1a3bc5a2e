#include "machine.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

namespace tallystone::bench {
namespace {

// The text behind "NAME:" of a line in a file of /proc.
std::string ProcField(const char* path, std::string_view name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const size_t colon = line.find(':');
    if (line.starts_with(name) && colon != std::string::npos) {
      const size_t begin = line.find_first_not_of(" \t", colon + 1);
      return begin == std::string::npos ? "" : line.substr(begin);
    }
  }
  return "";
}

uint64_t ProcKibibytes(std::string_view name) {
  return std::strtoull(ProcField("/proc/self/status", name).c_str(), nullptr, 10) * 1024;
}

}  // namespace

MachineInfo ThisMachine() {
  MachineInfo info;
  info.cpu = ProcField("/proc/cpuinfo", "model name");
  info.cpus = std::thread::hardware_concurrency();
  utsname names{};
  if (uname(&names) == 0) {
    info.kernel = fmt::format("{} {}", names.sysname, names.release);
  }
#ifdef __clang__
  info.compiler = fmt::format("clang {}.{}", __clang_major__, __clang_minor__);
#else
  info.compiler = fmt::format("gcc {}.{}", __GNUC__, __GNUC_MINOR__);
#endif
  info.build_type = TALLYSTONE_BUILD_TYPE;
  return info;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

uint64_t ResidentBytes() {
  return ProcKibibytes("VmRSS");
}

uint64_t PeakResidentBytes() {
  return ProcKibibytes("VmHWM");
}

DeviceActivity DeviceActivityBelow(const std::string& path) {
  constexpr uint64_t kSectorBytes = 512;
  // Which numbers of the line, from 1: see the kernel's documentation of block devices.
  constexpr int kSectorsWritten = 7;
  constexpr int kFlushes = 16;
  DeviceActivity activity;
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) {
    return activity;
  }
  std::ifstream line("/sys/dev/block/" + std::to_string(major(file.st_dev)) + ":" +
                     std::to_string(minor(file.st_dev)) + "/stat");
  uint64_t number = 0;
  for (int index = 1; index <= kFlushes && line >> number; ++index) {
    if (index == kSectorsWritten) {
      activity.written_bytes = number * kSectorBytes;
    } else if (index == kFlushes) {
      activity.flushes = number;
    }
  }
  return activity;
}

void ResetPeakResidentBytes() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (!path_.empty()) {
    std::filesystem::remove_all(path_, ignored);
  }
}

Status ScratchDirectory::Create(const std::string& parent) {
  std::string pattern = parent + "/tallystone-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    return Status::IoError(pattern + ": " + std::strerror(errno));
  }
  path_ = pattern;
  // A peer's server that runs as another user must get through. What is in there has its own modes.
  return ::chmod(path_.c_str(), 0711) == 0 ? Status::Ok()
                                           : Status::IoError(path_ + ": " + std::strerror(errno));
}

uint64_t DiskBytes(const std::string& path) {
  constexpr uint64_t kStatBlockBytes = 512;
  uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(path, error), end;
       !error && entry != end; entry.increment(error)) {
    struct stat info {};
    if (lstat(entry->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      bytes += static_cast<uint64_t>(info.st_blocks) * kStatBlockBytes;
    }
  }
  return bytes;
}

std::string FileSystemName(const std::string& path, bool* in_memory) {
  *in_memory = false;
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) {
    return "unknown";
  }
  switch (static_cast<uint32_t>(info.f_type)) {
    case 0xef53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x9123683e:
      return "btrfs";
    case 0x794c7630:
      return "overlayfs";
    case 0x01021994:
      *in_memory = true;
      return "tmpfs";
    case 0x858458f6:
      *in_memory = true;
      return "ramfs";
    default:
      return fmt::format("type {:#x}", static_cast<uint32_t>(info.f_type));
  }
}

void SyncFileSystem(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file >= 0) {
    syncfs(file);
    ::close(file);
  }
}

}  // namespace tallystone::bench
