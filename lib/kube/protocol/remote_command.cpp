#include "uvspdy/kube/protocol/remote_command.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "kube/protocol/pod_path.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

using nlohmann::json;

std::optional<std::uint16_t> extent(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<std::uint64_t>();
  if (value > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

template <class Request>
RequestedStreams streams_of(const Request& request) {
  return {request.use_stdin, request.use_stdout, request.use_stderr && !request.tty, request.tty};
}

template <class Request>
std::string target_of(const Request& request, std::string_view operation, httpstream::Query query) {
  const RequestedStreams streams = requested_streams(request);
  if (!request.container.empty()) query.emplace_back("container", request.container);
  if (streams.standard_input) query.emplace_back("stdin", "true");
  if (streams.standard_output) query.emplace_back("stdout", "true");
  if (streams.standard_error) query.emplace_back("stderr", "true");
  if (streams.terminal) query.emplace_back("tty", "true");
  return pod_path(request.pod_namespace, request.pod) + "/" + std::string(operation) + "?" +
         httpstream::format_query(query);
}

}  // namespace

std::string to_json(const TerminalSize& size) {
  return "{\"Width\":" + std::to_string(size.width) + ",\"Height\":" + std::to_string(size.height) +
         "}";
}

Result<TerminalSize> parse_terminal_size(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_object()) {
    const auto width = extent(object, "Width");
    const auto height = extent(object, "Height");
    if (width && height) return TerminalSize{*width, *height};
  }
  return Error(Errc::kBadRequest,
               "a terminal's size is not of the form {\"Width\":80,\"Height\":24}");
}

RequestedStreams requested_streams(const ExecRequest& request) { return streams_of(request); }
RequestedStreams requested_streams(const AttachRequest& request) { return streams_of(request); }

std::string exec_target(const ExecRequest& request) {
  httpstream::Query query;
  for (const std::string& word : request.command) query.emplace_back("command", word);
  return target_of(request, "exec", std::move(query));
}

std::string attach_target(const AttachRequest& request) { return target_of(request, "attach", {}); }

}  // namespace uvspdy::kube
