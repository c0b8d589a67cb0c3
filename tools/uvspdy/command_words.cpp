#include "command_words.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

namespace uvspdy::command {

namespace {

class CommandWordsFormatter : public CLI::Formatter {
 public:
  explicit CommandWordsFormatter(std::string words) : words_(std::move(words)) {}

  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    usage.insert(usage.find_last_not_of('\n') + 1, " " + words_);
    return usage;
  }

 private:
  std::string words_;
};

}  // namespace

void show_command_words(CLI::App& command, std::string words) {
  command.formatter(std::make_shared<CommandWordsFormatter>(std::move(words)));
}

}  // namespace uvspdy::command
