#pragma once

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <thread>

#include "support/catch.h"
#include "support/death.h"
#include "support/mentions.h"

namespace uvspdy::test {

#ifdef NDEBUG
inline constexpr bool kThreadsAreChecked = false;
#else
inline constexpr bool kThreadsAreChecked = true;
#endif

/// The same on a thread of its own.
inline std::string says_when_called_elsewhere(const std::function<void()>& call) {
  return text_if_it_dies([&call] {
    std::thread([&call] {
      pthread_setname_np(pthread_self(), "elsewhere");
      call();
    }).join();
  });
}

/// Whether it names the object then, and what to do.
inline bool says(const std::string& object, const std::function<void()>& call) {
  const std::string text = says_when_called_elsewhere(call);
  return mentions(text, {object.c_str(), "was made on thread", "elsewhere", "Poster::post"});
}

}  // namespace uvspdy::test
