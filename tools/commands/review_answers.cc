// tallystone review accept | reject | split | apply: what a person decided.
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "commands/review.h"
#include "output/json.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

struct Answer {
  enum class Action { kAccept, kReject, kSplit };
  Action action = Action::kAccept;
  std::string tenant = "default";
  uint32_t item = 0;
  std::vector<uint32_t> is;  // of accept one, of reject any
  bool of_any_vendor = false;
  std::string text, vendor, batch;  // of a split
};

struct AnswerOptions {
  std::string database;
  bool json = false;
  Answer answer;
  uint32_t is = 0;
  std::string file;  // of apply
};

Status Give(Engine* engine, const Answer& answer, ReviewResult* result) {
  switch (answer.action) {
    case Answer::Action::kAccept:
      if (answer.is.size() != 1) {
        return Status::InvalidArgument("accept needs the one item that it is");
      }
      return engine->AcceptReview(
          {answer.tenant, answer.item, answer.is.front(), answer.of_any_vendor}, result);
    case Answer::Action::kReject:
      return engine->RejectReview({answer.tenant, answer.item, answer.is}, result);
    case Answer::Action::kSplit:
      return engine->SplitItem(
          {answer.tenant, answer.item, answer.text, answer.vendor, answer.batch}, result);
  }
  return Status::InvalidArgument("there is no such answer");
}

void Tell(const Answer& answer, const ReviewResult& result, bool json) {
  std::string text;
  if (json) {
    JsonWriter writer(&text);
    writer.BeginObject();
    writer.Field("tenant", answer.tenant);
    writer.Field("item", result.item);
    writer.Field("lines_moved", result.lines_moved);
    writer.Field("batch", result.batch);
    writer.Field("lsn", result.lsn);
    writer.Flag("said_before", result.said_before);
    writer.EndObject();
  } else if (answer.action == Answer::Action::kReject) {
    text = fmt::format("item {} is none of these: {}{}", result.item,
                       answer.is.empty() ? "its candidates" : "those that were named",
                       result.said_before ? "; said before, nothing was changed" : "");
  } else {
    text = result.said_before
               ? fmt::format("said before, nothing was changed: {} had moved to item {} (batch {})",
                             Counted(result.lines_moved, "line"), result.item, result.batch)
               : fmt::format("{} moved to item {} (batch {})", Counted(result.lines_moved, "line"),
                             result.item, result.batch);
  }
  Sink::Stdout().Write(text + "\n");
}

ExitCode RunOne(const AnswerOptions& options) {
  return WithEngine(options.database, false, [&](Engine* engine) {
    ReviewResult result;
    const Status s = Give(engine, options.answer, &result);
    if (s.ok()) {
      Tell(options.answer, result, options.json);
    }
    return s;
  });
}

// One answer of NDJSON.
Status ParseAnswer(simdjson::dom::parser* parser, const std::string& line, Answer* answer) {
  simdjson::dom::element root;
  if (parser->parse(line).get(root) != simdjson::SUCCESS || !root.is_object()) {
    return Status::InvalidArgument("it is not a JSON object");
  }
  std::string wrong;  // key, whose value is of another type
  const auto text = [&](const char* key, std::string* value) {
    std::string_view view;
    const auto element = root[key];
    if (element.get(view) == simdjson::SUCCESS) {
      value->assign(view);
    } else if (element.error() == simdjson::SUCCESS) {
      wrong = key;
    }
  };
  const auto number = [](simdjson::simdjson_result<simdjson::dom::element> element,
                         uint32_t* value) {
    uint64_t wide = 0;
    if (element.get(wide) != simdjson::SUCCESS || wide > UINT32_MAX) {
      return false;
    }
    *value = static_cast<uint32_t>(wide);
    return true;
  };
  simdjson::dom::object fields;
  if (root.get(fields) != simdjson::SUCCESS) {
    return Status::InvalidArgument("it is not a JSON object");
  }
  for (const auto field : fields) {
    static constexpr std::string_view kKeys[] = {"action",     "tenant", "item",   "is",
                                                 "any_vendor", "text",   "vendor", "batch"};
    if (std::find(std::begin(kKeys), std::end(kKeys), field.key) == std::end(kKeys)) {
      return Status::InvalidArgument("\"" + std::string(field.key) + "\" is no key of an answer");
    }
  }
  std::string action;
  text("action", &action);
  if (action != "accept" && action != "reject" && action != "split") {
    return Status::InvalidArgument("\"action\" must be accept, reject or split");
  }
  answer->action = action == "accept"   ? Answer::Action::kAccept
                   : action == "reject" ? Answer::Action::kReject
                                        : Answer::Action::kSplit;
  text("tenant", &answer->tenant);
  if (!number(root["item"], &answer->item)) {
    return Status::InvalidArgument("\"item\" must be the number of an item");
  }
  simdjson::dom::array several;
  uint32_t one = 0;
  if (root["is"].get(several) == simdjson::SUCCESS) {
    for (const simdjson::dom::element element : several) {
      if (!number(
              simdjson::simdjson_result<simdjson::dom::element>(simdjson::dom::element(element)),
              &one)) {
        return Status::InvalidArgument("\"is\" must hold numbers of items");
      }
      answer->is.push_back(one);
    }
  } else if (number(root["is"], &one)) {
    answer->is.push_back(one);
  } else if (root["is"].error() == simdjson::SUCCESS) {
    return Status::InvalidArgument("\"is\" must be the number of an item, or an array of them");
  }
  text("text", &answer->text);
  text("vendor", &answer->vendor);
  text("batch", &answer->batch);
  const auto any_vendor = root["any_vendor"];
  if (any_vendor.get(answer->of_any_vendor) != simdjson::SUCCESS &&
      any_vendor.error() == simdjson::SUCCESS) {
    wrong = "any_vendor";
  }
  return wrong.empty() ? Status::Ok()
                       : Status::InvalidArgument("\"" + wrong + "\" has a value of another type");
}

