#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>

namespace uvspdy::net {

/// Detects calls from a wrong thread and ends the process with a text that names the object. Does
/// nothing with NDEBUG. Such a call is a data race, and often hangs because nothing wakes the loop.
///
/// The right thread is the one that made the object, until the loop calls the object back on
/// another thread, which is then the right one. So a loop may be set up on one thread and run by
/// another. Also right is a thread that has run a callback of the loop since then; and any thread
/// once the right one has ended.
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

  /// Call at the start of a callback of libuv: this thread runs the loop.
  static void called_by(const uv_loop_t* loop);

  /// Like called_by, for a callback that is for this object.
  void called_back();

  /// Call in each function that users call. `name()` names the object: its kind, and its peer or
  /// address.
  template <class Name>
  void check(const Name& name) const {
    if (!is_right()) fail(name());
  }

 private:
  bool is_right() const;
  [[noreturn]] void fail(const std::string& name) const;

  const uv_loop_t* loop_;
  std::weak_ptr<const int> owner_;  // of the right thread, and gone with it
  std::uint64_t since_;             // number of the last callback for this object
  int made_on_;
#endif
};

}  // namespace uvspdy::net
