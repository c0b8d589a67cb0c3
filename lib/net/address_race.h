#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/stream_transport.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::net {

/// How long to wait for an address before the next one is tried too (RFC 8305, section 5).
inline constexpr std::chrono::milliseconds kConnectionAttemptDelay{250};

/// The addresses sorted so that the two families alternate, that of the first one first (RFC 8305,
/// section 4).
std::vector<sockaddr_storage> interleave_families(const std::vector<sockaddr_storage>& addresses);

/// Connects to the first of several addresses that answers. Tries them in order: the next one when
/// the one before has failed, or has not answered for a while. Destroying the race ends all tries.
class AddressRace {
 public:
  /// Gets the winner, or the last failure with a text that names each address.
  using Handler = OnceCallback<void(Result<std::unique_ptr<StreamTransport>>)>;

  /// `target` is for messages. The handler is called once, from the loop, and may destroy this
  /// object.
  AddressRace(uv_loop_t* loop, std::string target, std::vector<sockaddr_storage> addresses,
              std::chrono::milliseconds attempt_delay, Handler handler);
  ~AddressRace();
  AddressRace(const AddressRace&) = delete;
  AddressRace& operator=(const AddressRace&) = delete;

  /// Begins the race; call once. `addresses` must not be empty.
  void start();

  /// The failures, and the addresses without an answer: "[::1]:80: connection refused
  /// (ECONNREFUSED); 127.0.0.1:80: no answer". Empty for a single address, which the target names.
  std::string describe() const;

 private:
  struct Try {
    sockaddr_storage address{};
    std::unique_ptr<StreamTransport> transport;  // null: not begun, or failed
    int status = 0;
  };

  void begin_next();
  void connected(std::size_t index, int status);
  bool anything_under_way() const;
  Error failure() const;

  uv_loop_t* loop_;
  std::string target_;
  std::chrono::milliseconds attempt_delay_;
  Handler handler_;
  std::vector<Try> tries_;
  std::size_t next_ = 0;
  int last_status_ = 0;
  Timer next_is_due_;
  Wakeup all_failed_;
};

}  // namespace uvspdy::net
