#include "import/store_refusals.h"

#include <algorithm>
#include <utility>

#include "tallystone/limits.h"

namespace tallystone::tool {
namespace {

// The file and the row in it of a row of the import, which `failed` has the number of.
void FindPlace(const ImportReport& report, ImportReport::FailedRow* failed) {
  failed->row = failed->number;
  for (const ImportReport::File& file : report.files) {
    failed->file = file.name;
    if (failed->row <= file.lines) {
      return;
    }
    failed->row -= file.lines;
  }
}

// `later` into report->failed_items, in the order of the rows.
void MergeFailed(std::vector<ImportReport::FailedRow> later, ImportReport* report) {
  std::vector<ImportReport::FailedRow>& failed = report->failed_items;
  failed.insert(failed.end(), std::make_move_iterator(later.begin()),
                std::make_move_iterator(later.end()));
  std::sort(failed.begin(), failed.end(),
            [](const auto& left, const auto& right) { return left.number < right.number; });
  if (failed.size() > limits::kFailedItemsInResultMax) {
    failed.resize(limits::kFailedItemsInResultMax);
  }
}

}  // namespace

Status FindRefused(Engine* engine, const ImportReport& report, uint64_t lsn,
                   std::vector<LineName>* refused) {
  refused->clear();
  Filter filter;
  if (report.tenants.size() == 1) {
    filter.tenant = *report.tenants.begin();
  }
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (Status s = engine->NewDeadLetterCursor(filter, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const DeadLetter& letter = cursor->value();
    if (letter.cause == Outcome::kStoreRejected && letter.lsn > lsn) {
      refused->push_back(NameOf(letter.key));
    }
  }
  std::sort(refused->begin(), refused->end());
  return cursor->status();
}

Status TellRows(const std::vector<LineName>& refused, ToldRows* told, OutcomeWriter* outcomes,
                ImportReport* report) {
  const std::string_view accepted = OutcomeName(Outcome::kAccepted);
  const std::string_view rejected = OutcomeName(Outcome::kStoreRejected);
  std::vector<ImportReport::FailedRow> failed;
  const Status s = told->ForEach([&](const ToldRows::Row& row, uint64_t number) {
    const bool known =
        row.line != LineName() && std::binary_search(refused.begin(), refused.end(), row.line);
    if (known) {
      ++report->store_rejected;
      if (failed.size() < limits::kFailedItemsInResultMax) {
        failed.push_back({{}, 0, std::string(row.code), rejected, number});
        FindPlace(*report, &failed.back());
      }
    }
    if (outcomes == nullptr) {
      return;
    }
    if (known) {
      outcomes->WriteText(row.text.substr(0, row.outcome_at));
      outcomes->WriteText(rejected);
      outcomes->WriteText(row.text.substr(row.outcome_at + accepted.size()));
    } else {
      outcomes->WriteText(row.text);
    }
  });
  MergeFailed(std::move(failed), report);
  return s;
}

}  // namespace tallystone::tool
