#include "catalog/token_form.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <utf8proc.h>

namespace tallystone {
namespace {

constexpr bool IsDigit(char byte) {
  return byte >= '0' && byte <= '9';
}
constexpr bool IsHigh(char byte) {
  return (static_cast<unsigned char>(byte) & 0x80) != 0;
}
constexpr bool IsLetter(char byte) {
  return (byte >= 'a' && byte <= 'z') || IsHigh(byte);
}

// Not `in` (3 in box), nor what is mostly a word. Of other scripts: degrees, micro, ohms, and the
// units of Russian and Ukrainian invoices.
constexpr std::string_view kUnits[] = {
    "%",   "'",   "\"", "a",   "ah",  "bar", "cl",   "cm",  "cm2", "cm3",  "ct",  "db",  "dl",
    "ft",  "g",   "gb", "ghz", "gsm", "gw",  "ha",   "hl",  "hz",  "inch", "k",   "kb",  "kg",
    "khz", "kj",  "km", "kn",  "kpa", "kv",  "kva",  "kw",  "kwh", "l",    "lb",  "lbs", "lm",
    "m",   "m2",  "m3", "ma",  "mah", "mb",  "mbar", "mcg", "mg",  "mhz",  "ml",  "mm",  "mm2",
    "mm3", "mpa", "mv", "mw",  "n",   "nm",  "oz",   "pc",  "pcs", "pk",   "ppm", "psi", "rpm",
    "stk", "t",   "tb", "ug",  "um",  "v",   "w",    "wh",  "yd",  "°",    "°c",  "°f",  "μf",
    "μg",  "μl",  "μm", "ω",   "kω",  "mω",  "megω", "кг",  "г",   "мг",   "л",   "мл",  "м",
    "см",  "мм",  "км", "т",   "шт",  "вт",
};

bool IsUnit(std::string_view token) {
  return std::find(std::begin(kUnits), std::end(kUnits), token) != std::end(kUnits);
}

// Digits with what may stand between them: 12, 1.5, 1/2, 1,000, 10-20, -20, 10^2.
bool IsNumber(std::string_view token) {
  return !token.empty() && IsDigit(token.back()) &&
         token.find_first_not_of("0123456789.,/-^") == std::string_view::npos;
}

// 10, 10mm, 10x20: what an x and a number may follow.
bool IsDimension(std::string_view token) {
  return !token.empty() && IsDigit(token.front()) &&
         std::all_of(token.begin(), token.end(), [](char byte) {
           return IsDigit(byte) || IsLetter(byte) || byte == '.' || byte == '/' || byte == '\'' ||
                  byte == '"';
         });
}

// The comma at `at`, between digits, is a decimal sign: the only sign of its number, and not one
// that may divide thousands.
bool IsDecimalComma(std::string_view text, size_t at) {
  size_t begin = at;
  while (begin > 0 &&
         (IsDigit(text[begin - 1]) || text[begin - 1] == ',' || text[begin - 1] == '.')) {
    --begin;
  }
  size_t end = at + 1;
  while (end < text.size() && IsDigit(text[end])) {
    ++end;
  }
  const bool goes_on =
      end + 1 < text.size() && (text[end] == ',' || text[end] == '.') && IsDigit(text[end + 1]);
  const std::string_view whole = text.substr(begin, at - begin);
  const bool only_sign = whole.find_first_of(",.") == std::string_view::npos && !goes_on;
  const bool thousands = end - at - 1 == 3 && whole.size() <= 3 && whole.front() != '0';
  return only_sign && !thousands;
}

// Signs that Unicode counts as punctuation: per mille and per ten thousand, and of Arabic numbers
// percent, the decimal sign, thousands.
constexpr utf8proc_int32_t kKept[] = {0x2030, 0x2031, 0x0609, 0x060A, 0x066A, 0x066B, 0x066C};

class Splitter {
 public:
  Splitter(std::string_view text, std::string* out) : text_(text), out_(out) { out_->clear(); }

  // True: there was a digit.
  bool Split() {
    for (at_ = 0; at_ < text_.size();) {
      if (IsHigh(text_[at_])) {
        TakeRune();
      } else {
        TakeAscii();
        ++at_;
      }
    }
    return digits_;
  }

 private:
  [[nodiscard]] char before() const { return at_ == 0 ? ' ' : text_[at_ - 1]; }
  [[nodiscard]] char after() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : ' '; }
  static bool IsWord(char byte) { return IsDigit(byte) || IsLetter(byte); }
  // A point or comma here begins a number: .5, -.5, (.5, 10x.5; not No.5.
  [[nodiscard]] bool BeginsNumber() const {
    const bool behind_x = before() == 'x' && at_ >= 2 && IsDigit(text_[at_ - 2]);
    return IsDigit(after()) && (!IsWord(before()) || behind_x);
  }
  // 5' and 5 ' but not 5 'blue'.
  [[nodiscard]] bool IsFootOrInch(size_t next) const {
    const char behind = next < text_.size() ? text_[next] : ' ';
    const bool after_blank = before() == ' ' && at_ >= 2 && IsDigit(text_[at_ - 2]);
    return IsDigit(before()) || (after_blank && !IsWord(behind));
  }

  void Keep(std::string_view bytes) {
    if (blank_ && !out_->empty()) {
      out_->push_back(' ');
    }
    blank_ = false;
    out_->append(bytes);
  }

