#include "uvspdy/kube/protocol/status.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.h"
#include "uvspdy/kube/protocol/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using nlohmann::json;
using test::IsSuccess;

TEST_CASE("Status: the JSON of an error stream, as WIRE section 6 has it") {
  CHECK(json::parse(to_json(exit_status(0))) ==
        json::parse(R"({"metadata":{},"status":"Success"})"));
  CHECK(json::parse(to_json(exit_status(3))) ==
        json::parse(R"({"metadata":{},"status":"Failure","reason":"NonZeroExitCode",
                        "message":"command terminated with exit code 3",
                        "details":{"causes":[{"reason":"ExitCode","message":"3"}]}})"));
  CHECK(json::parse(to_json(exit_status(127, "no such command"))) ==
        json::parse(R"({"metadata":{},"status":"Failure","reason":"NonZeroExitCode",
                        "message":"no such command",
                        "details":{"causes":[{"reason":"ExitCode","message":"127"}]}})"));
  CHECK(json::parse(to_json(failure_status(0, "Timeout", "too late"))) ==
        json::parse(R"({"metadata":{},"status":"Failure","reason":"Timeout",
                        "message":"too late"})"));
}

TEST_CASE("Status: the JSON of an HTTP answer names its kind and its code") {
  CHECK(json::parse(to_json(failure_status(404, "NotFound", "pods \"x\" not found"))) ==
        json::parse(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
                        "reason":"NotFound","message":"pods \"x\" not found","code":404})"));
}

TEST_CASE("Status: one line, whatever the text, and not UTF-8 becomes replacement characters") {
  const std::string text = to_json(failure_status(400, "Bad\n", "a\nb \xff\xfe \x01 \"quoted\""));
  CHECK(text.find('\n') == std::string::npos);
  const json object = json::parse(text, nullptr, false);
  REQUIRE(object.is_object());
  CHECK(object["message"] == "a\nb \xef\xbf\xbd\xef\xbf\xbd \x01 \"quoted\"");
}

TEST_CASE("Status: what is written reads back the same") {
  const Status statuses[] = {
      exit_status(0),
      exit_status(1),
      exit_status(255, "killed"),
      failure_status(403, "Forbidden", "no"),
      {.success = false,
       .message = "m",
       .reason = "r",
       .code = 0,
       .causes = {{"A", "1"}, {"B", ""}}},
  };
  for (const Status& status : statuses) {
    CAPTURE(to_json(status));
    const auto back = parse_status(to_json(status));
    REQUIRE_THAT(back, IsSuccess());
    CHECK(back->success == status.success);
    CHECK(back->message == status.message);
    CHECK(back->reason == status.reason);
    CHECK(back->code == status.code);
    REQUIRE(back->causes.size() == status.causes.size());
    for (std::size_t i = 0; i < status.causes.size(); ++i) {
      CHECK(back->causes[i].reason == status.causes[i].reason);
      CHECK(back->causes[i].message == status.causes[i].message);
    }
  }
}

TEST_CASE("parse_status: what is too long or too deep is refused") {
  const auto with_message = [](std::size_t size) {
    return R"({"status":"Failure","message":")" + std::string(size - 33, 'a') + R"("})";
  };
  CHECK(with_message(kMaxStatusSize).size() == kMaxStatusSize);
  REQUIRE_THAT(parse_status(with_message(kMaxStatusSize)), IsSuccess());
  const auto too_long = parse_status(with_message(kMaxStatusSize + 1));
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().code() == Errc::kBadStatus);
  CHECK(too_long.error().message() == "a metav1.Status of 65537 bytes is longer than 65536");
  const auto too_deep = parse_status(R"({"status":"Success","x":)" + std::string(64, '['));
  REQUIRE_FALSE(too_deep);
  CHECK(too_deep.error().message().ends_with("nested more than 64 deep"));
}

TEST_CASE("parse_status: what is no Status is refused") {
  const std::vector<std::string> bad = {
      "",
      " ",
      "null",
      "true",
      "3",
      "\"Success\"",
      "[]",
      "[{\"status\":\"Success\"}]",
      "{}",
      "{\"status\":null}",
      "{\"status\":true}",
      "{\"status\":[\"Success\"]}",
      "{\"status\":{\"status\":\"Success\"}}",
      "{\"status\":\"\"}",
      "{\"status\":\"success\"}",
      "{\"status\":\"Success \"}",
      "{\"Status\":\"Success\"}",
      "{\"status\":\"Success\"",
      "{\"status\":\"Success\"}}",
      "{\"status\":\"Success\"}{\"status\":\"Failure\"}",
      "{\"status\":\"Success\",}",
      "{'status':'Success'}",
      "{\"status\":\"Success\",\"message\":\"\xff\"}",
      "{\"status\":\"Success\",\"message\":\"\\ud800\"}",
      std::string("{\"status\":\"Success\0\"}", 21),
      "error executing command in container",
      std::string(200000, '['),
      "{\"status\":" + std::string(200000, '{'),
  };
  for (const std::string& text : bad) {
    CAPTURE(text.substr(0, 100));
    const auto status = parse_status(text);
    REQUIRE_FALSE(status);
    CHECK(status.error().code() == Errc::kBadStatus);
    CHECK(status.error().message().size() < 200);  // the text does not repeat a hostile one
  }
}

