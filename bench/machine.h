// The machine under the benches: what it is, and what a run took of it.
#pragma once

#include <cstdint>
#include <string>

#include "tallystone/status.h"

namespace tallystone::bench {

struct MachineInfo {
  std::string cpu;
  unsigned cpus = 0;
  std::string kernel;
  std::string compiler;
  std::string build_type;
};
MachineInfo ThisMachine();

// Of this process, all threads: user and system time.
double CpuSeconds();

// Bytes resident now, and the most since ResetPeakResidentBytes. 0 if the system does not say.
uint64_t ResidentBytes();
uint64_t PeakResidentBytes();
// Gives freed memory back first, so that the next run does not live on what the one before left.
void ResetPeakResidentBytes();

// What was done so far to the device below `path`, by whomever. 0 where the system does not say.
struct DeviceActivity {
  uint64_t written_bytes = 0;
  uint64_t flushes = 0;  // of its write cache: what a sync ends with
};
DeviceActivity DeviceActivityBelow(const std::string& path);

// A directory that is removed with everything in it when this goes.
class ScratchDirectory {
 public:
  ScratchDirectory() = default;
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  // Makes a new directory in `parent`, which must exist.
  Status Create(const std::string& parent);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Bytes that the files below `path` take on the device.
uint64_t DiskBytes(const std::string& path);
// "ext4", or the number of an unknown one. Memory file systems have no device to sync to.
std::string FileSystemName(const std::string& path, bool* in_memory);
// Waits until everything written to the file system of `path` is on the device.
void SyncFileSystem(const std::string& path);

}  // namespace tallystone::bench
