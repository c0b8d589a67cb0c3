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

/// Smaller spans are copied together: copying this much costs about as much as a record or a system
/// call.
inline constexpr std::size_t kWorthNoCopy = 4 * 1024;

/// The user of a link: first a handshake, then the transport that results from it. Called from the
/// loop. The functions may destroy anything, the link included.
class TlsLinkUser {
 public:
  virtual ~TlsLinkUser() = default;

  /// input() has grown.
  virtual void on_input() = 0;
  /// The lower transport has ended.
  virtual void on_lower_end() = 0;
  /// The lower transport has taken all output, or has failed.
  virtual void on_drained() = 0;
};

/// Connects an SSL with the transport below it.
///
/// Input: OpenSSL reads from the very view that the lower transport delivers; only bytes that must
/// outlive that call are copied (`keep_input`). Output: a large record goes to the lower transport
/// directly from OpenSSL's buffer, in one gathered call with the small records that wait before it;
/// bytes not taken are kept here. OpenSSL never sees a write that has to wait.
class TlsLink {
 public:
  /// The data for the callbacks of an SSL.
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

  /// Gives an SSL the BIO that a TlsLink needs. False when OpenSSL gets no memory for it.
  static bool give_bio(SSL* ssl);

  /// The SSL has its BIO.
  TlsLink(std::unique_ptr<Transport> lower, SslPtr ssl, Facts facts);
  ~TlsLink();
  TlsLink(const TlsLink&) = delete;
  TlsLink& operator=(const TlsLink&) = delete;

  void set_user(TlsLinkUser* user) { user_ = user; }
  SSL* ssl() const { return ssl_.get(); }
  Transport& lower() const { return *lower_; }
  const Facts& facts() const { return facts_; }

  /// Starts and stops reading from the lower transport. Cheap if nothing changes.
  void set_reading(bool reading);

  bool has_input() const { return !input_.empty(); }
  /// Copies unread input. Call before the view of `on_input` becomes invalid.
  void keep_input();
  void drop_input();
  /// The input that OpenSSL has not seen yet.
  Bytes input() const { return input_; }

  bool lower_ended() const { return lower_ended_; }
  const Error& lower_end() const { return lower_end_; }

  /// Queues bytes that are not to be encrypted, after the records before them.
  void put(Bytes output);
  void drop_output() { waiting_.clear(); }
  /// Sends queued output. Call after each use of the SSL.
  void flush();
  /// Whether the lower transport has not taken all output: encrypt nothing until `on_drained`.
  bool is_stuck() const { return stuck_; }
  /// Bytes of output that the lower transport has not taken.
  std::size_t backlog() const { return in_flight_.size() - flown_ + waiting_.size(); }
  /// Frees memory that an idle connection does not need.
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
  std::vector<std::uint8_t> in_flight_;  // output that a write of the lower transport uses
  std::size_t flown_ = 0;                // how much of in_flight_ is written
  bool stuck_ = false;
  bool writing_ = false;
  Error write_error_;
  // Destroyed in reverse order: the SSL, whose BIO points here, then the transport, which may use
  // in_flight_ until then.
  std::unique_ptr<Transport> lower_;
  SslPtr ssl_;
};

}  // namespace uvspdy::net
