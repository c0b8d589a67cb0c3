#include "uvspdy/httpstream/response_upgrader.h"

#include <string>
#include <utility>

#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade.h"

namespace uvspdy::httpstream {

class UVSPDY_LOCAL ResponseUpgrader::Impl {
 public:
  ConnectionOptions options;
};

ResponseUpgrader::ResponseUpgrader(ConnectionOptions options)
    : impl_(std::make_shared<const Impl>(Impl{std::move(options)})) {}

Result<std::shared_ptr<Connection>> ResponseUpgrader::upgrade_response(
    HttpExchange& exchange, HttpResponse response, NewStreamHandler handler) const {
  if (!is_spdy_upgrade_request(exchange.request())) {
    const std::string text =
        "unable to upgrade: the request must be of HTTP/1.1 and have the headers '" +
        std::string(kHeaderConnection) + ": " + std::string(kHeaderUpgrade) + "' and '" +
        std::string(kHeaderUpgrade) + ": " + std::string(kSpdy31) + "'";
    exchange.respond({400, {}, {{"Content-Type", "text/plain; charset=utf-8"}}, text + "\n"});
    return Error(Errc::kNotAnUpgrade, text);
  }
  response.status = 101;
  response.body.clear();
  response.headers.set(kHeaderConnection, kHeaderUpgrade);
  response.headers.set(kHeaderUpgrade, kSpdy31);
  Result<std::string> head = format_response(response);
  if (!head) {
    exchange.respond({500, {}, {}, {}});
    return head.error();
  }
  HttpExchange::Connected connected = exchange.take_over();
  if (!connected.transport) {
    return Error(Errc::kNotAnUpgrade, "the request has been answered already");
  }
  auto connection = Connection::create(
      std::move(connected.transport), session::Role::kServer, impl_->options,
      {.preface = Buffer(std::move(*head)), .already_read = std::move(connected.already_read)});
  connection->on_new_stream(std::move(handler));
  return connection;
}

}  // namespace uvspdy::httpstream
