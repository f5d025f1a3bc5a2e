#include "import/compressed_source.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <climits>
#include <vector>

namespace tallystone::tool {
namespace {

constexpr size_t kInputBytes = 128 * 1024;

// The compressed side: a piece of input and how far it was consumed.
class Input {
 public:
  Input(std::unique_ptr<ByteSource> source, std::string name)
      : source_(std::move(source)), name_(std::move(name)), bytes_(kInputBytes) {}

  // Makes sure that there is input unless the source ended.
  Status Fill() {
    if (at_ < size_ || ended_) {
      return Status::Ok();
    }
    at_ = 0;
    size_ = 0;
    Status s = source_->Read(bytes_.data(), bytes_.size(), &size_);
    ended_ = s.ok() && size_ == 0;
    return s;
  }

  [[nodiscard]] const char* data() const { return bytes_.data() + at_; }
  [[nodiscard]] size_t size() const { return size_ - at_; }
  [[nodiscard]] bool ended() const { return ended_; }
  void Consume(size_t count) { at_ += count; }

  [[nodiscard]] Status Damaged(std::string_view what) const {
    return Status::Corruption(name_ + ": " + std::string(what));
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::vector<char> bytes_;
  size_t at_ = 0;
  size_t size_ = 0;
  bool ended_ = false;
};

class GzipSource : public ByteSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> source, std::string name)
      : input_(std::move(source), std::move(name)) {
    constexpr int kGzipOnly = 16;
    ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  Status Read(char* buffer, size_t size, size_t* got) override {
    *got = 0;
    if (!ready_) {
      return Status::Unavailable("zlib cannot be started");
    }
    while (*got == 0) {
      if (Status s = input_.Fill(); !s.ok()) {
        return s;
      }
      const bool flushing = input_.ended();
      if (flushing && !in_member_) {
        return Status::Ok();
      }
      if (Status s = Inflate(buffer, std::min<size_t>(size, UINT_MAX), got); !s.ok()) {
        return s;
      }
      if (flushing && *got == 0 && in_member_) {
        return input_.Damaged("the gzip data is cut off");
      }
    }
    return Status::Ok();
  }

 private:
  Status Inflate(char* buffer, size_t size, size_t* got) {
    if (!in_member_) {
      // Padding of zeros after the last member is allowed, as in gzip itself.
      while (members_ > 0 && input_.size() > 0 && *input_.data() == '\0') {
        input_.Consume(1);
      }
      if (input_.size() == 0) {
        return Status::Ok();
      }
      inflateReset(&stream_);
      in_member_ = true;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));
    stream_.avail_in = static_cast<uInt>(input_.size());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(size);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    input_.Consume(input_.size() - stream_.avail_in);
    *got = size - stream_.avail_out;
    if (result == Z_STREAM_END) {
      in_member_ = false;
      ++members_;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return input_.Damaged("the gzip data is damaged");
    }
    return Status::Ok();
  }

  Input input_;
  z_stream stream_ = {};
  bool ready_ = false;
  bool in_member_ = false;
  uint64_t members_ = 0;
};

class ZstdSource : public ByteSource {
 public:
  ZstdSource(std::unique_ptr<ByteSource> source, std::string name)
      : input_(std::move(source), std::move(name)), stream_(ZSTD_createDStream()) {}
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;

  Status Read(char* buffer, size_t size, size_t* got) override {
    *got = 0;
    if (stream_ == nullptr) {
      return Status::Unavailable("zstd cannot be started");
    }
    while (*got == 0) {
      if (Status s = input_.Fill(); !s.ok()) {
        return s;
      }
      // At the end of the input the decoder may still hold output: ask once more with no input.
      ZSTD_inBuffer in = {input_.data(), input_.size(), 0};
      ZSTD_outBuffer out = {buffer, size, 0};
      const bool flushing = input_.ended();
      if (flushing && !in_frame_) {
        return Status::Ok();
      }
      const size_t result = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(result)) {
        return input_.Damaged(std::string("the zstd data is damaged: ") +
                              ZSTD_getErrorName(result));
      }
      input_.Consume(in.pos);
      *got = out.pos;
      in_frame_ = result != 0;
      if (flushing && *got == 0 && in_frame_) {
        return input_.Damaged("the zstd data is cut off");
      }
    }
    return Status::Ok();
  }

 private:
  Input input_;
  ZSTD_DStream* stream_;
  bool in_frame_ = false;
};

}  // namespace

Compression DetectCompression(std::string_view first_bytes) {
  if (first_bytes.substr(0, 2) == "\x1F\x8B") {
    return Compression::kGzip;
  }
  if (first_bytes.substr(0, 4) == "\x28\xB5\x2F\xFD") {
    return Compression::kZstd;
  }
  // A skippable frame: 0x184D2A50 .. 0x184D2A5F, little-endian.
  const bool skippable = first_bytes.size() >= 4 && (first_bytes[0] & 0xF0) == 0x50 &&
                         first_bytes.substr(1, 3) == "\x2A\x4D\x18";
  return skippable ? Compression::kZstd : Compression::kNone;
}

Compression CompressionOfName(std::string_view name) {
  if (name.ends_with(".gz")) {
    return Compression::kGzip;
  }
  return name.ends_with(".zst") ? Compression::kZstd : Compression::kNone;
}

std::unique_ptr<ByteSource> NewDecompressor(Compression compression,
                                            std::unique_ptr<ByteSource> source, std::string name) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<GzipSource>(std::move(source), std::move(name));
    case Compression::kZstd:
      return std::make_unique<ZstdSource>(std::move(source), std::move(name));
    case Compression::kNone:
      break;
  }
  return source;
}

}  // namespace tallystone::tool
