#include "report/candidates.h"

#include <fmt/format.h>

#include "output/text.h"

namespace tallystone::tool {

ItemInfo ItemOf(Inspector* inspector, std::string_view tenant, uint32_t item) {
  ItemInfo info;
  const Status s = inspector->GetItem({std::string(tenant), {}, item}, &info);
  return s.ok() ? info : ItemInfo{};
}

void WriteCandidates(Inspector* inspector, std::string_view tenant,
                     const std::vector<Candidate>& candidates, JsonWriter* json) {
  json->Key("candidates");
  json->BeginArray();
  for (const Candidate& candidate : candidates) {
    const ItemInfo item = ItemOf(inspector, tenant, candidate.item);
    json->BeginObject();
    json->Field("item", candidate.item);
    json->Field("code", item.code);
    json->Field("description", item.description);
    json->Key("score");
    json->Raw(ScoreText(candidate.score));
    json->EndObject();
  }
  json->EndArray();
}

std::string CandidateLines(Inspector* inspector, std::string_view tenant,
                           const std::vector<Candidate>& candidates) {
  std::string text;
  for (const Candidate& candidate : candidates) {
    const ItemInfo item = ItemOf(inspector, tenant, candidate.item);
    text += fmt::format("  {:<5}  item {:<8} {:<12} {}\n", ScoreText(candidate.score),
                        candidate.item, PlainText(item.code), PlainText(item.description));
  }
  return text;
}

}  // namespace tallystone::tool
