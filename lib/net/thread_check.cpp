#include "net/thread_check.h"

#ifndef NDEBUG

#include <pthread.h>
#include <unistd.h>

#include <array>

#include "core/contract.h"

namespace uvspdy::net {
namespace {

// As debuggers number threads. A pthread_t would be given to the next thread at once.
int this_thread() {
  thread_local const int id = gettid();
  return id;
}

const uv_loop_t*& loop_of_this_thread() {
  thread_local const uv_loop_t* loop = nullptr;
  return loop;
}

std::string name_of_this_thread() {
  std::array<char, 16> name{};
  if (pthread_getname_np(pthread_self(), name.data(), name.size()) != 0) return {};
  return " ('" + std::string(name.data()) + "')";
}

}  // namespace

ThreadCheck::ThreadCheck(const uv_loop_t* loop) : loop_(loop), made_on_(this_thread()) {}

void ThreadCheck::called_by(const uv_loop_t* loop) { loop_of_this_thread() = loop; }

bool ThreadCheck::is_right() const {
  return made_on_ == this_thread() || loop_of_this_thread() == loop_;
}

void ThreadCheck::fail(const std::string& name) const {
  contract_broken(
      name + " was made on thread " + std::to_string(made_on_) + ", and is called on thread " +
      std::to_string(this_thread()) + name_of_this_thread() +
      ".\nObjects are for the thread of their loop; net::Poster::post has that thread call a "
      "function. The process ends.");
}

}  // namespace uvspdy::net

#endif
