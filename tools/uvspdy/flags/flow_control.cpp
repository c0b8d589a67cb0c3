#include "flags/flow_control.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace uvspdy::command {

void add_flow_control(CLI::App& command, session::FlowControl& flow_control) {
  using session::FlowControl;
  const std::map<std::string, FlowControl> names = {{"automatic", FlowControl::kAutomatic},
                                                    {"standard", FlowControl::kStandard},
                                                    {"none", FlowControl::kNone}};
  command
      .add_option_function<std::string>(
          "--flow-control",
          [names, &flow_control](const std::string& name) {
            // The check below lets no other name through.
            if (const auto found = names.find(name); found != names.end()) {
              flow_control = found->second;
            }
          },
          "SPDY's windows: 'automatic' finds out whether the peer has them, 'standard' insists, "
          "'none' does without")
      ->check(CLI::IsMember({"automatic", "standard", "none"}))
      ->default_str("automatic");
}

}  // namespace uvspdy::command