Status ApplyLine(const AnswerOptions& options, Engine* engine, simdjson::dom::parser* parser,
                 const std::string& line) {
  Answer answer;
  if (Status s = ParseAnswer(parser, line, &answer); !s.ok()) {
    return s;
  }
  ReviewResult result;
  const Status s = Give(engine, answer, &result);
  if (s.ok()) {
    Tell(answer, result, options.json);
  }
  return s;
}

Status ApplyAll(const AnswerOptions& options, Engine* engine, std::istream* input) {
  simdjson::dom::parser parser;
  std::string line;
  for (uint64_t number = 1; std::getline(*input, line); ++number) {
    if (Interrupted()) {
      return Status::Interrupted("interrupted before line " + std::to_string(number) +
                                 "; what stands before it is done");
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    if (const Status s = ApplyLine(options, engine, &parser, line); !s.ok()) {
      return {s.code(), options.file + " line " + std::to_string(number) + ": " + s.message() +
                            "; what stands before it is done"};
    }
  }
  return input->bad() ? Status::IoError("reading " + options.file + " failed") : Status::Ok();
}

ExitCode RunApply(const AnswerOptions& options) {
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary);
    if (!file) {
      return Fail(Status::NotFound("cannot open " + options.file));
    }
  }
  std::istream* const input = options.file == "-" ? &std::cin : &file;
  bool bad_input = false;
  const ExitCode code = WithEngine(options.database, false, [&](Engine* engine) {
    const Status s = ApplyAll(options, engine, input);
    bad_input = s.Is(StatusCode::kInvalidArgument);
    return s;
  });
  return bad_input ? kExitInput : code;
}

std::shared_ptr<AnswerOptions> AddAnswer(CLI::App* command, Answer::Action action) {
  auto options = std::make_shared<AnswerOptions>();
  options->answer.action = action;
  AddDatabaseOption(command, &options->database);
  AddJsonOption(command, &options->json);
  command->add_option("--tenant", options->answer.tenant, "Of this tenant (default: default)")
      ->type_name("NAME");
  command->add_option("--item", options->answer.item, "The item")
      ->type_name("N")
      ->check(CheckPositive)
      ->required();
  return options;
}

void AddAccept(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("accept", "It is that other item: its lines go there, then and now");
  command->footer(
      "The lines that were booked move by a batch of their own, exactly; interrupted, it goes on.\n"
      "Examples:\n"
      "  tallystone review accept --db stock.db --tenant acme --item 17 --is 3");
  auto options = AddAnswer(command, Answer::Action::kAccept);
  command->add_option("--is", options->is, "The item that it is")
      ->type_name("N")
      ->check(CheckPositive)
      ->required();
  command->add_flag("--any-vendor", options->answer.of_any_vendor,
                    "For the lines of every vendor, not only of the one that wrote this name");
  command->callback([=] {
    chosen->run = [=] {
      options->answer.is = {options->is};
      return RunOne(*options);
    };
  });
}

void AddReject(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("reject", "It is not: it stays an item of its own");
  command->footer(
      "Examples:\n"
      "  tallystone review reject --db stock.db --tenant acme --item 17\n"
      "  tallystone review reject --db stock.db --tenant acme --item 17 --is 3 --is 4");
  auto options = AddAnswer(command, Answer::Action::kReject);
  command
      ->add_option("--is", options->answer.is, "The item that it is not (default: all candidates)")
      ->type_name("N")
      ->check(CheckPositive);
  command->callback([=] { chosen->run = [=] { return RunOne(*options); }; });
}

void AddSplit(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("split", "Take lines that are not its own from an item to a new one");
  command->footer(
      "With --text, lines of that name go to the new item from now on as well.\n"
      "Examples:\n"
      "  tallystone review split --db stock.db --tenant acme --item 3 --text \"Red widget\"\n"
      "  tallystone review split --db stock.db --tenant acme --item 3 --batch invoice/42");
  auto options = AddAnswer(command, Answer::Action::kSplit);
  command->add_option("--text", options->answer.text, "Lines with this description")
      ->type_name("TEXT");
  command->add_option("--vendor", options->answer.vendor, "Only of this vendor")->type_name("NAME");
  command->add_option("--batch", options->answer.batch, "Only lines of this batch")
      ->type_name("ID");
  command->callback([=] { chosen->run = [=] { return RunOne(*options); }; });
}

void AddApply(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("apply", "Give the answers of a file, one JSON object a line");
  command->footer(
      "Each line: {\"action\": \"accept\", \"tenant\": \"acme\", \"item\": 17, \"is\": 3}, or "
      "reject\n"
      "(\"is\": [3, 4], or none for all), or split (\"text\", \"vendor\", \"batch\").\n"
      "Examples:\n"
      "  tallystone review apply answers.ndjson --db stock.db");
  auto options = std::make_shared<AnswerOptions>();
  command->add_option("FILE", options->file, "- is standard input")->required();
  AddDatabaseOption(command, &options->database);
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return RunApply(*options); }; });
}

}  // namespace

void AddReviewAnswerCommands(CLI::App* parent, Chosen* chosen) {
  AddAccept(parent, chosen);
  AddReject(parent, chosen);
  AddSplit(parent, chosen);
  AddApply(parent, chosen);
}

}  // namespace tallystone::tool
