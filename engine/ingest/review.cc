#include "ingest/review.h"

#include <algorithm>
#include <mutex>

#include "base/coding.h"
#include "catalog/normal_form.h"
#include "catalog/record_table.h"
#include "ingest/batch_session.h"
#include "ingest/line_mover.h"
#include "model/review_entry.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

// Of the settings: how often they were changed.
constexpr std::string_view kRevision = "revision";

Status FindTenant(Core* core, const std::string& name, Tenant** tenant) {
  *tenant = core->tenants.Find(name);
  return *tenant == nullptr ? Status::NotFound("there is no tenant '" + name + "'") : Status::Ok();
}

// Requires the tenant's mutex, like everything below that takes a tenant.
Status CheckItem(const Tenant& tenant, ItemId item) {
  StoredItem stored;
  return tenant.catalogue.Find(item, &stored)
             ? Status::Ok()
             : Status::NotFound("tenant '" + tenant.name + "' has no item " + std::to_string(item));
}

Status ReadEntry(const Tenant& tenant, ItemId item, ReviewEntry* entry) {
  const std::string_view bytes =
      tenant.catalogue.records().Find(RecordKind::kReview, ItemKeyOf(item));
  if (bytes.empty()) {
    return Status::NotFound("item " + std::to_string(item) + " of tenant '" + tenant.name +
                            "' is not under review");
  }
  return DecodeReviewEntry(bytes, entry);
}

void WriteEntry(Tenant* tenant, ItemId item, const ReviewEntry& entry, CatalogueChanges* changes) {
  std::string value;
  EncodeReviewEntry(entry, &value);
  tenant->catalogue.SetRecord({RecordKind::kReview, ItemKeyOf(item), value}, changes);
}

// Logs `changes` as a batch without lines, or as the beginning of one.
Status LogChanges(Core* core, Tenant* tenant, const std::string& batch, uint8_t flags,
                  CatalogueChanges changes, Lsn* lsn) {
  ChunkMaker maker(core);
  BatchState* state = nullptr;
  Status status = tenant->FindBatch(batch, &state);
  if (!status.ok()) {
    tenant->catalogue.Undo(changes);
    return status;
  }
  ChunkRequest request;
  request.tenant = tenant;
  request.batch = batch;
  request.flags = flags;
  TS_RETURN_IF_ERROR(maker.AppendMade(request, {}, std::move(changes), lsn));
  state->sum.Add(maker.Appended(*lsn));
  state->record_lsn = *lsn;
  return Status::Ok();
}

// The same after every crash, so that an action that is repeated is the same batch.
std::string BatchId(std::string_view action, ItemId item, uint32_t answers) {
  return "review/" + std::string(action) + "/" + std::to_string(item) + "/" +
         std::to_string(answers);
}

// The name under review is a name of `to` from now on, also where other items are called so, too.
// Not if it was split off, or is said to be another item's.
void LearnName(Tenant* tenant, const ReviewEntry& entry, const std::string& vendor, ItemId to,
               CatalogueChanges* changes) {
  const std::string form = NormaliseDescription(entry.text);
  if (form.empty()) {
    return;
  }
  const std::string key = VendorTextKey(vendor, form);
  if (tenant->catalogue.records().FindItem(RecordKind::kAlias, key) == 0) {
    tenant->catalogue.SetRecord({RecordKind::kAlias, key, ItemValue(to)}, changes);
  }
}

void ForgetName(Tenant* tenant, const ReviewEntry& entry, CatalogueChanges* changes) {
  const std::string key = VendorTextKey(entry.move.vendor, NormaliseDescription(entry.text));
  if (tenant->catalogue.records().FindItem(RecordKind::kAlias, key) == entry.move.to) {
    tenant->catalogue.SetRecord({RecordKind::kAlias, key, {}}, changes);
  }
}

