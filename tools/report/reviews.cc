#include "report/reviews.h"

#include "report/candidates.h"
#include "report/top_list.h"

namespace tallystone::tool {
namespace {

uint32_t BestScore(const Review& review) {
  return review.candidates.empty() ? 0 : review.candidates.front().score;
}

struct Likest {
  bool operator()(const Review& left, const Review& right) const {
    return BestScore(left) > BestScore(right);
  }
};

}  // namespace

Status CollectReviews(Inspector* inspector, size_t rows_max, ReviewsReport* report) {
  *report = {};
  std::unique_ptr<Cursor<Review>> cursor;
  if (Status s = inspector->NewReviewCursor({}, &cursor); !s.ok()) {
    return s;
  }
  TopList<Review, Likest> rows(rows_max);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const ReviewStatus status = cursor->value().status;
    if (status == ReviewStatus::kOpen || status == ReviewStatus::kMoving) {
      ++report->open;
      rows.Offer(cursor->value());
    } else {
      ++report->decided;
    }
  }
  report->rows = rows.Take();
  return cursor->status();
}

void WriteReviews(const ReviewsReport& report, Inspector* inspector, JsonWriter* json) {
  json->BeginObject();
  json->Field("open", report.open);
  json->Field("decided", report.decided);
  json->Key("rows");
  json->BeginArray();
  for (const Review& review : report.rows) {
    json->BeginObject();
    json->Field("tenant", review.tenant);
    json->Field("item", review.item);
    json->Field("status", ReviewStatusName(review.status));
    json->Field("text", review.text);
    json->Field("vendor", review.vendor);
    WriteCandidates(inspector, review.tenant, review.candidates, json);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace tallystone::tool
