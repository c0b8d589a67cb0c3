#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::test {

/// A client of exec and attach that creates streams one by one and keeps what comes on them. The
/// order in which data and ends come is kept, as "stdout data", "stdout end", "error close", ...
class RemoteCommandPeer {
 public:
  RemoteCommandPeer(TestLoop& loop, std::uint16_t port, const std::string& target,
                    std::string_view protocol = kube::kProtocolV4)
      : loop_(loop) {
    httpstream::Url url;
    url.host = "127.0.0.1";
    url.port = port;
    url.target = target;
    httpstream::Dialer(loop.get(), url)
        .dial({std::string(protocol)}, [this, protocol](Result<httpstream::Dialed> dialed) {
          CHECK_THAT(dialed, IsSuccess());
          if (!dialed) return;
          CHECK(dialed->protocol == protocol);
          connection = std::move(dialed->connection);
        });
    REQUIRE(loop.run_until([this] { return connection != nullptr; }));
    connection->on_close([this](const Error&) { closed = true; });
  }
  RemoteCommandPeer(const RemoteCommandPeer&) = delete;
  RemoteCommandPeer& operator=(const RemoteCommandPeer&) = delete;

  /// Creates a stream of a type; the error it was refused with, or success.
  Error create(const std::string& type) {
    std::optional<Error> answer;
    Headers headers;
    if (!type.empty()) headers.add(kube::kHeaderStreamType, type);
    connection->create_stream(headers, [&](Result<std::shared_ptr<httpstream::Stream>> stream) {
      answer = stream ? Error() : stream.error();
      if (stream) watch(type, *stream);
    });
    REQUIRE(loop_.run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  void create_all(const std::vector<std::string>& types) {
    for (const std::string& type : types) {
      CAPTURE(type);
      CHECK_THAT(create(type), IsSuccess());
    }
  }

  bool happened(const std::string& event) const {
    return std::find(events.begin(), events.end(), event) != events.end();
  }

  /// Where an event stands that must have happened.
  long place(const std::string& event) const {
    CAPTURE(event);
    const auto found = std::find(events.begin(), events.end(), event);
    CHECK(found != events.end());
    return found - events.begin();
  }

  std::shared_ptr<httpstream::Connection> connection;
  bool closed = false;
  std::map<std::string, std::shared_ptr<httpstream::Stream>> streams;
  std::map<std::string, std::string> data;
  std::vector<std::string> events;

 private:
  void watch(const std::string& type, const std::shared_ptr<httpstream::Stream>& stream) {
    streams[type] = stream;
    stream->on_data([this, type](Bytes bytes) {
      data[type] += text_of(bytes);
      tell(type + " data");
    });
    stream->on_end([this, type](const Error& error) {
      if (!error) tell(type + " end");
    });
    stream->on_close([this, type](const Error&) { tell(type + " close"); });
  }
  void tell(const std::string& event) {
    if (events.empty() || events.back() != event) events.push_back(event);
  }

  TestLoop& loop_;
};

}  // namespace uvspdy::test
