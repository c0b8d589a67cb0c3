#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/test_loop.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::test {

/// A server that upgrades, accepts streams, and leaves the rest to the test.
struct ScriptedServer {
  std::unique_ptr<httpstream::HttpServer> http;
  std::shared_ptr<httpstream::Connection> connection;
  std::string target;
  std::vector<std::string> offered;         // protocols
  std::string protocol{kube::kProtocolV4};  // which is chosen
  std::vector<std::string> order;           // of the streams' types
  std::map<std::string, std::shared_ptr<httpstream::Stream>> streams;
  std::string refused;  // a type of stream to reject
  std::function<void(httpstream::HttpExchange&)> instead;
  // Called when a stream has been accepted.
  std::function<void(const std::string& type)> on_stream = [](const std::string&) {};

  explicit ScriptedServer(TestLoop& loop) {
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<httpstream::HttpExchange>& exchange) {
          target = exchange->request().target;
          for (const std::string_view each :
               exchange->request().headers.values(httpstream::kHeaderProtocolVersion)) {
            offered.emplace_back(each);
          }
          if (instead) return instead(*exchange);
          auto upgraded = httpstream::ResponseUpgrader().upgrade_response(
              *exchange, {101, {}, {{httpstream::kHeaderProtocolVersion, protocol}}, {}},
              [this](auto stream, auto decision) { new_stream(stream, std::move(decision)); });
          CHECK_THAT(upgraded, IsSuccess());
          if (upgraded) connection = std::move(*upgraded);
        });
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }

  std::uint16_t port() const { return http->port(); }

  /// Writes to a stream and ends it.
  void finish(const std::string& type, const std::string& text) {
    if (!text.empty()) CHECK_THAT(streams[type]->write(Buffer::copy_of(text)), IsSuccess());
    streams[type]->close();
  }

 private:
  void new_stream(const std::shared_ptr<httpstream::Stream>& stream,
                  httpstream::StreamDecision decision) {
    const std::string type(stream->headers().get(kube::kHeaderStreamType).value_or(""));
    if (type == refused) return decision.reject();
    order.push_back(type);
    streams[type] = stream;
    stream->on_data([](Bytes) {});
    decision.accept();
    on_stream(type);
  }
};

}  // namespace uvspdy::test
