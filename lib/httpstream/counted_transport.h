#pragma once

#include <memory>
#include <string>
#include <utility>

#include "httpstream/connection_table.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// The transport of a connection that counts in its server's ConnectionTable until it is closed.
class CountedTransport final : public net::Transport {
 public:
  CountedTransport(std::unique_ptr<net::Transport> lower,
                   std::shared_ptr<ConnectionTable::Entry> entry)
      : lower_(std::move(lower)), entry_(std::move(entry)) {}

  /// Null once closed.
  ConnectionTable::Entry* entry() const { return entry_.get(); }

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) override {
    lower_->set_read_handlers(std::move(on_read), std::move(on_end));
  }
  void start_reading() override { lower_->start_reading(); }
  void stop_reading() override { lower_->stop_reading(); }
  Result<std::size_t> try_write(std::span<const Bytes> spans) override {
    return lower_->try_write(spans);
  }
  void write(std::span<const Bytes> spans, WriteHandler handler) override {
    lower_->write(spans, std::move(handler));
  }
  void shutdown(DoneHandler handler) override { lower_->shutdown(std::move(handler)); }
  std::size_t unacknowledged() const override { return lower_->unacknowledged(); }
  void close(CloseHandler handler) override {
    entry_.reset();
    lower_->close(std::move(handler));
  }
  void abort(CloseHandler handler) override {
    entry_.reset();
    lower_->abort(std::move(handler));
  }
  Error check_peer() const override { return lower_->check_peer(); }
  std::string peer() const override { return lower_->peer(); }
  const net::TlsInfo* tls() const override { return lower_->tls(); }
  uv_loop_t* loop() const override { return lower_->loop(); }

 private:
  std::unique_ptr<net::Transport> lower_;
  std::shared_ptr<ConnectionTable::Entry> entry_;
};

}  // namespace uvspdy::httpstream
