#include "uvspdy/kube/protocol/status.h"

#include <charconv>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/protocol/json_reading.h"
#include "kube/protocol/json_text.h"
#include "kube/protocol/refusal_text.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/utf8.h"

namespace uvspdy::kube {
namespace {

using nlohmann::json;

/// Takes the fields of a Status, one by one. A field of another type than its own is empty.
struct StatusReading {
  void take(const JsonPath& path, const JsonValue& value) {
    constexpr std::uint64_t kLargestCode = 999;
    constexpr std::string_view kElement = JsonPath::kElement;
    if (path.is({"status"})) outcome = value.text;
    if (path.is({"message"})) status.message = value.text;
    if (path.is({"reason"})) status.reason = value.text;
    if (path.is({"code"})) {
      const bool is_code = value.number <= kLargestCode;  // 0 for any other type
      status.code = is_code ? static_cast<int>(value.number) : 0;
    }
    if (path.is({"details", "causes"})) status.causes.clear();
    if (path.is({"details", "causes", kElement}) && value.type == JsonValue::Type::kObject) {
      status.causes.emplace_back();
    }
    if (path.is({"details", "causes", kElement, "reason"}))
      status.causes.back().reason = value.text;
    if (path.is({"details", "causes", kElement, "message"})) {
      status.causes.back().message = value.text;
    }
  }

  std::string outcome;
  Status status;
};

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
  if (text.size() > kMaxStatusSize) {
    return Error(Errc::kBadStatus, "a metav1.Status of " + std::to_string(text.size()) +
                                       " bytes is longer than " + std::to_string(kMaxStatusSize));
  }
  StatusReading reading;
  const JsonEnd end = read_json(text, [&reading](const JsonPath& path, const JsonValue& value) {
    reading.take(path, value);
    return true;
  });
  reading.status.success = reading.outcome == "Success";
  if (end == JsonEnd::kComplete && (reading.status.success || reading.outcome == "Failure")) {
    return std::move(reading.status);
  }
  return Error(Errc::kBadStatus,
               "the error stream does not hold a metav1.Status but " + something_else(text, end));
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
