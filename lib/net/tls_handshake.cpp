#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "net/address.h"
#include "net/thread_check.h"
#include "net/tls_context.h"
#include "net/tls_failure.h"
#include "net/tls_link.h"
#include "net/tls_transport.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::net {
namespace {

// How long a refused client has to read the alert: closing while bytes of its own are unread would
// reset the connection and destroy the alert on its way.
constexpr std::chrono::milliseconds kLinger{1000};

constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Connection: close\r\n"
    "Content-Length: 63\r\n\r\n"
    "This port speaks HTTPS, and the request was plain: use https://";

/// Keeps itself alive until its handler has been called.
class TlsHandshake final : public Cancellable,
                           public TlsLinkUser,
                           public std::enable_shared_from_this<TlsHandshake> {
 public:
  /// `host`: the name that a client asks for; empty if the peer has only its address.
  TlsHandshake(std::unique_ptr<Transport> lower, const std::string& host,
               std::chrono::milliseconds timeout, ConnectHandler handler)
      : lower_(std::move(lower)),
        thread_(lower_->loop()),
        timeout_(timeout),
        handler_(std::move(handler)),
        who_(host.empty() ? lower_->peer() : host + " (" + lower_->peer() + ")"),
        timer_(lower_->loop(), [this] { time_out(); }),
        failed_early_(lower_->loop(), [this] { finish(std::move(error_)); }) {}

  TlsHandshake(const TlsHandshake&) = delete;
  TlsHandshake& operator=(const TlsHandshake&) = delete;

  std::string peer() const { return lower_->peer(); }
  const std::string& who() const { return who_; }

  void start(SslPtr ssl, TlsLink::Facts facts) {
    self_ = shared_from_this();
    link_ = std::make_unique<TlsLink>(std::move(lower_), std::move(ssl), std::move(facts));
    link_->set_user(this);
    timer_.start(timeout_);
    step();
    if (!error_) link_->set_reading(true);
    if (error_ && !lingering_) failed_early_.schedule();
  }

  void fail_early(Error error) {
    self_ = shared_from_this();
    error_ = std::move(error);
    failed_early_.schedule();
  }

  void cancel() override {
    thread_.check([this] { return "the TLS handshake with " + who_; });
    if (!self_) return;
    error_ = uv_error(UV_ECANCELED, "TLS handshake with " + who_);
    timer_.stop();
    lingering_ = false;
    link_.reset();
    lower_.reset();
    failed_early_.schedule();
  }

 private:
  void on_input() override {
    if (lingering_) return link_->drop_input();
    const Bytes input = link_->input();
    const std::size_t count = std::min(first_bytes_.size() - first_count_, input.size());
    std::copy_n(input.begin(), count, first_bytes_.begin() + first_count_);
    first_count_ += count;
    const bool done = step();
    if (done) return succeed();
    if (!error_) return link_->keep_input();
    if (!lingering_) finish(std::move(error_));
  }

  void on_lower_end() override {
    if (lingering_) return finish(std::move(error_));
    const std::string start = "TLS handshake with " + who_ + ": ";
    if (link_->lower_end()) {
      const Error& cause = link_->lower_end();
      return finish(Error(cause.code(), start + cause.message()));
    }
    finish(
        Error(Errc::kTlsHandshake, start + "the other side closed the connection in the middle"));
  }

  void on_drained() override {
    // A failed write ends nothing: the peer may have sent the reason, and its end will come.
    if (lingering_) link_->lower().shutdown({});
  }

  // Continues the handshake with the input. Returns true when it is done, false with error_ set
  // when it has failed, and false when it needs more input.
  bool step() {
    clear_openssl_errors();
    const int result = SSL_do_handshake(link_->ssl());
    if (result == 1) return true;
    if (SSL_get_error(link_->ssl(), result) == SSL_ERROR_WANT_READ) {
      link_->flush();
      return false;
    }
    const Bytes first = Bytes(first_bytes_).first(first_count_);
    const OpensslError cause = take_openssl_error();
    error_ = handshake_failure(link_->facts(), cause, first);
    link_->drop_input();
    if (link_->facts().server) {
      linger(is_plain_http(cause, first));
    } else {
      link_->flush();
    }
    return false;
  }

  // A server's failure: sends the alert or response and its end, then waits for the client's end.
  void linger(bool plain_http) {
    lingering_ = true;
    if (plain_http) {
      link_->drop_output();
      link_->put(bytes_of(kPlainHttpAnswer));
    }
    timer_.start(std::min(timeout_, kLinger));
    link_->flush();
    if (!link_->is_stuck()) link_->lower().shutdown({});
  }

  void succeed() {
    link_->keep_input();
    link_->flush();
    link_->set_reading(false);
    link_->trim();
    TlsInfo info = information();
    finish(std::unique_ptr<Transport>(
        std::make_unique<TlsTransport>(std::move(link_), std::move(info))));
  }

  TlsInfo information() const {
    const SSL* ssl = link_->ssl();
    const TlsLink::Facts& facts = link_->facts();
    TlsInfo info;
    info.version = SSL_get_version(ssl);
    info.cipher = SSL_get_cipher_name(ssl);
    info.resumed = SSL_session_reused(ssl) == 1;
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    info.server_name = facts.server ? (name != nullptr ? name : "") : facts.server_name;
    if (const X509* peer = SSL_get0_peer_certificate(ssl)) {
      info.peer = describe(*peer, facts.verifies && SSL_get_verify_result(ssl) == X509_V_OK);
    }
    return info;
  }

  void time_out() {
    if (lingering_) return finish(std::move(error_));
    finish(Error(Errc::kTlsTimeout, "no TLS handshake with " + who_ + " within " +
                                        std::to_string(timeout_.count()) + " ms"));
  }

  // Only from the loop. May destroy this object.
  void finish(Result<std::unique_ptr<Transport>> result) {
    const auto keep = std::exchange(self_, {});
    timer_.stop();
    failed_early_.cancel();
    link_.reset();
    lower_.reset();
    ConnectHandler handler = std::move(handler_);
    handler(std::move(result));
  }

  std::unique_ptr<Transport> lower_;  // until the link takes it
  ThreadCheck thread_;
  std::chrono::milliseconds timeout_;
  ConnectHandler handler_;
  std::string who_;
  Timer timer_;
  Wakeup failed_early_;
  std::shared_ptr<TlsHandshake> self_;
  std::unique_ptr<TlsLink> link_;
  Error error_;
  bool lingering_ = false;
  std::array<std::uint8_t, 80> first_bytes_{};
  std::size_t first_count_ = 0;
};

bool is_address(const std::string& host) { return parse_address(host, 0).has_value(); }

// A name in the form of certificates: without a final dot, or the zone of an IPv6 address.
std::string certificate_name(std::string name) {
  if (name.find(':') != std::string::npos) return name.substr(0, name.find('%'));
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool verifies(const SSL* ssl) { return SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE; }

std::string min_version(SSL* ssl) {
  return to_string(SSL_get_min_proto_version(ssl) == TLS1_3_VERSION ? TlsVersion::kTls13
                                                                    : TlsVersion::kTls12);
}

// Sets the name to ask for (SNI) and the name that the certificate must have.
Error expect_name(SSL* ssl, const std::string& name) {
  const bool address = is_address(name);
  const bool asked = address || name.empty() ||
                     SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                              char_pointer(bytes_of(name))) == 1;
  bool expected = true;
  if (verifies(ssl)) {
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
    // As in Go, the subject's common name does not count as a host name.
    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    // OpenSSL takes a name with a leading dot for all names that end with it.
    expected = !name.empty() && !name.starts_with('.') &&
               (address ? X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str())
                        : X509_VERIFY_PARAM_set1_host(param, name.data(), name.size())) == 1;
  }
  if (asked && expected) return {};
  return Error(Errc::kTlsConfig, "'" + name +
                                     "' is no host name or address that a server's "
                                     "certificate can be for");
}

}  // namespace

