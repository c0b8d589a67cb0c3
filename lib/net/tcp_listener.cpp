#include <utility>

#include "net/tcp_transport.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::net {
namespace {

constexpr int kBacklog = 511;

bool parse_address(const std::string& address, std::uint16_t port, sockaddr_storage& out) {
  void* raw = &out;
  return uv_ip4_addr(address.c_str(), port, static_cast<sockaddr_in*>(raw)) == 0 ||
         uv_ip6_addr(address.c_str(), port, static_cast<sockaddr_in6*>(raw)) == 0;
}

sockaddr* base(sockaddr_storage& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

}  // namespace

struct TcpListener::Handlers {
  AcceptHandler on_accept;
  ErrorHandler on_error;
};

TcpListener::TcpListener(Private) {}
TcpListener::~TcpListener() = default;

Result<std::unique_ptr<TcpListener>> TcpListener::listen(uv_loop_t* loop,
                                                         const std::string& address,
                                                         std::uint16_t port,
                                                         AcceptHandler on_accept,
                                                         ErrorHandler on_error) {
  sockaddr_storage where{};
  if (!parse_address(address, port, where)) {
    return Error(Errc::kBadAddress, "cannot listen on '" + address +
                                        "': give a numeric address such as 127.0.0.1 or ::1");
  }
  auto listener = std::make_unique<TcpListener>(Private{});
  listener->handlers_ =
      std::make_shared<Handlers>(Handlers{std::move(on_accept), std::move(on_error)});
  listener->tcp_ = Handle<uv_tcp_t>::make();
  uv_tcp_init(loop, listener->tcp_.get());
  listener->tcp_->data = &listener->handlers_;

  const std::string what = "listen on " + to_string(where);
  int status = uv_tcp_bind(listener->tcp_.get(), base(where), 0);
  if (status == 0) {
    status = uv_listen(listener->tcp_.stream(), kBacklog, [](uv_stream_t* server, int result) {
      // The copy keeps the handlers while one of them destroys the listener.
      const auto handlers = *static_cast<std::shared_ptr<Handlers>*>(server->data);
      auto transport = std::make_unique<TcpTransport>(server->loop);
      if (result == 0) {
        void* handle = transport->handle();
        result = uv_accept(server, static_cast<uv_stream_t*>(handle));
      }
      if (result < 0) {
        if (handlers->on_error) handlers->on_error(uv_error(result, "accept"));
        return;
      }
      transport->connected();
      handlers->on_accept(std::move(transport));
    });
  }
  if (status < 0) return uv_error(status, what);

  int size = sizeof where;
  uv_tcp_getsockname(listener->tcp_.get(), base(where), &size);
  const void* raw = &where;
  listener->port_ =
      ntohs(where.ss_family == AF_INET6 ? static_cast<const sockaddr_in6*>(raw)->sin6_port
                                        : static_cast<const sockaddr_in*>(raw)->sin_port);
  return listener;
}

void TcpListener::close() { tcp_.reset(); }

bool is_loopback(const std::string& address) {
  sockaddr_storage parsed{};
  if (!parse_address(address, 0, parsed)) return false;
  const void* raw = &parsed;
  if (parsed.ss_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&static_cast<const sockaddr_in6*>(raw)->sin6_addr) != 0;
  }
  return (ntohl(static_cast<const sockaddr_in*>(raw)->sin_addr.s_addr) >> 24) == 127;
}

}  // namespace uvspdy::net
