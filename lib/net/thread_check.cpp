#include "net/thread_check.h"

#ifndef NDEBUG

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "core/contract.h"

namespace uvspdy::net {
namespace {

// After its end, a thread may still destroy static objects.
bool& this_thread_has_ended() {
  thread_local bool ended = false;
  return ended;
}

// The identity of a thread for its lifetime: its number, as debuggers show it. A pthread_t would be
// given to the next thread at once.
class ThisThread {
 public:
  ThisThread() : number_(std::make_shared<const int>(gettid())) {}
  ~ThisThread() { this_thread_has_ended() = true; }
  ThisThread(const ThisThread&) = delete;
  ThisThread& operator=(const ThisThread&) = delete;

  static const std::shared_ptr<const int>& number() {
    thread_local const ThisThread self;
    return self.number_;
  }

 private:
  std::shared_ptr<const int> number_;
};

// Counts the callbacks of all loops, to know which of two was first.
std::atomic<std::uint64_t> callbacks = 0;

/// The last callback that this thread has run. Its loop may be gone, and another one at its
/// address.
struct LastCallback {
  const uv_loop_t* loop = nullptr;
  std::uint64_t number = 0;
};

LastCallback& last_callback() {
  thread_local LastCallback last;
  return last;
}

std::string name_of_this_thread() {
  std::array<char, 16> name{};
  if (pthread_getname_np(pthread_self(), name.data(), name.size()) != 0) return {};
  return " ('" + std::string(name.data()) + "')";
}

}  // namespace

ThreadCheck::ThreadCheck(const uv_loop_t* loop)
    : loop_(loop),
      owner_(ThisThread::number()),
      since_(callbacks),
      made_on_(*ThisThread::number()) {}

void ThreadCheck::called_by(const uv_loop_t* loop) { last_callback() = {loop, ++callbacks}; }

void ThreadCheck::called_back() {
  if (this_thread_has_ended()) return;
  called_by(loop_);
  since_ = last_callback().number;
  const auto& here = ThisThread::number();
  if (owner_.owner_before(here) || here.owner_before(owner_)) owner_ = here;
}

bool ThreadCheck::is_right() const {
  if (this_thread_has_ended()) return true;
  if (last_callback().loop == loop_ && last_callback().number > since_) return true;
  const auto& here = ThisThread::number();
  return (!owner_.owner_before(here) && !here.owner_before(owner_)) || owner_.expired();
}

void ThreadCheck::fail(const std::string& name) const {
  const auto owner = owner_.lock();
  const std::string run_by =
      owner && *owner != made_on_ ? ", was called back on thread " + std::to_string(*owner) : "";
  contract_broken(name + " was made on thread " + std::to_string(made_on_) + run_by +
                  ", and is called on thread " + std::to_string(*ThisThread::number()) +
                  name_of_this_thread() +
                  ".\nObjects are for the thread of their loop; net::Poster::post has that thread "
                  "call a function. The process ends.");
}

}  // namespace uvspdy::net

#endif
