#include "output/progress.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "output/terminal.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr std::string_view kWiped = "\r\x1b[K";

std::atomic<int> shown_on = -1;  // where a line stands now; -1: nowhere

void WriteAll(int fd, std::string_view text) {
  [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
}

}  // namespace

Progress::Progress(std::string_view label) : Progress(label, IsTerminal(2) ? 2 : -1) {}

Progress::Progress(std::string_view label, int fd)
    : label_(PlainText(label)), fd_(fd), start_(Clock::now()), next_(start_ + kInterval) {}

void Progress::Update(uint64_t lines, uint64_t done, uint64_t total) {
  if (fd_ < 0) {
    return;
  }
  const Clock::time_point now = Clock::now();
  if (now < next_) {
    return;
  }
  next_ = now + kInterval;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  Show(ProgressText(label_, lines, seconds, done, total));
}

void Progress::Step(std::string_view step) {
  if (fd_ >= 0) {
    Show(label_ + ": " + PlainText(step));
  }
}

void Progress::Show(std::string text) {
  if (const size_t width = TerminalWidth(fd_); width > 1) {
    text = CutToWidth(text, width - 1);
  }
  WriteAll(fd_, "\r" + text + "\x1b[K");
  shown_ = true;
  shown_on = fd_;
}

void Progress::Clear() {
  if (shown_) {
    WriteAll(fd_, kWiped);
    shown_ = false;
    shown_on = -1;
  }
}

void WipeProgress() {
  if (const int fd = shown_on.exchange(-1); fd >= 0) {
    WriteAll(fd, kWiped);
  }
}

std::string ProgressText(std::string_view label, uint64_t lines, double seconds, uint64_t done,
                         uint64_t total) {
  std::string text(label);
  text += ": " + Counted(lines, "line");
  if (seconds <= 0) {
    return text;
  }
  text +=
      ", " + Thousands(static_cast<uint64_t>(static_cast<double>(lines) / seconds)) + " lines/s";
  if (total == 0 || done == 0) {
    return text;
  }
  done = std::min(done, total);
  text += ", " + std::to_string(done * 100 / total) + " %";
  const double left = seconds * static_cast<double>(total - done) / static_cast<double>(done);
  text += ", ETA " + Duration(left);
  return text;
}

}  // namespace tallystone::tool
