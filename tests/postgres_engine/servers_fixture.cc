#include "postgres_engine/servers_fixture.h"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "engine_support/sound_digest.h"

namespace tallystone::testing {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

PostgresServer* SharedServer(size_t index, std::string* why) {
  static std::vector<std::unique_ptr<PostgresServer>> servers;
  while (servers.size() <= index) {
    std::unique_ptr<PostgresServer> started;
    Status status = PostgresServer::Installed();
    if (status.ok()) {
      PostgresOptions options;
      options.tcp = true;
      options.settings = {"max_connections=60", "shared_buffers=64MB"};
      status = PostgresServer::Start(options, &started);
      EXPECT_OK(status);
    }
    if (!status.ok()) {
      *why = status.message();
      return nullptr;
    }
    servers.push_back(std::move(started));
  }
  return servers[index].get();
}

// --- ServerDatabase ---

Status ServerDatabase::Make(size_t server, std::unique_ptr<ServerDatabase>* database) {
  static int count = 0;
  std::string why;
  PostgresServer* shared = SharedServer(server, &why);
  if (shared == nullptr) {
    return Status::Unavailable(why);
  }
  std::unique_ptr<ServerDatabase> made(
      new ServerDatabase(shared, "engine" + std::to_string(++count)));
  Status status = shared->NewDatabase(made->name_);
  if (status.ok()) {
    made->proxy_ = std::make_unique<TcpProxy>(shared->port());
    status = made->proxy_->Start();
  }
  *database = std::move(made);
  return status;
}

ServerDatabase::~ServerDatabase() {
  proxy_.reset();
  server_->Execute("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)").PermitUnchecked();
}

PostgresStoreOptions ServerDatabase::options() const {
  PostgresStoreOptions options;
  options.connection = through_proxy();
  options.create = true;
  options.wait_ms_max = 1000;
  return options;
}

std::string ServerDatabase::Value(const std::string& query) const {
  std::string value;
  EXPECT_OK(Execute(query, &value));
  return value;
}

// --- engines ---

namespace {

std::string SoundDigestOfServers(const std::vector<std::string>& connections) {
  std::vector<std::unique_ptr<Store>> stores;
  std::vector<std::unique_ptr<StoreView>> views;
  for (const std::string& connection : connections) {
    PostgresStoreOptions options;
    options.connection = connection;
    options.read_only = true;
    Status status = PostgresStore::Open(options, &stores.emplace_back());
    if (status.ok()) {
      status = stores.back()->NewView(&views.emplace_back());
    }
    EXPECT_OK(status);
    if (!status.ok()) {
      return "";
    }
  }
  return SoundDigestOf(std::move(views));
}

}  // namespace

std::string SoundDigestAt(const std::string& connection) {
  return SoundDigestOfServers({connection});
}

std::string SoundDigest(const Databases& databases) {
  std::vector<std::string> connections;
  for (const auto& database : databases) {
    connections.push_back(database->direct());
  }
  return SoundDigestOfServers(connections);
}

Status OpenEngine(const Options& options, const std::string& path, const Databases& databases,
                  std::unique_ptr<Engine>* engine, const PrepareStore& prepare) {
  Parts parts;
  for (size_t index = 0; index < databases.size(); ++index) {
    std::unique_ptr<Store> store;
    Status status = PostgresStore::Open(databases[index]->options(), &store);
    if (!status.ok()) {
      return status;
    }
    if (prepare != nullptr) {
      store = prepare(index, std::move(store));
    }
    parts.servers.emplace_back("server " + std::to_string(index), std::move(store));
  }
  return EngineImpl::OpenWith(options, path, std::move(parts), engine);
}

Status Insist(const std::function<Status()>& call) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  for (;;) {
    Status status = call();
    const bool passes = status.Is(StatusCode::kUnavailable) || status.Is(StatusCode::kTryAgain) ||
                        status.Is(StatusCode::kNoSpace) || status.Is(StatusCode::kBusy);
    if (!passes || std::chrono::steady_clock::now() > deadline) {
      return status;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::string EmbeddedDigest(const std::function<void(Engine*)>& play) {
  EmbeddedPlace place;
  std::unique_ptr<Engine> engine;
  EXPECT_OK(place.Open({}, &engine));
  play(engine.get());
  EXPECT_OK(engine->Close());
  engine.reset();
  return place.SoundDigest();
}

Status ServersPlace::Open(const Options& options, std::unique_ptr<Engine>* engine) {
  faults_.clear();
  return OpenEngine(options, directory_.database(), *databases_, engine,
                    [this](size_t, std::unique_ptr<Store> store) {
                      auto behind = std::make_unique<FaultStore>(std::move(store));
                      faults_.push_back(behind.get());
                      return behind;
                    });
}

void ServersPlace::PullThePlug() {
  for (FaultStore* faults : faults_) {
    faults->FailWrites(1'000'000, Status::IoError("the test pulled the plug"));
  }
}

void PostgresEngineTest::StartServers(size_t count) {
  const Status installed = PostgresServer::Installed();
  if (!installed.ok()) {
    GTEST_SKIP() << installed.message();
  }
  for (size_t index = 0; index < count; ++index) {
    ASSERT_OK(ServerDatabase::Make(index, &databases_.emplace_back()));
  }
}

}  // namespace tallystone::testing
