#include <chrono>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "support/catch.h"
#include "support/mentions.h"
#include "support/processes.h"
#include "support/temporary_folder.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/kube/credentials/authenticator.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

using test::IsSuccess;
using test::mentions;
using test::TemporaryFolder;
using test::TestLoop;

// A shell command that prints an ExecCredential with this status.
std::string print(const std::string& status) {
  return "cat <<'END'\n"
         R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)" +
         status + "}\nEND\n";
}

/// A script, run in its own folder, as a credential plugin, and what authenticators say about it.
struct Plugin {
  explicit Plugin(const std::string& text) {
    config.server = {"https", "h", 443, "/"};
    config.credentials.exec =
        ExecConfig{.command = folder.script("plugin", "cd '" + folder.path("") + "'\n" + text),
                   .api_version = "client.authentication.k8s.io/v1"};
  }

  ExecConfig& exec() { return *config.credentials.exec; }

  Authenticator& authenticator() {
    if (!made) made = std::make_unique<Authenticator>(loop.get(), config, std::move(options));
    return *made;
  }

  Result<Authentication> ask() {
    std::optional<Result<Authentication>> result;
    authenticator().authenticate([&result](Result<Authentication> outcome) {
      CHECK_FALSE(result);
      result = std::move(outcome);
    });
    CHECK_FALSE(result);
    REQUIRE(loop.run_out());
    REQUIRE(result);
    return *result;
  }

  void check_failure(std::error_code code, std::initializer_list<std::string_view> parts) {
    const Result<Authentication> result = ask();
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == code);
    CHECK(mentions(result.error().message(), parts));
  }

  // What the plugin has left in a file.
  std::string read(const std::string& name) const {
    std::ifstream file(folder.path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // The script's process, once it has said which that is.
  int wait_for_pid() {
    REQUIRE(loop.poll_until([this] { return read("pid").ends_with('\n'); }));
    return std::stoi(read("pid"));
  }

  TestLoop loop;
  TemporaryFolder folder;
  ClientConfig config;
  Authenticator::Options options;
  std::unique_ptr<Authenticator> made;
};

TEST_CASE("a credential plugin gives a token and a certificate", "[credential-plugin]") {
  const test::Certificate& jane = test::test_ca().client;
  Plugin plugin(print(nlohmann::json{
      {"token", "t"}, {"clientCertificateData", jane.pem()}, {"clientKeyData", jane.key_pem()}}
                          .dump()));
  plugin.config.credentials.impersonate.user = "jane";
  const Result<Authentication> result = plugin.ask();
  REQUIRE_THAT(result, IsSuccess());
  CHECK(result->headers == Headers{{"Authorization", "Bearer t"}, {"Impersonate-User", "jane"}});
  REQUIRE(result->key_pair);
  CHECK(result->key_pair->certificate.text == jane.pem());
  CHECK(result->key_pair->key.text.find("PRIVATE KEY") != std::string::npos);
}

TEST_CASE("a plugin gets its arguments, its environment and KUBERNETES_EXEC_INFO",
          "[credential-plugin]") {
  Plugin plugin(
      "printf '%s|' \"$@\" > arguments\n"
      "echo \"$ADDED $HOME\" > environment\n"
      "echo \"$KUBERNETES_EXEC_INFO\" > info\n"
      "cat > stdin\n" +
      print(R"({"token":"t"})"));
  plugin.exec().arguments = {"a b", "", "c"};
  plugin.exec().environment = {{"ADDED", "1"}, {"HOME", "elsewhere"}};
  plugin.exec().provide_cluster_info = true;
  const Result<Authentication> result = plugin.ask();
  REQUIRE_THAT(result, IsSuccess());
  CHECK(plugin.read("arguments") == "a b||c|");
  CHECK(plugin.read("environment") == "1 elsewhere\n");
  CHECK(nlohmann::json::parse(plugin.read("info")) == nlohmann::json::parse(R"({
      "kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",
      "spec":{"interactive":false,"cluster":{"server":"https://h"}}})"));
  CHECK(plugin.read("stdin").empty());
}

TEST_CASE("a plugin is asked again when what it gave has run out", "[credential-plugin]") {
  const auto runs = [](const std::string& expiration, bool forget) {
    Plugin plugin("echo >> runs\n" + print(R"({"token":"t")" + expiration + "}"));
    for (int i = 0; i < 3; ++i) {
      const Result<Authentication> result = plugin.ask();
      REQUIRE_THAT(result, IsSuccess());
      if (forget) plugin.authenticator().forget(result->generation);
    }
    return plugin.read("runs").size();
  };
  CHECK(runs("", false) == 1);
  CHECK(runs("", true) == 3);
  CHECK(runs(R"(,"expirationTimestamp":"2999-01-01T00:00:00Z")", false) == 1);
  CHECK(runs(R"(,"expirationTimestamp":"2001-01-01T00:00:00Z")", false) == 3);
}

TEST_CASE("forgetting what an earlier run gave leaves what a later one did",
          "[credential-plugin]") {
  Plugin plugin("echo >> runs\n" + print(R"({"token":"t"})"));
  const Result<Authentication> first = plugin.ask();
  REQUIRE_THAT(first, IsSuccess());
  plugin.authenticator().forget(first->generation);
  REQUIRE_THAT(plugin.ask(), IsSuccess());
  plugin.authenticator().forget(first->generation);
  REQUIRE_THAT(plugin.ask(), IsSuccess());
  CHECK(plugin.read("runs").size() == 2);
}

TEST_CASE("those who ask while a plugin runs wait for that one", "[credential-plugin]") {
  Plugin plugin("echo >> runs\n" + print(R"({"token":"t"})"));
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    plugin.authenticator().authenticate([&answers](const Result<Authentication>& result) {
      CHECK_THAT(result, IsSuccess());
      ++answers;
    });
  }
  plugin.made.reset();  // the answers come all the same
  REQUIRE(plugin.loop.run_out());
  CHECK(answers == 3);
  CHECK(plugin.read("runs").size() == 1);
}