// The vendors' own records of the name `form` that lead to `item`: what such a vendor's lines are
// booked on, whatever the name means to the others. In the order of the keys, so that a chunk has
// the same bytes wherever it is made.
std::vector<std::string> VendorsNames(const Tenant& tenant, std::string_view form, ItemId item) {
  std::vector<std::string> keys;
  tenant.catalogue.records().ForEach(RecordKind::kAlias, [&](std::string_view key,
                                                             std::string_view value) {
    std::string_view text = key;
    std::string_view vendor;
    ItemId named = 0;
    if (GetText(&text, &vendor) && !vendor.empty() && text == form && GetVarint32(&value, &named) &&
        (named == item || tenant.catalogue.Resolve(vendor, named) == item)) {
      keys.emplace_back(key);
    }
  });
  std::sort(keys.begin(), keys.end());
  return keys;
}

// The name that was split off means the new item from now on. Of any vendor: also to those that had
// a word of their own about it, or rule 4 of the mapper would go on to find the old item for them.
void NameSplitItem(Tenant* tenant, const ReviewMove& move, CatalogueChanges* changes) {
  tenant->catalogue.SetRecord(
      {RecordKind::kAlias, VendorTextKey(move.vendor, move.form), ItemValue(move.to)}, changes);
  if (!move.any_vendor) {
    return;
  }
  for (const std::string& key : VendorsNames(*tenant, move.form, move.from)) {
    tenant->catalogue.SetRecord({RecordKind::kAlias, key, ItemValue(move.to)}, changes);
  }
}

void UnnameSplitItem(Tenant* tenant, const ReviewMove& move, CatalogueChanges* changes) {
  tenant->catalogue.SetRecord({RecordKind::kAlias, VendorTextKey(move.vendor, move.form), {}},
                              changes);
  if (!move.any_vendor) {
    return;
  }
  for (const std::string& key : VendorsNames(*tenant, move.form, move.to)) {
    tenant->catalogue.SetRecord({RecordKind::kAlias, key, ItemValue(move.from)}, changes);
  }
}

// Takes back what was logged of a move that moved nothing. Rare: LineMover::Check saw that there
// was room, and lines that came in between took it.
Status CancelMove(Core* core, Tenant* tenant, ItemId reviewed, ReviewEntry entry) {
  TS_RETURN_IF_ERROR(tenant->windows()->WaitForRoom());
  Lsn lsn = 0;
  {
    const std::lock_guard lock(tenant->mutex);
    const ReviewMove& move = entry.move;
    const bool split = entry.after_move == ReviewStatus::kSplit;
    entry.status = split ? ReviewStatus::kSplit : ReviewStatus::kOpen;
    CatalogueChanges changes;
    WriteEntry(tenant, reviewed, entry, &changes);
    if (split) {
      UnnameSplitItem(tenant, move, &changes);
    } else {
      tenant->catalogue.SetRecord({RecordKind::kMerged, VendorItemKey(move.vendor, move.from), {}},
                                  &changes);
      ForgetName(tenant, entry, &changes);
    }
    TS_RETURN_IF_ERROR(LogChanges(core, tenant, move.id, kChunkLast, std::move(changes), &lsn));
  }
  return core->log->Sync(lsn);
}

// Moves what is left to move.
Status RunMove(Core* core, Tenant* tenant, ItemId reviewed, const ReviewEntry& entry,
               ReviewResult* result) {
  result->item = entry.move.to;
  result->batch = entry.move.id;
  if (entry.status != ReviewStatus::kMoving) {
    result->said_before = true;
    const std::lock_guard lock(tenant->mutex);
    BatchState* state = nullptr;
    TS_RETURN_IF_ERROR(tenant->FindBatch(entry.move.id, &state));
    result->lines_moved = state->sum.lines / 2;
    result->lsn = state->record_lsn != 0 ? state->record_lsn : state->sum.last_lsn;
    return Status::Ok();
  }
  LineMover mover(core, tenant, reviewed, entry);
  const Status status = mover.Run(&result->lines_moved, &result->lsn);
  if (status.Is(StatusCode::kRejected)) {
    TS_RETURN_IF_ERROR(CancelMove(core, tenant, reviewed, entry));
  }
  return status;
}

