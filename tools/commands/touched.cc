#include "commands/touched.h"

#include <utility>

namespace tallystone::tool {
namespace {

template <typename Visit>
Status ForEachLine(Inspector* inspector, const Filter& filter, const Visit& visit) {
  std::unique_ptr<Cursor<Transaction>> lines;
  if (Status s = inspector->NewTransactionCursor(filter, &lines); !s.ok()) {
    return s;
  }
  for (lines->SeekToFirst(); lines->Valid(); lines->Next()) {
    visit(lines->value());
  }
  return lines->status();
}

}  // namespace

Status CollectItems(Inspector* inspector, ListOptions* options, Touched* touched, bool* given) {
  *given = options->range.given() || !options->filter.batch.empty();
  if (!*given) {
    return Status::Ok();
  }
  Filter filter;
  filter.tenant = options->filter.tenant;
  filter.batch = std::exchange(options->filter.batch, {});
  if (Status s = options->range.Resolve(inspector, &filter); !s.ok()) {
    return s;
  }
  return ForEachLine(inspector, filter, [&](const Transaction& line) {
    touched->items[line.tenant].insert(line.item);
  });
}

Status CollectBatches(Inspector* inspector, ListOptions* options, Touched* touched, bool* given) {
  Filter filter = options->filter;
  options->filter.code.clear();
  options->filter.item = 0;
  *given = !filter.code.empty() || filter.item != 0;
  if (!*given) {
    return Status::Ok();
  }
  const ItemFilter items = TakeItemFilter(&filter);
  return ForEachLine(inspector, filter, [&](const Transaction& line) {
    if (items.Passes(line.code, line.item)) {
      touched->batches[line.tenant].insert(line.batch);
    }
  });
}

}  // namespace tallystone::tool
