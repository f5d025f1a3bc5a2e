// Sources of bytes: compression, encodings, files that grow.
#include "import/byte_source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "import/compressed_source.h"

namespace tallystone::tool {
namespace {

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

Status ReadAll(ByteSource* source, size_t size, std::string* text) {
  std::vector<char> buffer(size);
  for (size_t got = 1; got > 0;) {
    if (Status s = source->Read(buffer.data(), size, &got); !s.ok()) {
      return s;
    }
    text->append(buffer.data(), got);
  }
  return Status::Ok();
}

Status Unpack(Compression compression, const std::string& packed, size_t piece, size_t size,
              std::string* text) {
  const auto source =
      NewDecompressor(compression, std::make_unique<MemorySource>(packed, piece), "stock.csv");
  return ReadAll(source.get(), size, text);
}

std::string Sample() {
  std::string text;
  for (int line = 0; line < 2000; ++line) {
    text += "code" + std::to_string(line * 7919 % 1000) + ",1,2.50\n";
  }
  return text + std::string(100'000, 'z');
}

struct Packed {
  Compression compression;
  std::string (*pack)(const std::string&);
};

class Compressed : public testing::TestWithParam<Packed> {};

TEST_P(Compressed, ComesOutWholeWhateverThePieces) {
  const std::string text = Sample();
  const std::string packed = GetParam().pack(text);
  EXPECT_EQ(DetectCompression(packed), GetParam().compression);
  for (const size_t piece : {size_t{1}, size_t{13}, size_t{4096}, SIZE_MAX}) {
    for (const size_t size : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
      std::string out;
      EXPECT_TRUE(Unpack(GetParam().compression, packed, piece, size, &out).ok());
      EXPECT_EQ(out == text, true) << piece << " " << size;
    }
  }
}

TEST_P(Compressed, PartsOneAfterAnotherAreOneFile) {
  std::string out;
  const std::string packed = GetParam().pack("a\n") + GetParam().pack("") + GetParam().pack("b\n");
  EXPECT_TRUE(Unpack(GetParam().compression, packed, 3, 100, &out).ok());
  EXPECT_EQ(out, "a\nb\n");
}

TEST_P(Compressed, CutOffAnywhereIsCorruption) {
  const std::string packed = GetParam().pack("some text, some text, some text\n");
  for (size_t size = 5; size < packed.size(); ++size) {
    std::string out;
    const Status s = Unpack(GetParam().compression, packed.substr(0, size), 64, 100, &out);
    EXPECT_TRUE(s.Is(StatusCode::kCorruption)) << size;
    EXPECT_NE(s.message().find("stock.csv"), std::string::npos);
  }
}

TEST_P(Compressed, FlippedBitsAreNeverWrongTextWithoutAnErrorInGzip) {
  const std::string text = Sample();
  const std::string packed = GetParam().pack(text);
  for (size_t at = 10; at < packed.size(); at += 97) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    std::string out;
    const Status s = Unpack(GetParam().compression, damaged, SIZE_MAX, 1 << 16, &out);
    if (GetParam().compression == Compression::kGzip && s.ok()) {
      EXPECT_EQ(out == text, true) << at;  // Zstd::compress adds no checksum of the content
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Compressed,
                         testing::Values(Packed{Compression::kGzip, Gzip},
                                         Packed{Compression::kZstd, Zstd}));

TEST(Compression, IsToldFromMagicAndName) {
  EXPECT_EQ(DetectCompression("Code,Qty"), Compression::kNone);
  EXPECT_EQ(DetectCompression(""), Compression::kNone);
  EXPECT_EQ(DetectCompression("\x1F"), Compression::kNone);
  EXPECT_EQ(CompressionOfName("a.csv.gz"), Compression::kGzip);
  EXPECT_EQ(CompressionOfName("a.csv.zst"), Compression::kZstd);
  EXPECT_EQ(CompressionOfName("zst.csv"), Compression::kNone);
}

TEST(Latin1Source, MakesUtf8OfEveryByteInBuffersOfEverySize) {
  std::string latin1;
  std::string utf8;
  for (int byte = 0; byte < 256; ++byte) {
    latin1.push_back(static_cast<char>(byte));
    if (byte < 0x80) {
      utf8.push_back(static_cast<char>(byte));
    } else {
      utf8.push_back(static_cast<char>(0xC0 | byte >> 6));
      utf8.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  for (size_t size = 1; size < 600; ++size) {
    Latin1Source source(std::make_unique<MemorySource>(latin1, 1 + size % 7));
    std::string out;
    EXPECT_TRUE(ReadAll(&source, size, &out).ok());
    EXPECT_EQ(out, utf8) << size;
  }
}

TEST(PeekSource, GivesWhatWasPeekedAtFirst) {
  PeekSource source(std::make_unique<MemorySource>("abcdefgh", 3));
  bool more = false;
  ASSERT_TRUE(source.Extend(&more).ok());
  ASSERT_TRUE(source.Extend(&more).ok());
  EXPECT_EQ(source.prefix(), "abcdef");
  std::string out;
  EXPECT_TRUE(ReadAll(&source, 4, &out).ok());
  EXPECT_EQ(out, "abcdefgh");
}

TEST(FdSource, ReadsAFileThatGrowsAsItWas) {
  char path[] = "/tmp/tallystone-test-XXXXXX";
  const int fd = mkostemp(path, O_CLOEXEC);
  ASSERT_GE(fd, 0);
  unlink(path);
  ASSERT_EQ(write(fd, "0123456789", 10), 10);
  lseek(fd, 0, SEEK_SET);
  FdSource source(fd, "growing", 7);
  std::string out;
  EXPECT_TRUE(ReadAll(&source, 3, &out).ok());
  EXPECT_EQ(out, "0123456");
  EXPECT_EQ(source.bytes_read(), 7u);
  close(fd);
}

}  // namespace
}  // namespace tallystone::tool
