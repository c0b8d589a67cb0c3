#include "connection_lost.h"

#include <uv.h>

#include <algorithm>
#include <initializer_list>
#include <system_error>

#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/session/error.h"

namespace uvspdy::command {
namespace {

template <class Code>
bool is_one_of(const std::error_code& code, std::initializer_list<Code> codes) {
  return std::any_of(codes.begin(), codes.end(), [&](Code each) { return code == each; });
}

bool is_one_of(const std::error_code& code, std::initializer_list<uv_errno_t> numbers) {
  return code.category() == net::uv_category() &&
         std::any_of(numbers.begin(), numbers.end(),
                     [&](uv_errno_t each) { return code.value() == each; });
}

}  // namespace

bool is_connection_lost(const Error& error) {
  const std::error_code code = error.code();
  using Http = httpstream::Errc;
  using Net = net::Errc;
  using Session = session::Errc;
  return code == kube::Errc::kNoStatus ||
         is_one_of(code, {Session::kConnectionLost, Session::kConnectionClosed, Session::kGoneAway,
                          Session::kCreateTimeout, Session::kIdleTimeout,
                          Session::kFlowControlUnknown, Session::kPeerDead}) ||
         is_one_of(code, {Http::kTimeout, Http::kConnectionLost, Http::kProxyTimeout}) ||
         is_one_of(code, {Net::kTimeout, Net::kTlsTimeout, Net::kTlsHandshake, Net::kTruncated}) ||
         is_one_of(code, {UV_ECONNREFUSED, UV_ECONNRESET, UV_ECONNABORTED, UV_EPIPE, UV_ENOTCONN,
                          UV_ETIMEDOUT, UV_EHOSTUNREACH, UV_ENETUNREACH, UV_ENETDOWN, UV_EAI_AGAIN,
                          UV_EOF});
}

}  // namespace uvspdy::command