// The item that the same request split off before; 0 = none did.
ItemId FindSplit(const Tenant& tenant, const ReviewMove& move, ReviewEntry* entry) {
  ItemId found = 0;
  tenant.catalogue.records().ForEach(
      RecordKind::kReview, [&](std::string_view key, std::string_view value) {
        ReviewEntry one;
        ItemId item = 0;
        if (!GetBigEndian32(&key, &item) || !DecodeReviewEntry(value, &one).ok() ||
            (one.status != ReviewStatus::kSplit && one.after_move != ReviewStatus::kSplit)) {
          return;
        }
        ReviewMove same = move;
        same.to = one.move.to;
        same.up_to = one.move.up_to;
        same.id = one.move.id;
        if (same == one.move) {
          found = item;
          *entry = std::move(one);
        }
      });
  return found;
}

// Following what was said of any vendor, `from` may be `to`: then `to` must not become `from`.
bool Reaches(const Tenant& tenant, ItemId from, ItemId to) {
  std::vector<std::pair<ItemId, ItemId>> merged;
  tenant.catalogue.records().ForEach(
      RecordKind::kMerged, [&](std::string_view key, std::string_view value) {
        std::string_view vendor;
        ItemId one = 0;
        ItemId other = 0;
        if (GetText(&key, &vendor) && GetBigEndian32(&key, &one) && GetVarint32(&value, &other)) {
          merged.emplace_back(one, other);
        }
      });
  std::vector<ItemId> reached = {from};
  for (size_t index = 0; index < reached.size(); ++index) {
    for (const auto& [one, other] : merged) {
      if (one == reached[index] &&
          std::find(reached.begin(), reached.end(), other) == reached.end()) {
        reached.push_back(other);
      }
    }
  }
  return std::find(reached.begin(), reached.end(), to) != reached.end();
}

// What was moved, and what was booked over there since, only a split can tell from the rest.
Status AcceptedOtherwise(const ReviewEntry& entry, const AcceptAnswer& answer) {
  const ReviewMove& move = entry.move;
  const std::string to = std::to_string(move.to);
  const std::string which =
      (entry.text.empty() ? " --batch '" + move.id : " --text '" + entry.text) +
      (move.any_vendor ? "'" : "' --vendor '" + move.vendor + "'");
  return Status::Conflict("item " + std::to_string(move.from) + " was accepted as item " + to +
                          ": nothing was changed; to say otherwise, take its lines off item " + to +
                          " first (review split --item " + to + which +
                          "), then accept the item that this makes as item " +
                          std::to_string(answer.is));
}

// The move that an answer asks for, in *entry, in status kMoving; the move has no id yet. *said:
// the answer was given before, *entry is as it is.
Status PlanAccept(Core* core, const Tenant& tenant, const AcceptAnswer& answer, ReviewEntry* entry,
                  bool* said) {
  *said = false;
  TS_RETURN_IF_ERROR(CheckItem(tenant, answer.is));
  TS_RETURN_IF_ERROR(ReadEntry(tenant, answer.item, entry));
  const std::string vendor = answer.of_any_vendor ? std::string() : entry->vendor;
  const bool any = answer.of_any_vendor || vendor.empty();
  const ItemId to = tenant.catalogue.Resolve(vendor, answer.is);
  // What it was said to be may have been said to be another one since.
  const bool same_item =
      entry->move.from == answer.item &&
      (entry->move.to == to || tenant.catalogue.Resolve(vendor, entry->move.to) == to);
  const bool same = same_item && entry->move.any_vendor == any && entry->move.vendor == vendor;
  if (entry->status == ReviewStatus::kMoving && !same) {
    return Status::Busy("the lines of item " + std::to_string(entry->move.from) +
                        " are being moved to item " + std::to_string(entry->move.to));
  }
  if (same &&
      (entry->status == ReviewStatus::kMoving || entry->status == ReviewStatus::kAccepted)) {
    *said = true;
    return Status::Ok();
  }
  if (entry->status == ReviewStatus::kAccepted && !same_item) {
    return AcceptedOtherwise(*entry, answer);
  }
  if (to == answer.item || Reaches(tenant, answer.is, answer.item)) {
    return Status::InvalidArgument("item " + std::to_string(answer.is) + " is item " +
                                   std::to_string(answer.item) + " already, as was said before");
  }
  entry->status = ReviewStatus::kMoving;
  entry->after_move = ReviewStatus::kAccepted;
  entry->move = {.from = answer.item,
                 .to = to,
                 .any_vendor = any,
                 .vendor = vendor,
                 .form = {},
                 .batch = {},
                 .up_to = core->log->last(),
                 .id = {}};
  return Status::Ok();
}

