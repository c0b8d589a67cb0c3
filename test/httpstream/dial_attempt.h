#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/outside_calls.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"

namespace uvspdy::test {

/// One call of Dialer::dial: its result, and how often it was told.
class DialAttempt {
 public:
  /// To a port of this machine.
  DialAttempt(TestLoop& loop, std::uint16_t port, std::vector<std::string> protocols,
              httpstream::DialerOptions options = {})
      : DialAttempt(
            loop, httpstream::Url{.host = "127.0.0.1", .port = port, .target = "/exec?command=ls"},
            std::move(protocols), std::move(options)) {}

  DialAttempt(TestLoop& loop, const httpstream::Url& url, std::vector<std::string> protocols,
              httpstream::DialerOptions options = {})
      : loop_(loop) {
    outside_.during([&] {
      // The dialer is dropped at once, as its header allows.
      attempt_ = httpstream::Dialer(loop.get(), url, std::move(options))
                     .dial(std::move(protocols), [this](Result<httpstream::Dialed> dialed) {
                       CHECK(outside_.holds());
                       ++calls_;
                       result_ = std::move(dialed);
                       if (on_result) on_result();
                     });
    });
    CHECK(calls_ == 0);
  }
  DialAttempt(const DialAttempt&) = delete;
  DialAttempt& operator=(const DialAttempt&) = delete;

  bool over() const { return calls_ > 0; }
  int calls() const { return calls_; }

  void cancel() {
    outside_.during([&] { attempt_.cancel(); });
  }

  /// Called with the result, inside the handler.
  std::function<void()> on_result;

  /// The result; runs the loop until it is there.
  Result<httpstream::Dialed>& result() {
    REQUIRE(loop_.run_until([this] { return over(); }));
    return *result_;
  }

  /// The error that the attempt must end with.
  const Error& error() {
    REQUIRE_FALSE(result());
    return result_->error();
  }

  /// The connection that it must end with.
  const std::shared_ptr<httpstream::Connection>& connection() {
    INFO((result() ? std::string() : result_->error().message()));
    REQUIRE_THAT(*result_, IsSuccess());
    return (*result_)->connection;
  }

 private:
  TestLoop& loop_;
  OutsideCalls outside_;
  net::Attempt attempt_;
  std::optional<Result<httpstream::Dialed>> result_;
  int calls_ = 0;
};

}  // namespace uvspdy::test
