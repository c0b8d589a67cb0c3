#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/openssl.h"
#include "net/tls_certificate.h"
#include "net/tls_sessions.h"
#include "uvspdy/bytes.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// What is smaller is copied together: a record, or a system call, costs about as much as copying
/// this.
inline constexpr std::size_t kWorthNoCopy = 4 * 1024;

/// Who a link works for: a handshake first, the transport that comes of it afterwards. Called
/// from the loop. Anything may be destroyed from inside, the link included.
class TlsLinkUser {
 public:
  virtual ~TlsLinkUser() = default;

  /// There is input.
  virtual void on_input() = 0;
  /// The transport below has ended.
  virtual void on_lower_end() = 0;
  /// The transport below has taken all output, or has failed.
  virtual void on_drained() = 0;
};

/// One connection's SSL joined with the transport below it.
///
/// In: OpenSSL reads out of the very view that the lower transport hands up; only what must outlive
/// that call is copied (`keep_input`). Out: a record that is worth it goes to the lower transport
/// out of OpenSSL's own buffer, in one gathered call with the small records that wait before it;
/// what is not taken is kept here. OpenSSL itself never sees a write that has to wait.
class TlsLink {
 public:
  /// What the callbacks of an SSL need to know.
  struct Facts {
    bool server = false;
    std::string who;       ///< the other side, for messages
    std::string expected;  ///< the name its certificate must be for, if `verifies`
    std::string server_name;
    std::string verify_failure;  ///< set when its certificate was not accepted
    std::string session_key;
    TlsSessions* sessions = nullptr;  ///< kept by the context
    std::shared_ptr<const void> context;
    bool verifies = false;
    bool has_certificate = false;
    std::string min_version;
  };

  TlsLink(std::unique_ptr<Transport> lower, SslPtr ssl, Facts facts);
  ~TlsLink();
  TlsLink(const TlsLink&) = delete;
  TlsLink& operator=(const TlsLink&) = delete;

  void set_user(TlsLinkUser* user) { user_ = user; }
  SSL* ssl() const { return ssl_.get(); }
  Transport& lower() const { return *lower_; }
  const Facts& facts() const { return facts_; }

  /// Starts, and stops, reading from below. Cheap when that is so already.
  void set_reading(bool reading);

  bool has_input() const { return !input_.empty(); }
  /// Before the view that `on_input` was called for goes away.
  void keep_input();
  void drop_input();
  /// The input that OpenSSL has not seen yet.
  Bytes input() const { return input_; }

  bool lower_ended() const { return lower_ended_; }
  const Error& lower_end() const { return lower_end_; }

  /// Takes output as it is, behind the records before it.
  void put(Bytes output);
  void drop_output() { waiting_.clear(); }
  /// Hands on what waits. After each use of the SSL.
  void flush();
  /// Whether the lower transport is slow: nothing may be encrypted until `on_drained`.
  bool is_stuck() const { return stuck_; }
  /// Ciphertext that the lower transport has not taken.
  std::size_t backlog() const { return in_flight_.size() - flown_ + waiting_.size(); }
  /// Lets go of memory that an idle connection does not need.
  void trim();
  const Error& write_error() const { return write_error_; }

  static int on_verify(int accepted, X509_STORE_CTX* store);
  static int on_new_session(SSL* ssl, SSL_SESSION* session);

 private:
  static const BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* out, std::size_t size, std::size_t* count);
  static int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* count);

  void write_in_flight();
  void written(const Result<std::size_t>& result);

  Facts facts_;
  TlsLinkUser* user_ = nullptr;
  bool reading_ = false;
  bool lower_ended_ = false;
  Error lower_end_;
  Bytes input_;                          // a view of the lower transport's, or of held_
  std::vector<std::uint8_t> held_;       // input that has outlived its view
  std::vector<std::uint8_t> waiting_;    // output not handed on yet
  std::vector<std::uint8_t> in_flight_;  // output that a write of the lower transport holds
  std::size_t flown_ = 0;                // how much of it is gone
  bool stuck_ = false;
  bool writing_ = false;
  Error write_error_;
  // Of these the last goes first: the transport may hold a view of in_flight_ until it is gone, and
  // the SSL's BIO points here.
  std::unique_ptr<Transport> lower_;
  SslPtr ssl_;
};

}  // namespace uvspdy::net
