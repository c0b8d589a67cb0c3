#include "net/client_address.h"

#include <sys/socket.h>

#include "net/stream_transport.h"

namespace uvspdy::net {

std::string client_of(const Transport& transport) {
  const auto* stream = dynamic_cast<const StreamTransport*>(&transport);
  if (stream != nullptr) {
    if (const auto user = stream->local_user()) return "unix:uid=" + std::to_string(*user);
  }
  return client_of_peer(transport.peer());
}

}  // namespace uvspdy::net