TEST_CASE("other credentials go before a plugin", "[credential-plugin]") {
  Plugin plugin("exit 1\n");
  SECTION("token") { plugin.config.credentials.token = "t"; }
  SECTION("username") { plugin.config.credentials.username = "u"; }
  SECTION("client certificate") { plugin.config.tls.key_pair = net::TlsKeyPair{}; }
  const Result<Authentication> result = plugin.ask();
  CHECK_THAT(result, IsSuccess());
}

TEST_CASE("a plugin that fails is named with what it said", "[credential-plugin]") {
  std::string heard;
  Plugin plugin("printf 'log in\\n\\033[1mfirst\302\233' >&2\nexit 3\n");
  plugin.options.on_stderr = [&heard](std::string_view text) { heard += text; };
  plugin.check_failure(Errc::kCredentials,
                       {plugin.exec().command, "exit code 3", "log in ?[1mfirst?"});
  CHECK(heard == "log in\n\033[1mfirst\xc2\x9b");
}

TEST_CASE("a plugin that is not there, or cannot be run", "[credential-plugin]") {
  Plugin plugin("");
  SECTION("on PATH") {
    plugin.exec().command = "no-such-credential-plugin";
    plugin.exec().install_hint = "apt install\nit";
    plugin.check_failure(Errc::kCredentials,
                         {"there is no command 'no-such-credential-plugin'; apt install it"});
  }
  SECTION("in a folder") {
    plugin.exec().command = plugin.folder.path("none");
    plugin.check_failure(Errc::kCredentials, {"there is no command", plugin.exec().command});
  }
  SECTION("not executable") {
    plugin.exec().command = plugin.folder.write("file", "");
    plugin.check_failure(Errc::kCredentials, {plugin.exec().command, "permission denied"});
  }
}

TEST_CASE("output that is no ExecCredential", "[credential-plugin]") {
  SECTION("nothing") {
    Plugin("").check_failure(Errc::kCredentials, {"plugin'", "0 bytes of something else"});
  }
  SECTION("another version") {
    Plugin plugin(print(R"({"token":"t"})"));
    plugin.exec().api_version = "client.authentication.k8s.io/v1beta1";
    plugin.check_failure(Errc::kCredentials, {"'client.authentication.k8s.io/v1'", "v1beta1'"});
  }
  SECTION("a token with line ends") {
    Plugin(print(R"({"token":"t\r\nX: y"})"))
        .check_failure(Errc::kCredentials, {"plugin'", "control character"});
  }
  SECTION("a certificate that is none") {
    Plugin(print(R"({"clientCertificateData":"C","clientKeyData":"K"})"))
        .check_failure(Errc::kCredentials, {"plugin'", "CERTIFICATE"});
  }
  SECTION("a key of another certificate") {
    const test::TestCa& ca = test::test_ca();
    Plugin(print(nlohmann::json{{"clientCertificateData", ca.client.pem()},
                                {"clientKeyData", ca.server.key_pem()}}
                     .dump()))
        .check_failure(Errc::kCredentials, {"plugin'", "does not belong to"});
  }
  SECTION("too much, and no end of it") {
    Plugin("exec yes\n").check_failure(Errc::kCredentials, {"more than 1 MiB"});
  }
}

