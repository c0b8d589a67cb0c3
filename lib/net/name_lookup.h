#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::net {

/// Looks up the addresses of a name, on libuv's thread pool. Destroying it gives up: a look-up that
/// a thread is busy with still keeps the loop until the system has answered.
class NameLookup {
 public:
  /// The addresses, in the system's order (RFC 6724). Not empty.
  using Handler = OnceCallback<void(Result<std::vector<sockaddr_storage>>)>;

  NameLookup() = default;
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// Begins; once. The handler runs once, from the loop, and may destroy this object. An error
  /// here: it has not begun, and the handler is not called. Errors: kBadAddress.
  Error start(uv_loop_t* loop, const std::string& host, std::uint16_t port, Handler handler);

 private:
  struct Request;
  Request* request_ = nullptr;  // libuv's, until its callback
};

}  // namespace uvspdy::net