// What AcceptReview logs first.
Status BeginAccept(Core* core, Tenant* tenant, const AcceptAnswer& answer, ReviewEntry* entry) {
  bool said = false;
  TS_RETURN_IF_ERROR(PlanAccept(core, *tenant, answer, entry, &said));
  if (said) {
    return Status::Ok();
  }
  const ReviewMove& move = entry->move;
  entry->move.id = BatchId("accept", answer.item, ++entry->answers);
  CatalogueChanges changes;
  WriteEntry(tenant, answer.item, *entry, &changes);
  tenant->catalogue.SetRecord(
      {RecordKind::kMerged, VendorItemKey(move.vendor, answer.item), ItemValue(move.to)}, &changes);
  LearnName(tenant, *entry, move.vendor, move.to, &changes);
  Lsn lsn = 0;
  return LogChanges(core, tenant, entry->move.id, kChunkFirst, std::move(changes), &lsn);
}

// The move that a request asks for, to an item that is not made yet. *made: the item that the same
// request made before, *entry is its review; 0 = none.
Status PlanSplit(Core* core, const Tenant& tenant, const SplitRequest& request, ItemId* made,
                 ReviewEntry* entry) {
  TS_RETURN_IF_ERROR(CheckItem(tenant, request.item));
  std::string form;
  NormaliseDescription(request.text, &form);
  ReviewMove move{.from = request.item,
                  .to = 0,
                  .any_vendor = request.vendor.empty(),
                  .vendor = request.vendor,
                  .form = form,
                  .batch = request.batch,
                  .up_to = core->log->last(),
                  .id = {}};
  *made = FindSplit(tenant, move, entry);
  if (*made != 0) {
    return Status::Ok();
  }
  if (!form.empty() && tenant.catalogue.IsNameOfAnother(request.item, request.vendor, form)) {
    return Status::NotFound("'" + request.text + "' is a name of another item, not of item " +
                            std::to_string(request.item));
  }
  if (core->tenants.room() == 0) {
    return Status::Rejected("there is no room for another item: raise Options::items_max");
  }
  *entry = {};
  entry->status = ReviewStatus::kMoving;
  entry->after_move = ReviewStatus::kSplit;
  entry->text = request.text;
  entry->vendor = request.vendor;
  entry->move = std::move(move);
  return Status::Ok();
}

// A new item without a line helps nobody, but for the lines to come of a name that was seen, whose
// lines failed; otherwise the name or the batch is mistyped.
Status NoLines(const SplitRequest& request) {
  std::string which = request.text.empty() ? "" : " called '" + request.text + "'";
  which += request.vendor.empty() ? "" : " of vendor '" + request.vendor + "'";
  which += request.batch.empty() ? "" : " in batch '" + request.batch + "'";
  return Status::NotFound("item " + std::to_string(request.item) + " of tenant '" + request.tenant +
                          "' has no line" + which + ": nothing was changed");
}

// What SplitItem logs first.
Status BeginSplit(Core* core, Tenant* tenant, const SplitRequest& request, ItemId* made,
                  ReviewEntry* entry) {
  TS_RETURN_IF_ERROR(PlanSplit(core, *tenant, request, made, entry));
  if (*made != 0) {
    return Status::Ok();
  }
  CatalogueChanges changes;
  *made = tenant->catalogue.AddSplitItem(request.text, &changes);
  entry->move.to = *made;
  entry->move.id = BatchId("split", *made, ++entry->answers);
  WriteEntry(tenant, *made, *entry, &changes);
  if (request.batch.empty()) {
    NameSplitItem(tenant, entry->move, &changes);
  }
  Lsn lsn = 0;
  return LogChanges(core, tenant, entry->move.id, kChunkFirst, std::move(changes), &lsn);
}

}  // namespace

