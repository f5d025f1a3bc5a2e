#include "output/table.h"

#include <algorithm>
#include <numeric>

#include "output/text.h"

namespace tallystone::tool {
namespace {

constexpr std::string_view kGap = "  ";

}  // namespace

Table::Table(const std::vector<Column>& columns, size_t width_max, Sink* sink)
    : columns_(columns), width_max_(width_max), sink_(sink) {
  for (const Column& column : columns_) {
    widths_.push_back(DisplayWidth(column.name));
  }
}

void Table::Write(const std::vector<std::string>& cells) {
  Cells plain;
  plain.reserve(cells.size());
  for (const std::string& cell : cells) {
    plain.push_back(PlainText(cell));
  }
  if (released_) {
    WriteLine(plain);
    return;
  }
  for (size_t index = 0; index < plain.size(); ++index) {
    widths_[index] = std::max(widths_[index], DisplayWidth(plain[index]));
  }
  sample_.push_back(std::move(plain));
  if (sample_.size() == kSampleRows) {
    Release();
  }
}

void Table::End() {
  if (!released_) {
    Release();
  }
}

bool Table::RightAligned(size_t column) const {
  return columns_[column].kind == Column::Kind::kCount ||
         columns_[column].kind == Column::Kind::kDecimal;
}

bool Table::Narrow() {
  const size_t gaps = kGap.size() * (widths_.size() - 1);
  while (std::accumulate(widths_.begin(), widths_.end(), size_t{0}) + gaps > width_max_) {
    size_t widest = widths_.size();
    for (size_t index = 0; index < widths_.size(); ++index) {
      const size_t least = std::max(kTextColumnMin, DisplayWidth(columns_[index].name));
      if (columns_[index].kind == Column::Kind::kText && widths_[index] > least &&
          (widest == widths_.size() || widths_[index] > widths_[widest])) {
        widest = index;
      }
    }
    if (widest == widths_.size()) {
      return false;  // numbers are never cut
    }
    --widths_[widest];
  }
  return true;
}

void Table::Release() {
  const std::vector<size_t> wanted = widths_;
  if (width_max_ == 0 || !Narrow()) {
    width_max_ = 0;  // the terminal wraps the lines, so it may as well have all of them
    for (size_t index = 0; index < widths_.size(); ++index) {
      widths_[index] = std::min(wanted[index], kPaddedMax);
    }
  }
  released_ = true;
  Cells names;
  Cells rules;
  for (size_t index = 0; index < columns_.size(); ++index) {
    names.push_back(columns_[index].name);
    rules.emplace_back(widths_[index], '-');
  }
  WriteLine(names);
  WriteLine(rules);
  for (const Cells& cells : sample_) {
    WriteLine(cells);
  }
  sample_ = {};
}

void Table::WriteLine(const Cells& cells) {
  std::string line;
  for (size_t index = 0; index < cells.size(); ++index) {
    if (index > 0) {
      line.append(kGap);
    }
    const bool cut = width_max_ > 0 && columns_[index].kind == Column::Kind::kText;
    const std::string cell = cut ? CutToWidth(cells[index], widths_[index]) : cells[index];
    const size_t width = DisplayWidth(cell);
    const size_t padding = width < widths_[index] ? widths_[index] - width : 0;
    if (RightAligned(index)) {
      line.append(padding, ' ').append(cell);
    } else {
      line.append(cell);
      if (index + 1 < cells.size()) {
        line.append(padding, ' ');
      }
    }
  }
  line.push_back('\n');
  sink_->Write(line);
}

}  // namespace tallystone::tool
