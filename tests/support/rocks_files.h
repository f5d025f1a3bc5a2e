// RocksFiles: RocksDB on a FaultFileSystem, so that log and store stand on one simulated disk.
#pragma once

#include <memory>

#include <rocksdb/env.h>

#include "support/fault_file_system.h"

namespace tallystone {

// RocksDB's environment with the files of `disk`, which is not owned. Threads and clock are the
// operating system's.
std::unique_ptr<rocksdb::Env> NewRocksEnv(FaultFileSystem* disk);

}  // namespace tallystone
