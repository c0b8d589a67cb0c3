#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "net/openssl.h"
#include "support/pipe_transport.h"
#include "support/test_loop.h"

namespace uvspdy::test {

/// A TLS client of OpenSSL alone, to do what none of ours would. It has the client's end of a pipe
/// to itself, and takes from it only when told to.
class OpensslPeer {
 public:
  OpensslPeer(TestLoop& loop, const PipePair& pipe, int version)
      : loop_(loop),
        up_(pipe.up),
        down_(pipe.down),
        context_(SSL_CTX_new(TLS_client_method())),
        ssl_(nullptr) {
    REQUIRE(SSL_CTX_set_min_proto_version(context_.get(), version) == 1);
    REQUIRE(SSL_CTX_set_max_proto_version(context_.get(), version) == 1);
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);  // which owns them from here on
    SSL_set_connect_state(ssl_.get());
  }
  OpensslPeer(const OpensslPeer&) = delete;
  OpensslPeer& operator=(const OpensslPeer&) = delete;

  SSL* ssl() const { return ssl_.get(); }

  /// One step of a handshake, of whatever kind; true when it is done.
  bool handshake() {
    net::clear_openssl_errors();
    return SSL_do_handshake(ssl_.get()) == 1;
  }

  /// Takes what the other side has sent.
  void take() {
    const std::string text = std::exchange(down_->data, {});
    if (text.empty()) return;
    REQUIRE(BIO_write(in_, text.data(), static_cast<int>(text.size())) ==
            static_cast<int>(text.size()));
    if (down_->writer != nullptr) down_->writer->schedule();
  }

  /// Sends what OpenSSL has to say. False when the other side takes no more of it for many turns;
  /// what is left is sent by the next call.
  bool send() {
    std::array<std::uint8_t, 4096> piece{};
    for (int size = 0; (size = BIO_read(out_, piece.data(), piece.size())) > 0;) {
      waiting_ += text_of(Bytes(piece).first(static_cast<std::size_t>(size)));
    }
    for (int turns = 0; turns < 1000; ++turns) {
      waiting_.erase(0, up_->put(bytes_of(waiting_)));
      if (waiting_.empty()) return true;
      loop_.run_turns(1);
    }
    return false;
  }

  /// What it decrypts of what has been taken.
  std::string read() {
    std::array<char, 4096> piece{};
    std::size_t size = 0;
    net::clear_openssl_errors();
    if (SSL_read_ex(ssl_.get(), piece.data(), piece.size(), &size) != 1) return {};
    return {piece.data(), size};
  }

 private:
  TestLoop& loop_;
  std::shared_ptr<PipeDirection> up_;
  std::shared_ptr<PipeDirection> down_;
  net::SslCtxPtr context_;
  net::SslPtr ssl_;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  std::string waiting_;
};

}  // namespace uvspdy::test