Status AcceptReview(Core* core, const AcceptAnswer& answer, ReviewResult* result) {
  *result = {};
  Tenant* tenant = nullptr;
  TS_RETURN_IF_ERROR(FindTenant(core, answer.tenant, &tenant));
  ReviewEntry entry;
  bool said = false;
  {
    const std::lock_guard lock(tenant->mutex);
    TS_RETURN_IF_ERROR(PlanAccept(core, *tenant, answer, &entry, &said));
  }
  if (!said) {
    uint64_t lines = 0;  // none: all may have failed, or come yet
    TS_RETURN_IF_ERROR(LineMover(core, tenant, answer.item, entry).Check(&lines));
  }
  TS_RETURN_IF_ERROR(tenant->windows()->WaitForRoom());
  {
    const std::lock_guard lock(tenant->mutex);
    TS_RETURN_IF_ERROR(BeginAccept(core, tenant, answer, &entry));
  }
  return RunMove(core, tenant, answer.item, entry, result);
}

Status SplitItem(Core* core, const SplitRequest& request, ReviewResult* result) {
  *result = {};
  std::string form;
  NormaliseDescription(request.text, &form);
  if (form.empty() && request.batch.empty()) {
    return Status::InvalidArgument(
        "say which lines are to be split off: those of a name, or those of a batch");
  }
  if (request.text.size() > limits::kDescriptionBytesMax) {
    return Status::InvalidArgument("the name is longer than a description may be");
  }
  Tenant* tenant = nullptr;
  TS_RETURN_IF_ERROR(FindTenant(core, request.tenant, &tenant));
  ReviewEntry entry;
  ItemId made = 0;
  {
    const std::lock_guard lock(tenant->mutex);
    TS_RETURN_IF_ERROR(PlanSplit(core, *tenant, request, &made, &entry));
  }
  if (made == 0) {
    uint64_t lines = 0;
    TS_RETURN_IF_ERROR(LineMover(core, tenant, made, entry).Check(&lines));
    const std::lock_guard lock(tenant->mutex);
    if (lines == 0 && (!request.batch.empty() ||
                       !tenant->catalogue.IsNameOf(request.item, request.vendor, form))) {
      return NoLines(request);
    }
  }
  TS_RETURN_IF_ERROR(tenant->windows()->WaitForRoom());
  {
    const std::lock_guard lock(tenant->mutex);
    TS_RETURN_IF_ERROR(BeginSplit(core, tenant, request, &made, &entry));
  }
  return RunMove(core, tenant, made, entry, result);
}

Status RejectReview(Core* core, const RejectAnswer& answer, ReviewResult* result) {
  *result = {};
  Tenant* tenant = nullptr;
  TS_RETURN_IF_ERROR(FindTenant(core, answer.tenant, &tenant));
  TS_RETURN_IF_ERROR(tenant->windows()->WaitForRoom());
  Lsn lsn = 0;
  {
    const std::lock_guard lock(tenant->mutex);
    ReviewEntry entry;
    TS_RETURN_IF_ERROR(ReadEntry(*tenant, answer.item, &entry));
    if (entry.status == ReviewStatus::kMoving) {
      return Status::Busy("the lines of item " + std::to_string(entry.move.from) +
                          " are being moved to item " + std::to_string(entry.move.to));
    }
    if (entry.status == ReviewStatus::kRejected) {
      result->item = answer.item;
      result->said_before = true;
      return Status::Ok();
    }
    const size_t before = entry.candidates.size();
    std::erase_if(entry.candidates, [&](const Candidate& candidate) {
      return answer.is_not.empty() || std::find(answer.is_not.begin(), answer.is_not.end(),
                                                candidate.item) != answer.is_not.end();
    });
    const size_t gone = before - entry.candidates.size();
    if (gone < answer.is_not.size()) {
      return Status::InvalidArgument("the review of item " + std::to_string(answer.item) +
                                     " does not have all of these candidates; `tallystone review "
                                     "show` lists them");
    }
    if (entry.status == ReviewStatus::kOpen && entry.candidates.empty()) {
      entry.status = ReviewStatus::kRejected;
    }
    CatalogueChanges changes;
    result->batch = BatchId("reject", answer.item, ++entry.answers);
    WriteEntry(tenant, answer.item, entry, &changes);
    TS_RETURN_IF_ERROR(LogChanges(core, tenant, result->batch, kChunkFirst | kChunkLast,
                                  std::move(changes), &lsn));
  }
  result->item = answer.item;
  result->lsn = lsn;
  return core->log->Sync(lsn);
}

