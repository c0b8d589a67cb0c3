#include "conformance/case_runner.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "support/catch.h"
#include "support/hex.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::Role;

Headers headers_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Headers headers;
  for (const auto& [name, value] : pairs) headers.add(name, value);
  return headers;
}

// The first of the lines is what is expected, or begins with it.
void take_expected(Lines& lines, CaseWords& words) {
  const bool begins = words.take_ellipsis();
  const std::string expected(words.rest());
  words = CaseWords({});
  if (expected == "nothing") {
    CHECK(lines == Lines{});
    return;
  }
  const std::string actual = lines.empty() ? "nothing" : lines.front();
  CHECK((begins ? actual.substr(0, expected.size()) : actual) == expected);
  if (!lines.empty()) lines.erase(lines.begin());
}

void check_contains(const std::string& text, const std::vector<std::string>& parts) {
  INFO("the text: " << text);
  for (const std::string& part : parts) {
    INFO("is to contain: " << part);
    CHECK(text.find(part) != std::string::npos);
  }
}

}  // namespace

CaseRunner::CaseRunner(Role role, const CaseOptions& options)
    : role_(role), peer_(options.peer_compression), driver_(role, options.session) {
  if (!options.shows_opening && options.session.flow_control != FlowControl::kNone) open();
}

// What a session with flow control begins with, and the answer to its PING: most cases begin
// behind that.
void CaseRunner::open() {
  driver_.turn();
  const Lines opening = driver_.sent();
  REQUIRE(opening.size() == 2);
  REQUIRE(opening[0].starts_with("SETTINGS "));
  REQUIRE(opening[1] == (role_ == Role::kClient ? "PING 1" : "PING 2"));
  driver_.receive_bytes(peer_.bytes(opening[1]));
  REQUIRE(driver_.told() == Lines{});
}

void CaseRunner::step(const CaseLine& line) {
  CaseWords words(line.text);
  const std::string& verb = line.verb;
  if (verb == "given" || verb == "in" || verb == "do" || verb == "wait") {
    end_expectations();
    if (verb == "given") given(words);
    if (verb == "in") peer_sends(words);
    if (verb == "do") user_does(words);
    if (verb == "wait") wait(words);
  } else if (verb == "out") {
    expect_out(words);
  } else if (verb == "told") {
    expect_told(words);
  } else if (verb == "refused") {
    expect_refused(words);
  } else if (verb == "because") {
    check_contains(driver_.handler.closed_message(), words.quoted());
  } else if (verb == "ends") {
    expect_end(words);
  } else if (verb == "over") {
    // Nothing more comes out: it is time to close the connection.
    CHECK(driver_.session.finished());
    end_expected_ = true;
  } else if (verb == "window" || verb == "grants") {
    expect_window(words, verb == "window");
  } else {
    throw CaseError("no step is called '" + verb + "'");
  }
  words.end();
}

// Before something new happens, all that has come of the last must have been expected.
void CaseRunner::end_expectations() {
  if (out_) CHECK(*std::exchange(out_, std::nullopt) == Lines{});
  if (told_) CHECK(*std::exchange(told_, std::nullopt) == Lines{});
  CHECK(error_text(std::exchange(refusal_, {})) == "ok");
}

void CaseRunner::finish() {
  end_expectations();
  CHECK(driver_.sent() == Lines{});
  CHECK(driver_.told() == Lines{});
  CHECK(driver_.sent() == Lines{});
  if (end_expected_) return;
  CHECK(driver_.session.is_open());
  CHECK(error_text(driver_.session.error()) == "ok");
}

// ---- what happens

// "open N": a stream with that id, created, replied to, and all that came of it forgotten.
void CaseRunner::given(CaseWords& words) {
  if (!words.take("open")) throw CaseError("given are open streams");
  while (!words.done()) {
    const std::uint32_t id = words.number();
    if ((id & 1) == (role_ == Role::kClient ? 1u : 0u)) {
      REQUIRE(driver_.create() == id);
      REQUIRE(driver_.sent() == Lines{"SYN_STREAM " + std::to_string(id) + " {}"});
      driver_.receive_bytes(peer_.bytes("SYN_REPLY " + std::to_string(id) + " {}"));
    } else {
      driver_.receive_bytes(peer_.bytes("SYN_STREAM " + std::to_string(id) + " {}"));
      REQUIRE_THAT(driver_.session.reply(id, {}), IsSuccess());
      REQUIRE(driver_.sent() == Lines{"SYN_REPLY " + std::to_string(id) + " {}"});
    }
    driver_.told();
    REQUIRE(driver_.session.stream_stats(id)->state == session::StreamState::kOpen);
  }
}

void CaseRunner::peer_sends(CaseWords& words) {
  if (words.take("end")) return driver_.receive_end();
  driver_.receive_bytes(peer_.bytes(words.rest()));
  words = CaseWords({});
}

void CaseRunner::wait(CaseWords& words) {
  driver_.clock.advance(std::chrono::milliseconds(words.number()));
  if (!words.take("ms")) throw CaseError("time is in ms");
  driver_.turn();
}

// ---- what the user does

