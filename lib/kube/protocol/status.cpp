#include "uvspdy/kube/protocol/status.h"

#include <charconv>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/protocol/json_text.h"
#include "kube/protocol/refusal_text.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/utf8.h"

namespace uvspdy::kube {
namespace {

using nlohmann::json;

// The text of a member; empty when it is missing or of another type.
std::string text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class Refusal final : public ErrorDetail {
 public:
  explicit Refusal(Status said) : status(std::move(said)) {}
  const Status status;
};

}  // namespace

Status exit_status(int code, std::string_view message) {
  Status status;
  if (code == 0) return status;
  status.success = false;
  status.reason = kNonZeroExitCode;
  status.message = message.empty() ? "command terminated with exit code " + std::to_string(code)
                                   : valid_utf8(message);
  status.causes.push_back({std::string(kExitCodeCause), std::to_string(code)});
  return status;
}

Status failure_status(int code, std::string_view reason, std::string_view message) {
  Status status;
  status.success = false;
  status.code = code;
  status.reason = valid_utf8(reason);
  status.message = valid_utf8(message);
  return status;
}

std::string to_json(const Status& status) {
  json object = {{"metadata", json::object()}, {"status", status.success ? "Success" : "Failure"}};
  if (status.code != 0) {
    // An HTTP body needs kind and apiVersion to be recognised; an error stream does not.
    object["kind"] = "Status";
    object["apiVersion"] = "v1";
    object["code"] = status.code;
  }
  if (!status.message.empty()) object["message"] = status.message;
  if (!status.reason.empty()) object["reason"] = status.reason;
  if (!status.causes.empty()) {
    json causes = json::array();
    for (const Status::Cause& cause : status.causes) {
      causes.push_back({{"reason", cause.reason}, {"message", cause.message}});
    }
    object["details"] = {{"causes", causes}};
  }
  return json_text(object);
}

Result<Status> parse_status(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  const std::string outcome = object.is_object() ? text_member(object, "status") : std::string();
  if (outcome != "Success" && outcome != "Failure") {
    return Error(Errc::kBadStatus, "the error stream does not hold a metav1.Status but " +
                                       std::to_string(text.size()) + " bytes of something else");
  }
  Status status;
  status.success = outcome == "Success";
  status.message = text_member(object, "message");
  status.reason = text_member(object, "reason");
  constexpr std::uint64_t kLargestCode = 999;
  if (const auto code = object.find("code"); code != object.end() && code->is_number_unsigned()) {
    if (code->get<std::uint64_t>() <= kLargestCode) status.code = code->get<int>();
  }
  const auto details = object.find("details");
  if (details == object.end() || !details->is_object()) return status;
  const auto causes = details->find("causes");
  if (causes == details->end() || !causes->is_array()) return status;
  for (const json& cause : *causes) {
    if (!cause.is_object()) continue;
    status.causes.push_back({text_member(cause, "reason"), text_member(cause, "message")});
  }
  return status;
}

httpstream::HttpResponse status_response(int code, std::string_view reason,
                                         std::string_view message) {
  return {code,
          {},
          {{"Content-Type", "application/json"}},
          to_json(failure_status(code, reason, message))};
}

Result<int> exit_code(const Status& status) {
  if (status.success) return 0;
  if (status.reason == kNonZeroExitCode) {
    for (const Status::Cause& cause : status.causes) {
      if (cause.reason != kExitCodeCause) continue;
      int code = 0;
      const char* last = cause.message.data() + cause.message.size();
      const auto [end, error] = std::from_chars(cause.message.data(), last, code);
      if (error == std::errc() && end == last && code != 0) return code;
    }
    return Error(Errc::kBadStatus, "the status says NonZeroExitCode and names no code");
  }
  return Error(Errc::kCommandFailed,
               status.message.empty() ? "the command failed: " + status.reason : status.message);
}

Error refused(const httpstream::HttpResponse& response) {
  const Result<Status> said = parse_status(response.body);
  Status status = said && !said->success ? *said : Status();
  status.success = false;
  status.code = response.status;
  if (status.message.empty()) status.message = httpstream::summary(response);
  const std::string text = refusal_text(response.status, status.message);
  return Error(Errc::kRefused, text, std::make_shared<Refusal>(std::move(status)));
}

const Status* refusal(const Error& error) {
  const auto* detail = dynamic_cast<const Refusal*>(error.detail().get());
  return detail != nullptr ? &detail->status : nullptr;
}

}  // namespace uvspdy::kube