TEST_CASE("parse_status: what else a peer puts into it is not believed") {
  const std::vector<std::string> odd = {
      R"({"status":"Failure","message":5,"reason":["r"],"code":"400","details":"none"})",
      R"({"status":"Failure","message":null,"reason":{},"code":1.5,"details":[]})",
      R"({"status":"Failure","code":null,"details":{"causes":{}}})",
      R"({"status":"Failure","code":true,"details":{"causes":"ExitCode"}})",
      R"({"status":"Failure","code":1e999,"details":{}})",
      R"({"status":"Failure","code":4294967696})",
      R"({"status":"Failure","code":-9223372036854775808})",
      R"({"status":"Failure","code":18446744073709551615})",
      R"({"status":"Failure","details":{"causes":[1,null,"ExitCode",[]]}})",
      R"({"unknown":{"deep":[[[[]]]]},"status":"Failure"})",
  };
  for (const std::string& text : odd) {
    CAPTURE(text);
    const auto status = parse_status(text);
    if (!status) {
      CHECK(status.error().code() == Errc::kBadStatus);
      continue;
    }
    CHECK_FALSE(status->success);
    CHECK(status->message.empty());
    CHECK(status->reason.empty());
    CHECK(status->code == 0);
    CHECK(status->causes.empty());
  }
  const auto wrong_causes = parse_status(
      R"({"status":"Failure","details":{"causes":[{"reason":1,"message":[]},{"message":"3"}]}})");
  REQUIRE_THAT(wrong_causes, IsSuccess());
  REQUIRE(wrong_causes->causes.size() == 2);
  CHECK(wrong_causes->causes[0].reason.empty());
  CHECK(wrong_causes->causes[0].message.empty());
  CHECK(wrong_causes->causes[1].message == "3");
}

TEST_CASE("exit_code: of success, of a code, and of any other failure") {
  CHECK(*exit_code(exit_status(0)) == 0);
  for (const int code : {1, 3, 126, 127, 137, 255}) {
    const auto read = exit_code(exit_status(code));
    REQUIRE_THAT(read, IsSuccess());
    CHECK(*read == code);
  }
  const auto failed = exit_code(failure_status(500, "InternalError", "container not running"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == Errc::kCommandFailed);
  CHECK(failed.error().message() == "container not running");
  const auto silent = exit_code(failure_status(500, "InternalError", ""));
  REQUIRE_FALSE(silent);
  CHECK(silent.error().code() == Errc::kCommandFailed);
  CHECK(silent.error().message().find("InternalError") != std::string::npos);

  // The cause counts wherever it stands.
  Status status = exit_status(7);
  status.causes.insert(status.causes.begin(), {"Other", "9"});
  CHECK(*exit_code(status) == 7);
}

TEST_CASE("exit_code: a NonZeroExitCode without a code is never taken for success") {
  const std::vector<std::vector<Status::Cause>> bad = {
      {},
      {{"Other", "3"}},
      {{"ExitCode", ""}},
      {{"ExitCode", "0"}},
      {{"ExitCode", "three"}},
      {{"ExitCode", "3 "}},
      {{"ExitCode", " 3"}},
      {{"ExitCode", "+3"}},
      {{"ExitCode", "0x3"}},
      {{"ExitCode", "99999999999"}},
  };
  for (const auto& causes : bad) {
    Status status = exit_status(1);
    status.causes = causes;
    CAPTURE(to_json(status));
    const auto code = exit_code(status);
    REQUIRE_FALSE(code);
    CHECK(code.error().code() == Errc::kBadStatus);
  }
}

TEST_CASE("kube errors have a category and texts of their own") {
  const std::error_code code = Errc::kNoStatus;
  CHECK(std::string(code.category().name()) == "uvspdy.kube");
  for (int value = 1; value <= static_cast<int>(Errc::kCommandFailed); ++value) {
    CHECK(category().message(value) != category().message(0));
  }
}
