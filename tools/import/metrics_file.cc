#include "import/metrics_file.h"

#include <chrono>

#include "output/replace_file.h"
#include "process/exit_code.h"
#include "tallystone/metrics.h"

namespace tallystone::tool {
namespace {

constexpr std::chrono::seconds kInterval(5);

}  // namespace

MetricsFile::MetricsFile(std::string path, const Engine* engine)
    : path_(std::move(path)), engine_(engine) {}

MetricsFile::~MetricsFile() {
  Stop();
}

Status MetricsFile::Start(const std::string& path, const Engine* engine,
                          std::unique_ptr<MetricsFile>* file) {
  std::unique_ptr<MetricsFile> made(new MetricsFile(path, engine));
  if (Status s = made->Write(); !s.ok()) {
    return s;
  }
  made->thread_ = std::thread([raw = made.get()] { raw->Run(); });
  *file = std::move(made);
  return Status::Ok();
}

Status MetricsFile::Write() const {
  return ReplaceFile(path_, PrometheusText(engine_->metrics()));
}

void MetricsFile::Run() {
  bool told = false;
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, kInterval, [this] { return stopping_; })) {
    const Status s = Write();
    if (!s.ok() && !told) {
      told = true;
      PrintMessage(s.message());
    }
  }
}

void MetricsFile::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

Status MetricsFile::Finish() {
  Stop();
  return Write();
}

}  // namespace tallystone::tool