Attempt tls_connect(std::unique_ptr<Transport> transport,
                    std::shared_ptr<const TlsClientContext> context, const std::string& host,
                    std::chrono::milliseconds timeout, ConnectHandler handler) {
  const auto handshake =
      std::make_shared<TlsHandshake>(std::move(transport), host, timeout, std::move(handler));
  if (!context) {
    handshake->fail_early(Error(Errc::kTlsConfig, "no TlsClientContext is given"));
    return Attempt(handshake);
  }
  const auto& impl = TlsContextAccess::impl(*context);
  const std::string name = certificate_name(impl.server_name().empty() ? host : impl.server_name());
  const std::string peer = handshake->peer();

  clear_openssl_errors();
  SslPtr ssl = impl.new_ssl();
  Error error = ssl && TlsLink::give_bio(ssl.get())
                    ? expect_name(ssl.get(), name)
                    : Error(Errc::kTlsConfig, "no SSL: " + take_openssl_error().text);
  if (error) {
    handshake->fail_early(std::move(error));
    return Attempt(handshake);
  }
  SSL_set_connect_state(ssl.get());
  TlsLink::Facts facts;
  facts.who = handshake->who();
  facts.expected = name;
  facts.server_name = is_address(name) ? "" : name;
  facts.verifies = verifies(ssl.get());
  facts.has_certificate = impl.has_certificate();
  facts.min_version = min_version(ssl.get());
  // One name may stand for several servers.
  facts.session_key = name + " at " + peer;
  facts.sessions = impl.sessions();
  facts.context = std::move(context);
  if (facts.sessions != nullptr) {
    if (const SslSessionPtr session = facts.sessions->take(facts.session_key)) {
      SSL_set_session(ssl.get(), session.get());
    }
  }
  handshake->start(std::move(ssl), std::move(facts));
  return Attempt(handshake);
}

Attempt tls_accept(std::unique_ptr<Transport> transport,
                   std::shared_ptr<const TlsServerContext> context,
                   std::chrono::milliseconds timeout, ConnectHandler handler) {
  const auto handshake =
      std::make_shared<TlsHandshake>(std::move(transport), "", timeout, std::move(handler));
  if (!context) {
    handshake->fail_early(Error(Errc::kTlsConfig, "no TlsServerContext is given"));
    return Attempt(handshake);
  }
  const auto& impl = TlsContextAccess::impl(*context);
  clear_openssl_errors();
  SslPtr ssl = impl.new_ssl();
  if (!ssl || !TlsLink::give_bio(ssl.get())) {
    handshake->fail_early(Error(Errc::kTlsConfig, "no SSL: " + take_openssl_error().text));
    return Attempt(handshake);
  }
  SSL_set_accept_state(ssl.get());
  TlsLink::Facts facts;
  facts.server = true;
  facts.who = handshake->who();
  facts.verifies = verifies(ssl.get());
  facts.min_version = min_version(ssl.get());
  facts.context = std::move(context);
  handshake->start(std::move(ssl), std::move(facts));
  return Attempt(handshake);
}

}  // namespace uvspdy::net
