#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>

namespace uvspdy::net {

/// Says of a call from a wrong thread which object it was made on, and ends the process: without
/// NDEBUG, for otherwise nothing is checked. Such a call is a data race, and often a hang, because
/// nothing tells the loop that there is something to do.
///
/// The right thread is the one on which the object was made, until the loop has called the object
/// back on another: then it is that one. So a loop may be set up on one thread and run by another.
/// Right as well is a thread that has run a callback of this loop since then, and any when the
/// right one has ended.
class ThreadCheck {
 public:
#ifdef NDEBUG
  explicit ThreadCheck(const uv_loop_t*) {}
  static void called_by(const uv_loop_t*) {}
  void called_back() {}
  template <class Name>
  void check(const Name&) const {}
#else
  explicit ThreadCheck(const uv_loop_t* loop);

  /// At the start of a callback of libuv's: this thread runs the loop.
  static void called_by(const uv_loop_t* loop);

  /// The same where the object is at hand: the callback is for it.
  void called_back();

  /// In each function that users call. `name()` is a text that names the object: its kind, and
  /// its peer or address.
  template <class Name>
  void check(const Name& name) const {
    if (!is_right()) fail(name());
  }

 private:
  bool is_right() const;
  [[noreturn]] void fail(const std::string& name) const;

  const uv_loop_t* loop_;
  std::weak_ptr<const int> owner_;  // of the right thread, and gone with it
  std::uint64_t since_;             // in callbacks of all loops
  int made_on_;
#endif
};

}  // namespace uvspdy::net
