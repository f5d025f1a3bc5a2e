// MetricsFile: the metrics of an engine at work, in a file that Prometheus' node_exporter reads.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tallystone/engine.h"

namespace tallystone::tool {

// Writes the file when it starts, every few seconds, also while a call into the engine waits, and
// when it finishes. The file is always whole.
class MetricsFile {
 public:
  // Writes the file for the first time. The engine is not owned and must outlive the result.
  static Status Start(const std::string& path, const Engine* engine,
                      std::unique_ptr<MetricsFile>* file);
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  // Writes the file for the last time. The engine may be closed by then. Once.
  Status Finish();

 private:
  MetricsFile(std::string path, const Engine* engine);
  [[nodiscard]] Status Write() const;
  void Run();
  void Stop();

  const std::string path_;
  const Engine* const engine_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  // with mutex_
  std::thread thread_;
};

}  // namespace tallystone::tool
