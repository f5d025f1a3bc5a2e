// tallystone mapping: how a tenant's names are mapped. tallystone explain-mapping: why a name is
// mapped as it is.
#include <fmt/format.h>

#include "commands/import_options.h"
#include "commands/review.h"
#include "output/json.h"
#include "output/text.h"
#include "report/candidates.h"

namespace tallystone::tool {
namespace {

struct MappingOptions {
  std::string database;
  std::string tenant = "default";
  MappingMode mode = MappingMode::kOfTenant;  // = leave it
  std::vector<std::string> protect, unprotect;
  bool json = false;
};

void Tell(const MappingSettings& settings, bool json) {
  std::string text;
  if (json) {
    JsonWriter writer(&text);
    writer.BeginObject();
    writer.Field("mapping", MappingModeName(settings.mode));
    writer.Key("protected_words");
    writer.BeginArray();
    for (const std::string& word : settings.protected_words) {
      writer.Text(word);
    }
    writer.EndArray();
    writer.EndObject();
    text += '\n';
  } else {
    text = "mapping          " + std::string(MappingModeName(settings.mode)) + "\n";
    text += "protected words ";
    for (const std::string& word : settings.protected_words) {
      text += " " + PlainText(word);
    }
    text += settings.protected_words.empty() ? " (those that come with the engine)\n" : "\n";
  }
  Sink::Stdout().Write(text);
}

ExitCode Show(const MappingOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  MappingSettings settings;
  if (const Status s = inspector->GetMapping(options.tenant, &settings); !s.ok()) {
    return Fail(s);
  }
  Tell(settings, options.json);
  return Finish();
}

Status Change(const MappingOptions& options, Engine* engine, MappingSettings* settings) {
  const Status read = engine->GetMapping(options.tenant, settings);
  if (!read.ok() && !read.IsNotFound()) {
    return read;
  }
  if (options.mode != MappingMode::kOfTenant) {
    settings->mode = options.mode;
  }
  for (const std::string& word : options.unprotect) {
    std::erase(settings->protected_words, word);
  }
  for (const std::string& word : options.protect) {
    std::erase(settings->protected_words, word);
    settings->protected_words.push_back(word);
  }
  if (Status s = engine->SetMapping(options.tenant, *settings); !s.ok()) {
    return s;
  }
  return engine->GetMapping(options.tenant, settings);
}

ExitCode Run(const MappingOptions& options) {
  if (options.mode == MappingMode::kOfTenant && options.protect.empty() &&
      options.unprotect.empty()) {
    return Show(options);
  }
  return WithEngine(options.database, true, [&](Engine* engine) {
    MappingSettings settings;
    const Status s = Change(options, engine, &settings);
    if (s.ok()) {
      Tell(settings, options.json);
    }
    return s;
  });
}

struct ExplainOptions {
  std::string database;
  std::string tenant = "default";
  MappingQuery query;
  bool json = false;
};

std::string AsJson(Inspector* inspector, const ExplainOptions& options,
                   const MappingExplanation& explained) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", static_cast<uint64_t>(kJsonSchemaVersion));
  json.Field("mapping", MappingModeName(explained.mode));
  json.Field("normal_form", explained.normal_form);
  json.Key("tokens");
  json.BeginArray();
  for (const ExplainedToken& token : explained.tokens) {
    json.BeginObject();
    json.Field("text", token.text);
    json.Field("protected_as", token.protected_as);
    json.Flag("known", token.known);
    json.Key("may_mean");
    json.BeginArray();
    for (const std::string& word : token.meant) {
      json.Text(word);
    }
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.Field("gtin", explained.gtin);
  json.Field("outcome", OutcomeName(explained.result.outcome));
  json.Field("decided_by", DecidedByName(explained.result.decided_by));
  json.Field("item", explained.result.item);
  json.Field("reason", explained.reason);
  WriteCandidates(inspector, options.tenant, explained.candidates, &json);
  json.EndObject();
  return text + "\n";
}

std::string AsText(Inspector* inspector, const ExplainOptions& options,
                   const MappingExplanation& explained) {
  std::string text = fmt::format("mapping      {}\nnormal form  {}\n",
                                 MappingModeName(explained.mode), PlainText(explained.normal_form));
  for (const ExplainedToken& token : explained.tokens) {
    text += fmt::format("  {:<20} {}", PlainText(token.text), token.known ? "known" : "unknown");
    text += token.protected_as.empty() ? "" : ", protected (" + token.protected_as + ")";
    for (const std::string& word : token.meant) {
      text += ", may mean " + PlainText(word);
    }
    text += "\n";
  }
  if (!explained.gtin.empty()) {
    text += "gtin         " + explained.gtin + "\n";
  }
  const bool made = explained.result.decided_by == DecidedBy::kCreated ||
                    explained.result.decided_by == DecidedBy::kReview;
  text += fmt::format("decision     {}{}\n", OutcomeName(explained.result.outcome),
                      explained.result.item == 0
                          ? ""
                          : fmt::format(", {} {}{}", DecidedByName(explained.result.decided_by),
                                        made ? "new item " : "item ", explained.result.item));
  text += "why          " + explained.reason + "\n";
  text += CandidateLines(inspector, options.tenant, explained.candidates);
  return text;
}

ExitCode RunExplain(const ExplainOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  MappingExplanation explained;
  if (const Status s = inspector->Explain(options.tenant, options.query, &explained); !s.ok()) {
    return Fail(s);
  }
  Sink::Stdout().Write(options.json ? AsJson(inspector.get(), options, explained)
                                    : AsText(inspector.get(), options, explained));
  return Finish();
}

}  // namespace

void AddMappingCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("mapping", "Show or set how a tenant's names are mapped to items");
  command->footer(
      "Examples:\n"
      "  tallystone mapping --db stock.db --tenant acme\n"
      "  tallystone mapping --db stock.db --tenant acme --mapping auto --protect ultra");
  auto options = std::make_shared<MappingOptions>();
  AddDatabaseOption(command, &options->database);
  command->add_option("--tenant", options->tenant, "Whose (default: default)")->type_name("NAME");
  AddMappingOption(command, &options->mode);
  command
      ->add_option("--protect", options->protect,
                   "A word that is never repaired, nor repaired into")
      ->type_name("WORD");
  command->add_option("--unprotect", options->unprotect, "Not any more")->type_name("WORD");
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

void AddExplainMappingCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("explain-mapping", "Say which item a name means, and why");
  command->footer(
      "Examples:\n"
      "  tallystone explain-mapping \"Wigdet blue 10 mm\" --db stock.db --tenant acme --mapping "
      "auto");
  auto options = std::make_shared<ExplainOptions>();
  command->add_option("TEXT", options->query.description, "The description of a line");
  AddDatabaseOption(command, &options->database);
  command->add_option("--tenant", options->tenant, "Whose (default: default)")->type_name("NAME");
  command->add_option("--code", options->query.code, "The line's own code")->type_name("CODE");
  command->add_option("--vendor", options->query.vendor, "The line's vendor")->type_name("NAME");
  command->add_option("--vendor-code", options->query.vendor_code, "The vendor's code")
      ->type_name("CODE");
  command->add_option("--gtin", options->query.gtin, "The line's GTIN")->type_name("DIGITS");
  AddMappingOption(command, &options->query.mode);
  AddJsonOption(command, &options->json);
  command->callback([=] {
    const MappingQuery& query = options->query;
    if (query.code.empty() && query.description.empty() && query.gtin.empty() &&
        query.vendor_code.empty()) {
      throw CLI::ValidationError("TEXT",
                                 "say what the line has: a description, a code, a GTIN ...");
    }
    chosen->run = [=] { return RunExplain(*options); };
  });
}

}  // namespace tallystone::tool