void CaseRunner::user_does(CaseWords& words) { refusal_ = action(words); }

Error CaseRunner::action(CaseWords& words) {
  session::Session& session = driver_.session;
  const session::Time now = driver_.clock.now();
  const std::string_view what = words.word();
  if (what == "create") {
    Headers headers = headers_of(words.headers());
    session::CreateOptions options;
    if (words.take("associated")) {
      if (!words.take("to")) throw CaseError("'associated to' and an id");
      options.associated_to = words.number();
    }
    if (words.take("priority")) options.priority = static_cast<std::uint8_t>(words.number());
    options.fin = words.take("FIN");
    options.unidirectional = words.take("UNIDIRECTIONAL");
    const auto id = session.create_stream(std::move(headers), options, now);
    return id ? Error() : id.error();
  }
  if (what == "ping") {
    const auto id = session.ping(now);
    return id ? Error() : id.error();
  }
  if (what == "settings") {
    wire::SettingsFrame frame = words.settings();
    return session.send_settings(std::move(frame.entries), frame.clear_settings);
  }
  if (what == "shutdown") {
    session.shutdown(now);
    return {};
  }
  if (what == "close_connection") {
    session.close(words.goaway_status());
    return {};
  }
  const std::uint32_t id = words.number();
  if (what == "reply" || what == "headers") {
    Headers headers = headers_of(words.headers());
    const bool fin = words.take("FIN");
    return what == "reply" ? session.reply(id, std::move(headers), fin)
                           : session.send_headers(id, std::move(headers), fin);
  }
  if (what == "write") return session.write(id, Buffer::copy_of(words.payload()));
  if (what == "end") {
    session.end(id);
    return {};
  }
  if (what == "reset") {
    session.reset(id, words.rst_status());
    return {};
  }
  if (what == "discard") {
    session.discard(id);
    return {};
  }
  if (what == "pause") {
    session.pause(id);
    return {};
  }
  if (what == "resume") {
    session.resume(id);
    return {};
  }
  throw CaseError("the user cannot do '" + std::string(what) + "'");
}

// ---- what is expected

void CaseRunner::expect_out(CaseWords& words) {
  if (!out_ || out_->empty()) {
    driver_.turn();
    bytes_ = driver_.take_output();
    out_ = driver_.read_lines(bytes_);
  }
  if (words.take("bytes")) {
    const bool begins = words.take_ellipsis();
    const std::string expected = words.hex_pattern();
    std::string actual = to_hex(bytes_);
    if (begins) actual.resize(std::min(actual.size(), expected.size()));
    for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
      if (expected[i] == '?') actual[i] = '?';
    }
    CHECK(actual == expected);
    out_->clear();
  } else {
    take_expected(*out_, words);
  }
}

void CaseRunner::expect_told(CaseWords& words) {
  if (!told_ || told_->empty()) told_ = driver_.told();
  take_expected(*told_, words);
}

// The code of the error, and what its text contains.
void CaseRunner::expect_refused(CaseWords& words) {
  const Error refusal = std::exchange(refusal_, {});
  if (!words.rest().starts_with('"')) CHECK(error_text(refusal) == words.word());
  CHECK(refusal);
  if (!words.done()) check_contains(refusal.message(), words.quoted());
}

void CaseRunner::expect_end(CaseWords& words) {
  end_expected_ = true;
  CHECK_FALSE(driver_.session.is_open());
  CHECK(driver_.session.error());
  check_contains(driver_.session.error().message(), words.quoted());
}

// The send window, or the one that the peer has been granted: of a stream, or (0) of the
// connection.
void CaseRunner::expect_window(CaseWords& words, bool ours) {
  const std::uint32_t id = words.number();
  const std::int64_t expected = words.signed_number();
  if (id == 0) {
    const session::Stats stats = driver_.session.stats();
    CHECK((ours ? stats.send_window : stats.receive_window) == expected);
    return;
  }
  const auto stats = driver_.session.stream_stats(id);
  REQUIRE(stats);
  CHECK((ours ? stats->send_window : stats->receive_window) == expected);
}

void run_case(std::string_view file, std::string_view name) {
  std::ifstream input{std::string(file)};
  std::stringstream text;
  text << input.rdbuf();
  const std::string short_file(file.substr(file.rfind('/') + 1));
  std::string place = short_file;
  try {
    const std::vector<Case> cases = parse_cases(short_file, text.str());
    const auto found = std::find_if(cases.begin(), cases.end(),
                                    [name](const Case& known) { return known.name == name; });
    if (found == cases.end()) throw CaseError("there is no case '" + std::string(name) + "'");
    const CaseOptions options = options_of(*found);
    for (const Role role : found->roles) {
      INFO((role == Role::kClient ? "as client" : "as server"));
      CaseRunner runner(role, options);
      for (const CaseLine& line : found->steps) {
        place = short_file + ":" + std::to_string(line.number);
        INFO(place << ": " << line.verb << " " << line.text);
        runner.step(line);
      }
      INFO(place << ": the end of the case");
      runner.finish();
    }
  } catch (const CaseError& error) {
    FAIL(place << ": " << error.what());
  }
}

}  // namespace uvspdy::test
