#include <iostream>

#include <tallystone/tallystone.h>
using namespace tallystone::literals;

// Says when a server is away and when it is back. Called by the engine's own threads.
class Teller : public tallystone::Listener {
  void OnStoreUnavailable(const tallystone::Status& status) override {
    std::cerr << "waiting: " << status.message() << "\n";
  }
  void OnStoreAvailable() override { std::cerr << "all is well again\n"; }
};

int main(int argc, char** argv) {
  Teller teller;  // outlives the engine
  tallystone::Options options;
  options.servers.assign(argv + 1, argv + argc);  // all of them, or none: as "stock.db" has them
  options.listener = &teller;
  std::unique_ptr<tallystone::Engine> engine;
  tallystone::Status status = tallystone::Engine::Open(options, "stock.db", &engine);
  if (!status.ok()) {
    std::cerr << status.ToString() << "\n";  // kUnavailable: a server is away; kFenced: see Standby
    return 1;
  }
  tallystone::Batch batch("acme", "invoice/2026-11-23/0042");
  batch.Add({.code = "WID-10", .quantity = "12.5"_dec, .unit_cost = "3.20"_dec});
  tallystone::BatchResult result;
  // kApplied waits for the server of the tenant, kLogged (the default) for the local log only.
  status = engine->Ingest({.level = tallystone::Durability::kApplied}, batch, &result);
  std::cout << (status.ok() ? tallystone::BatchStatusName(result.status) : status.message())
            << "\n";
  return engine->Close().ok() && status.ok() ? 0 : 1;
}
