#include "net/name_lookup.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::net {
namespace {

// The owner of a name decides how many addresses it has, so we take no more than this.
constexpr std::size_t kMaxAddresses = 32;

Error cannot_resolve(const std::string& host, int status) {
  return Error(Errc::kBadAddress, "cannot resolve '" + host + "': " + uv_strerror(status) + " (" +
                                      uv_err_name(status) + ")");
}

std::vector<sockaddr_storage> addresses_in(const addrinfo* list) {
  std::vector<sockaddr_storage> addresses;
  for (; list != nullptr && addresses.size() < kMaxAddresses; list = list->ai_next) {
    if (list->ai_family != AF_INET && list->ai_family != AF_INET6) continue;
    sockaddr_storage address{};
    std::memcpy(&address, list->ai_addr, std::min<std::size_t>(list->ai_addrlen, sizeof address));
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

struct NameLookup::Request {
  uv_getaddrinfo_t request{};
  NameLookup* owner = nullptr;  // null once it is gone
  std::string host;
  Handler handler;

  static void done(uv_getaddrinfo_t* request, int status, addrinfo* list) noexcept {
    const std::unique_ptr<Request> self(static_cast<Request*>(request->data));
    const std::unique_ptr<addrinfo, decltype(&uv_freeaddrinfo)> freed(list, &uv_freeaddrinfo);
    if (self->owner == nullptr) return;
    self->owner->request_ = nullptr;
    if (status < 0) return self->handler(cannot_resolve(self->host, status));
    auto addresses = addresses_in(list);
    if (addresses.empty()) return self->handler(cannot_resolve(self->host, UV_EAI_NODATA));
    self->handler(std::move(addresses));
  }
};

NameLookup::~NameLookup() {
  if (request_ == nullptr) return;
  request_->owner = nullptr;
  request_->handler = {};
  void* request = &request_->request;
  uv_cancel(static_cast<uv_req_t*>(request));
}

Error NameLookup::start(uv_loop_t* loop, const std::string& host, std::uint16_t port,
                        Handler handler) {
  auto request = std::make_unique<Request>();
  request->request.data = request.get();
  request->owner = this;
  request->host = host;
  request->handler = std::move(handler);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int status = uv_getaddrinfo(loop, &request->request, &Request::done, host.c_str(),
                                    std::to_string(port).c_str(), &hints);
  if (status < 0) return cannot_resolve(host, status);
  request_ = request.release();
  return {};
}

}  // namespace uvspdy::net
