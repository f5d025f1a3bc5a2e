// Inspectors on other files than the operating system's. For tests.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "tallystone/inspector.h"
#include "tallystone/log_inspector.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tallystone {

// Like Open of each. `files` and `env` (null: the operating system's) show the same files, are
// not owned and must outlive the inspector.
Status OpenInspector(const Options& options, const std::string& path, FileSystem* files,
                     rocksdb::Env* env, std::unique_ptr<Inspector>* inspector);
Status OpenLogInspector(const Options& options, const std::string& path, FileSystem* files,
                        rocksdb::Env* env, std::unique_ptr<LogInspector>* inspector);

}  // namespace tallystone
