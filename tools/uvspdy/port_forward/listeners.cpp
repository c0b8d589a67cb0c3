#include "listeners.h"

#include <cstdio>
#include <string>
#include <utility>

#include "report.h"

namespace uvspdy::command {
namespace {

// Advice for people, by the error.
std::string advice(int status, const PortSpec& port) {
  const std::string remote = std::to_string(port.remote);
  if (status == UV_EADDRINUSE) {
    return "; name another local port, or :" + remote + " for a free one";
  }
  if (status == UV_EACCES) {
    return "; ports below 1024 are for privileged users: name another local port, or :" + remote +
           " for a free one";
  }
  return {};
}

}  // namespace

LocalListeners::LocalListeners(uv_loop_t* loop, AcceptHandler on_accept, LineWriter errors)
    : loop_(loop), on_accept_(std::move(on_accept)), errors_(std::move(errors)) {}

bool LocalListeners::listen(const std::vector<PortSpec>& ports,
                            const std::vector<LocalAddress>& addresses) {
  bool any = false;
  for (const PortSpec& port : ports) any = listen(port, addresses) || any;
  std::fflush(stdout);
  return any;
}

// For "localhost" one of its two addresses suffices; listening must succeed at every other address.
bool LocalListeners::listen(PortSpec port, const std::vector<LocalAddress>& addresses) {
  std::vector<std::unique_ptr<net::Listener>> made;
  std::string failures;
  int status = 0;
  bool missing = false;
  bool localhost_asked = false;
  bool localhost_had = false;
  for (const LocalAddress& address : addresses) {
    net::ListenOptions options;
    options.ipv6_only = true;
    // If the port is 0, the free port of the first address is used for the others, too.
    auto shared_port = std::make_shared<PortSpec>(port);
    auto listener = net::Listener::listen_tcp(
        loop_, address.address, port.local,
        [this, shared_port](std::unique_ptr<net::Transport> local) {
          on_accept_(std::move(local), *shared_port);
        },
        [this](const Error& error) { errors_.write("uvspdy port-forward: " + error.message()); },
        options);
    localhost_asked = localhost_asked || address.of_localhost;
    if (!listener) {
      failures += (failures.empty() ? "" : ", ") + listener.error().message();
      status = listener.error().code().value();
      missing = missing || !address.of_localhost;
      continue;
    }
    localhost_had = localhost_had || address.of_localhost;
    port.local = shared_port->local = (*listener)->port();
    made.push_back(std::move(*listener));
  }
  if (missing || (localhost_asked && !localhost_had)) {
    report_line("Unable to listen on port " + std::to_string(port.local) +
                ": Listeners failed to create with the following errors: [" + failures + "]" +
                advice(status, port));
    return false;
  }
  for (auto& listener : made) {
    std::printf("Forwarding from %s -> %d\n", listener->address().c_str(), port.remote);
    listeners_.push_back(std::move(listener));
  }
  return true;
}

}  // namespace uvspdy::command
