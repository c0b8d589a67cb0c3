#include <uv.h>

#include <algorithm>
#include <array>
#include <utility>

#include "httpstream/authority.h"
#include "httpstream/proxy_handshake.h"
#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

constexpr std::uint8_t kVersion = 5;
constexpr std::uint8_t kPasswordVersion = 1;  // of RFC 1929
constexpr std::uint8_t kNoAuthentication = 0;
constexpr std::uint8_t kPassword = 2;
constexpr std::uint8_t kNoAcceptableMethod = 0xff;
constexpr std::uint8_t kCommandConnect = 1;
constexpr std::uint8_t kIp4 = 1;
constexpr std::uint8_t kName = 3;
constexpr std::uint8_t kIp6 = 4;
constexpr std::size_t kMaxLength = 255;

char octet(std::size_t value) { return static_cast<char>(static_cast<std::uint8_t>(value)); }

// RFC 1928, section 6.
std::string reply_text(std::uint8_t code) {
  constexpr std::array<const char*, 9> kTexts = {"succeeded",
                                                 "general SOCKS server failure",
                                                 "connection not allowed by ruleset",
                                                 "network unreachable",
                                                 "host unreachable",
                                                 "connection refused",
                                                 "TTL expired",
                                                 "command not supported",
                                                 "address type not supported"};
  const std::string text = code < kTexts.size() ? kTexts[code] : "unknown reply code";
  return text + " (" + std::to_string(code) + ")";
}

std::string request_address(const std::string& host) {
  std::array<char, 16> raw{};
  if (uv_inet_pton(AF_INET, host.c_str(), raw.data()) == 0) {
    return octet(kIp4) + std::string(raw.data(), 4);
  }
  if (uv_inet_pton(AF_INET6, host.c_str(), raw.data()) == 0) {
    return octet(kIp6) + std::string(raw.data(), 16);
  }
  return std::string{octet(kName), octet(host.size())} + host;
}

class Socks5 final : public ProxyHandshake {
 public:
  Socks5(const Proxy& proxy, const Url& url)
      : proxy_(to_string(proxy)),
        server_(url.authority()),
        host_(without_zone(url.host)),
        port_(url.effective_port()),
        username_(proxy.username),
        password_(proxy.password) {}

  std::string start() override {
    std::string methods(1, octet(kNoAuthentication));
    if (has_password()) methods += octet(kPassword);
    return std::string{octet(kVersion), octet(methods.size())} + methods;
  }

  Result<Step> take(Bytes input) override {
    Step step;
    for (;;) {
      // The first bytes of a reply decide how long it is.
      const Result<std::size_t> size = reply_size();
      if (!size) return size.error();
      if (reply_.size() < *size) {
        if (input.empty()) return step;
        const std::size_t count = std::min(*size - reply_.size(), input.size());
        reply_ += text_of(input.first(count));
        input = input.subspan(count);
        continue;
      }
      if (Error error = answer(step)) return error;
      reply_.clear();
      if (step.done && !input.empty()) {
        return proxy_error("sent " + std::to_string(input.size()) +
                           " bytes behind its reply, before the server can have been asked for "
                           "anything");
      }
      if (input.empty()) return step;
      if (!step.send.empty()) return proxy_error("answers before it is asked");
    }
  }

 private:
  enum class Phase { kMethod, kAuthentication, kConnect };

  bool has_password() const { return !username_.empty() || !password_.empty(); }
  std::uint8_t at(std::size_t index) const { return static_cast<std::uint8_t>(reply_[index]); }

  Error proxy_error(const std::string& what) const {
    return Error(Errc::kProxy, "the proxy " + proxy_ + ", asked for " + server_ + ", " + what);
  }

  // The size of the reply, as far as its first bytes tell.
  Result<std::size_t> reply_size() const {
    const std::uint8_t version = phase_ == Phase::kAuthentication ? kPasswordVersion : kVersion;
    if (!reply_.empty() && at(0) != version) {
      return proxy_error("does not speak SOCKS5: its reply begins with " + std::to_string(at(0)) +
                         " instead of " + std::to_string(version));
    }
    if (phase_ != Phase::kConnect) return std::size_t{2};
    if (reply_.size() >= 2 && at(1) != 0) return proxy_error("refused: " + reply_text(at(1)));
    // Four bytes, the last of which is the type of the address, or with a name the byte after it
    // its length; the address; and a port.
    if (reply_.size() < 4) return std::size_t{4};
    switch (at(3)) {
      case kIp4: return std::size_t{4 + 4 + 2};
      case kIp6: return std::size_t{4 + 16 + 2};
      case kName: return reply_.size() == 4 ? std::size_t{5} : std::size_t{5} + at(4) + 2;
      default: break;
    }
    return proxy_error("replied with the unknown address type " + std::to_string(at(3)));
  }

  Error answer(Step& step) {
    if (phase_ == Phase::kConnect) {
      step.done = true;  // the address that the proxy has bound is not needed
      return {};
    }
    const std::uint8_t code = at(1);
    if (phase_ == Phase::kAuthentication) {
      if (code != 0) {
        return proxy_error("does not accept the user name and password (" + std::to_string(code) +
                           ")");
      }
      return ask(step);
    }
    if (code == kNoAuthentication) return ask(step);
    if (code == kPassword && has_password()) {
      phase_ = Phase::kAuthentication;
      step.send = std::string{octet(kPasswordVersion), octet(username_.size())} + username_ +
                  octet(password_.size()) + password_;
      return {};
    }
    if (code == kNoAcceptableMethod) {
      return proxy_error(has_password() ? "wants another authentication than a user name and "
                                          "password"
                                        : "wants an authentication: give a user name and password");
    }
    return proxy_error("chose the authentication method " + std::to_string(code) +
                       ", which was not offered");
  }

  Error ask(Step& step) {
    phase_ = Phase::kConnect;
    step.send = std::string{octet(kVersion), octet(kCommandConnect), octet(0)} +
                request_address(host_) + octet(port_ >> 8U) + octet(port_ & 0xffU);
    return {};
  }

  std::string proxy_;
  std::string server_;
  std::string host_;
  std::uint16_t port_;
  std::string username_;
  std::string password_;
  Phase phase_ = Phase::kMethod;
  std::string reply_;  // the reply that is being read; at most 262 bytes
};

}  // namespace

Result<std::unique_ptr<ProxyHandshake>> socks5_connect(const Proxy& proxy, const Url& url) {
  const bool password = !proxy.username.empty() || !proxy.password.empty();
  for (const std::string* text : {&proxy.username, &proxy.password}) {
    if (password && (text->empty() || text->size() > kMaxLength)) {
      return Error(Errc::kBadUrl, "the user name and the password for the proxy " +
                                      to_string(proxy) + " must have 1 to 255 bytes each");
    }
  }
  if (url.host.empty() || url.host.size() > kMaxLength) {
    return Error(Errc::kBadUrl, "the host name in " + url.origin() +
                                    " must have 1 to 255 bytes, or SOCKS5 cannot ask for it");
  }
  return std::unique_ptr<ProxyHandshake>(std::make_unique<Socks5>(proxy, url));
}

}  // namespace uvspdy::httpstream