// One that cannot go on does not hold up the others.
Status ContinueMoves(Core* core) {
  Status first;
  for (Tenant* tenant : core->tenants.All()) {
    std::vector<std::pair<ItemId, ReviewEntry>> moving;
    {
      const std::lock_guard lock(tenant->mutex);
      Status status;
      tenant->catalogue.records().ForEach(
          RecordKind::kReview, [&](std::string_view key, std::string_view value) {
            ItemId item = 0;
            ReviewEntry entry;
            Status read = GetBigEndian32(&key, &item)
                              ? DecodeReviewEntry(value, &entry)
                              : Status::Corruption("a key of the review cannot be read");
            status = status.ok() ? read : status;
            if (read.ok() && entry.status == ReviewStatus::kMoving) {
              moving.emplace_back(item, std::move(entry));
            }
          });
      TS_RETURN_IF_ERROR(status);
    }
    for (const auto& [item, entry] : moving) {
      ReviewResult result;
      Status moved = RunMove(core, tenant, item, entry, &result);
      first = first.ok() ? moved : first;
      moved.PermitUnchecked();
    }
  }
  return first;
}

Status SetMapping(Core* core, std::string_view name, const MappingSettings& settings) {
  TS_RETURN_IF_ERROR(CheckName(name, limits::kTenantBytesMax, "the tenant"));
  if (settings.mode == MappingMode::kOfTenant) {
    return Status::InvalidArgument("a tenant's mapping is exact, suggest or auto");
  }
  std::string words;
  for (const std::string& word : settings.protected_words) {
    const std::string form = NormaliseDescription(word);
    if (form.empty() || form.find(' ') != std::string::npos) {
      return Status::InvalidArgument("'" + word + "' is not one word");
    }
    words += words.empty() ? form : " " + form;
  }
  if (words.size() > limits::kProtectedWordsBytesMax) {
    return Status::InvalidArgument("more than " + std::to_string(limits::kProtectedWordsBytesMax) +
                                   " bytes of protected words");
  }
  Tenant* tenant = core->tenants.FindOrCreate(name);
  TS_RETURN_IF_ERROR(tenant->windows()->WaitForRoom());
  Lsn lsn = 0;
  {
    const std::lock_guard lock(tenant->mutex);
    CatalogueChanges changes;
    tenant->catalogue.SetRecord(
        {RecordKind::kSetting, kMappingSetting, MappingModeName(settings.mode)}, &changes);
    tenant->catalogue.SetRecord({RecordKind::kSetting, kProtectedSetting, words}, &changes);
    std::string_view before = tenant->catalogue.records().Find(RecordKind::kSetting, kRevision);
    uint32_t revision = 0;
    (void)GetVarint32(&before, &revision);
    std::string value;
    PutVarint32(&value, ++revision);
    tenant->catalogue.SetRecord({RecordKind::kSetting, kRevision, value}, &changes);
    const std::string batch = "mapping/" + std::to_string(revision);
    TS_RETURN_IF_ERROR(
        LogChanges(core, tenant, batch, kChunkFirst | kChunkLast, std::move(changes), &lsn));
  }
  return core->log->Sync(lsn);
}

Status GetMapping(Core* core, std::string_view name, MappingSettings* settings) {
  *settings = {};
  Tenant* tenant = core->tenants.Find(name);
  if (tenant == nullptr) {
    return Status::NotFound("there is no tenant '" + std::string(name) + "'");
  }
  const std::lock_guard lock(tenant->mutex);
  ReadMapping(tenant->catalogue.records(), settings);
  return Status::Ok();
}

}  // namespace tallystone