TEST_CASE("a failure is not remembered", "[credential-plugin]") {
  const std::string first =
      GENERATE(std::string("exit 1\n"), print(R"({"token":"t\r\nX: y"})") + "exit\n",
               print(R"({"clientCertificateData":"C","clientKeyData":"K"})") + "exit\n");
  Plugin plugin("[ -e second ] || {\ntouch second\n" + first + "}\n" + print(R"({"token":"t"})"));
  CHECK_FALSE(plugin.ask());
  CHECK_THAT(plugin.ask(), IsSuccess());
}

TEST_CASE("a plugin that takes too long is ended", "[credential-plugin]") {
  // Not even SIGTERM ends it.
  Plugin plugin("trap '' TERM\necho waiting >&2\necho $$ > pid\nwhile :; do sleep 60; done\n");
  // Long enough for the shell to come up, so that SIGTERM meets its trap.
  plugin.options.timeout = std::chrono::seconds(2);
  const auto start = std::chrono::steady_clock::now();
  plugin.check_failure(net::Errc::kTimeout,
                       {plugin.exec().command, "within 2000 ms", "it said: waiting"});
  CHECK(std::chrono::steady_clock::now() - start < test::kDeadline);
  CHECK_FALSE(test::is_running(plugin.wait_for_pid()));
}

TEST_CASE("a plugin that nobody waits for is ended", "[credential-plugin]") {
  Plugin plugin("echo $$ > pid\nsleep 60\n");
  int cancelled = 0;
  const auto count = [&cancelled](const Result<Authentication>& result) {
    CHECK_FALSE(result);
    if (result) return;
    CHECK(result.error().code() == std::error_code(UV_ECANCELED, net::uv_category()));
    ++cancelled;
  };
  const net::Attempt first = plugin.authenticator().authenticate(count);
  const net::Attempt second = plugin.authenticator().authenticate(count);
  const int pid = plugin.wait_for_pid();
  const test::ProcessCleanup cleanup(pid);
  first.cancel();
  REQUIRE(plugin.loop.run_until([&] { return cancelled == 1; }));
  CHECK(test::is_running(pid));
  second.cancel();
  CHECK(cancelled == 1);
  REQUIRE(plugin.loop.run_out());
  CHECK(cancelled == 2);
  CHECK_FALSE(test::is_running(pid));
}

TEST_CASE("a plugin that is ended takes with it what it has started", "[credential-plugin]") {
  // The shell goes at SIGTERM, its child does not.
  Plugin plugin(
      "sh -c 'trap \"\" TERM; echo $$ > pid; while :; do sleep 60; done' > /dev/null 2>&1 &\n"
      "wait\n");
  bool over = false;
  const net::Attempt attempt =
      plugin.authenticator().authenticate([&over](const Result<Authentication>&) { over = true; });
  const int pid = plugin.wait_for_pid();
  const test::ProcessCleanup cleanup(pid);
  attempt.cancel();
  REQUIRE(plugin.loop.run_out());
  CHECK(over);
  CHECK(plugin.loop.poll_until([pid] { return !test::is_running(pid); }));
}

TEST_CASE("giving up inside the plugin's words", "[credential-plugin]") {
  Plugin plugin("echo words >&2\nsleep 60\n");
  net::Attempt attempt;
  int cancelled = 0;
  std::string heard;
  // Too long for std::string's own place: a closure that has gone is memory that was freed.
  const std::string mark(100, 'x');
  plugin.options.on_stderr = [&, mark](std::string_view text) {
    attempt.cancel();
    plugin.made.reset();
    heard += mark;
    heard += text;
  };
  attempt = plugin.authenticator().authenticate([&](const Result<Authentication>& result) {
    CHECK_FALSE(result);
    ++cancelled;
  });
  plugin.options.on_stderr = {};
  REQUIRE(plugin.loop.run_out());
  CHECK(cancelled == 1);
  CHECK(heard == mark + "words\n");
}

TEST_CASE("what a plugin leaves running does not hold it up", "[credential-plugin]") {
  Plugin plugin("sleep 60 &\necho $! > pid\n" + print(R"({"token":"t"})"));
  const Result<Authentication> result = plugin.ask();
  const test::ProcessCleanup cleanup(plugin.wait_for_pid());
  CHECK_THAT(result, IsSuccess());
}

TEST_CASE("a plugin that must ask people needs a terminal", "[credential-plugin]") {
  Plugin plugin(print(R"({"token":"t"})"));
  plugin.exec().interactive_mode = InteractiveMode::kAlways;
  plugin.options.stdin_available = false;
  plugin.check_failure(Errc::kCredentials, {"interactiveMode Always", "standard input"});
}

}  // namespace
}  // namespace uvspdy::kube
