#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Sends the last response on a connection and closes it in order: shutdown, reading until the
/// client's end, close. A close with unread bytes of the client would become a TCP reset that
/// destroys the response on its way. It keeps itself alive for this, for 10 s without progress and
/// 2 minutes in all at most.
class LastResponse : public std::enable_shared_from_this<LastResponse> {
  struct Private {};

 public:
  /// Answers a request of this method; of an unknown one if it is empty. A response that cannot be
  /// sent becomes a 500. The pointer is for callers that may close it early.
  static std::shared_ptr<LastResponse> send(std::unique_ptr<net::Transport> transport,
                                            const HttpResponse& response,
                                            std::string_view method = {});

  LastResponse(Private, std::unique_ptr<net::Transport> transport);  // use `send`
  LastResponse(const LastResponse&) = delete;
  LastResponse& operator=(const LastResponse&) = delete;

  /// Closes the connection at once; the rest of the response is lost. No effect if it is closed.
  void close();

 private:
  void start(const HttpResponse& response, std::string_view method);
  void written(const Error& error);
  void ended(const Error& error);
  void time_out();

  std::unique_ptr<net::Transport> transport_;
  net::Timer timer_;
  net::Timer deadline_;
  std::shared_ptr<LastResponse> self_;  // until closed
  bool shut_down_ = false;              // all of it has left, and the end after it
  bool client_ended_ = false;
  std::size_t unacknowledged_ = 0;
};

}  // namespace uvspdy::httpstream
