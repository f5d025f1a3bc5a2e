#include <iostream>

#include <tallystone/tallystone.h>
using namespace tallystone::literals;

int main() {
  std::unique_ptr<tallystone::Engine> engine;
  tallystone::Status status = tallystone::Engine::Open({}, "stock.db", &engine);
  if (!status.ok()) {
    std::cerr << status.ToString() << "\n";
    return 1;
  }
  tallystone::Batch batch("acme", "invoice/2026-11-23/0042");  // tenant, id: a resend is harmless
  batch.Add({.code = "WID-10",
             .description = "Widget 10 mm",
             .quantity = "12.5"_dec,
             .unit_cost = "3.20"_dec});
  batch.AddText(
      {.code = "WID-20", .quantity = "6 pcs", .unit_cost = "1"});  // will be a dead letter
  tallystone::BatchResult result;
  status = engine->Ingest({.level = tallystone::Durability::kLogged}, batch, &result);
  std::cout << tallystone::BatchStatusName(result.status) << "\n";  // partial_success
  for (const tallystone::LineResult& line : result.lines) {         // one per line, in order
    std::cout << line.line << " " << tallystone::OutcomeName(line.outcome) << "\n";
  }
  tallystone::Balance balance;
  status = engine->GetBalance({"acme", "WID-10"}, &balance);  // sees this batch already
  std::cout << balance.on_hand.ToString() << " worth " << balance.value.ToString() << "\n";
  return engine->Close().ok() ? 0 : 1;
}