  // Nothing that stands at a digit and could mean something is dropped.
  void TakeAscii() {
    const char byte = text_[at_];
    const bool inside_number = IsDigit(before()) && IsDigit(after());
    switch (byte) {
      case '/':
      case '%':
      case '&':
      case '#':
      case '@':
      case '+':
      case '*':
      case '=':
      case '~':
      case '^':
      case '<':
      case '>':
      case '$':
        return Keep({&byte, 1});
      case '.':
        if (inside_number || BeginsNumber()) {
          return Keep(inside_number ? "." : "0.");
        }
        break;
      case ',':
        if (inside_number || BeginsNumber()) {
          return Keep(!inside_number ? "0." : IsDecimalComma(text_, at_) ? "." : ",");
        }
        break;
      case ':':
      case ';':
      case '|':
      case '\\':
        if (IsDigit(before()) && IsDigit(after())) {
          return Keep({&byte, 1});
        }
        break;
      case '\'': {
        const bool two = after() == '\'';  // typed for inches
        if (IsFootOrInch(at_ + (two ? 2 : 1))) {
          Keep(two ? "\"" : "'");
          at_ += two ? 1 : 0;
          return;
        }
        break;
      }
      case '"':
        if (IsFootOrInch(at_ + 1)) {
          return Keep("\"");
        }
        break;
      case '-': {
        const bool alone = before() == ' ' && after() == ' ';
        const bool first = at_ == 0 && at_ + 2 < text_.size() && IsDigit(text_[at_ + 2]);
        if ((!alone || first) && !(IsLetter(before()) && IsLetter(after()))) {
          return Keep("-");
        }
        break;
      }
      default:
        if (IsWord(byte)) {
          digits_ = digits_ || IsDigit(byte);
          return Keep({&byte, 1});
        }
        break;
    }
    blank_ = true;
  }

  void TakeRune() {
    utf8proc_int32_t rune = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text_.data() + at_);
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text_.size() - at_), &rune);
    const size_t length = size > 0 ? static_cast<size_t>(size) : 1;
    const utf8proc_category_t category = size > 0 ? utf8proc_category(rune) : UTF8PROC_CATEGORY_LO;
    if (std::find(std::begin(kKept), std::end(kKept), rune) != std::end(kKept)) {
      Keep(text_.substr(at_, length));
      at_ += length;
      return;
    }
    switch (category) {
      case UTF8PROC_CATEGORY_PC:
      case UTF8PROC_CATEGORY_PD:
      case UTF8PROC_CATEGORY_PS:
      case UTF8PROC_CATEGORY_PE:
      case UTF8PROC_CATEGORY_PI:
      case UTF8PROC_CATEGORY_PF:
      case UTF8PROC_CATEGORY_PO:
      case UTF8PROC_CATEGORY_ZS:
      case UTF8PROC_CATEGORY_ZL:
      case UTF8PROC_CATEGORY_ZP:
        blank_ = true;
        break;
      default:
        Keep(text_.substr(at_, length));
    }
    at_ += length;
  }

  const std::string_view text_;
  std::string* const out_;
  size_t at_ = 0;
  bool blank_ = false;
  bool digits_ = false;
};

// Takes the last tokens of *out together as long as they join.
class Joiner {
 public:
  explicit Joiner(std::string* out) : out_(out) { out_->clear(); }

  void Add(std::string_view token) {
    const std::string_view last = Last();
    const bool is_x = token == "x" || token == "*";
    const bool takes_unit = IsNumber(last) || (IsDimension(last) && IsDigit(last.back()) &&
                                               last.find('x') != std::string_view::npos);
    if (takes_unit && IsUnit(token)) {
      out_->append(token);
    } else if (before_x_ && !token.empty() && IsDigit(token.front())) {
      // 10, x and 15: of 5x 10mm nobody knows
      out_->resize(begin_ - 1);
      begin_ = before_x_begin_;
      out_->append("x").append(token);
    } else {
      before_x_ = is_x && !last.empty() && IsDimension(last) && last.back() != 'x';
      before_x_begin_ = begin_;
      if (!out_->empty()) {
        out_->push_back(' ');
      }
      begin_ = out_->size();
      out_->append(token);
      return;
    }
    before_x_ = false;
  }

 private:
  [[nodiscard]] std::string_view Last() const { return std::string_view(*out_).substr(begin_); }

  std::string* const out_;
  size_t begin_ = 0;       // of the last token
  bool before_x_ = false;  // the last token is an x, and the one before it a dimension
  size_t before_x_begin_ = 0;
};

// 10*15 as one token.
void StarsToX(std::string* text) {
  for (size_t at = text->find('*'); at != std::string::npos; at = text->find('*', at + 1)) {
    if (at > 0 && at + 1 < text->size() && IsDigit((*text)[at - 1]) && IsDigit((*text)[at + 1])) {
      (*text)[at] = 'x';
    }
  }
}

}  // namespace

void WriteTokens(std::string_view folded, std::string* out) {
  if (!Splitter(folded, out).Split()) {
    return;
  }
  StarsToX(out);
  const std::string tokens = std::move(*out);
  Joiner joiner(out);
  for (size_t begin = 0; begin < tokens.size();) {
    const size_t end = std::min(tokens.find(' ', begin), tokens.size());
    joiner.Add(std::string_view(tokens).substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace tallystone
