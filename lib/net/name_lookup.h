#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::net {

/// Resolves a name on libuv's thread pool. Destroying the object cancels; but a look-up that a
/// thread has begun keeps the loop alive until the system has answered.
class NameLookup {
 public:
  /// The addresses, in the system's order (RFC 6724). Not empty.
  using Handler = OnceCallback<void(Result<std::vector<sockaddr_storage>>)>;

  NameLookup() = default;
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// Begins; call once. The handler is called once, from the loop, and may destroy this object.
  /// After an error of this function it is not called. Errors: kBadAddress.
  Error start(uv_loop_t* loop, const std::string& host, std::uint16_t port, Handler handler);

 private:
  struct Request;
  Request* request_ = nullptr;  // libuv's, until its callback
};

}  // namespace uvspdy::net
