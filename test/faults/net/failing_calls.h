#pragma once

#include <cstddef>
#include <string>

namespace uvspdy::test {

/// Lets one call of the system, of libuv or of OpenSSL fail. The program that links
/// failing_calls.cpp defines those functions itself, so that the library's calls and libuv's own
/// come there first.
///
/// Counts the calls of the thread that made this object, as long as the object lives: `number` says
/// which one fails, counted from 1, and `error` with which of the errors that function may report.
class FailingCall {
 public:
  FailingCall(std::size_t number, std::size_t error);
  ~FailingCall();
  FailingCall(const FailingCall&) = delete;
  FailingCall& operator=(const FailingCall&) = delete;

  /// Whether there was such a call.
  bool reached() const;
  /// How many errors that call may report.
  std::size_t errors() const;
  /// What has failed, for messages: "accept4: EMFILE".
  std::string text() const;
};

/// While it lives, each read or write of a socket moves so many bytes at most.
class ShortCalls {
 public:
  explicit ShortCalls(std::size_t most);
  ~ShortCalls();
  ShortCalls(const ShortCalls&) = delete;
  ShortCalls& operator=(const ShortCalls&) = delete;
};

}  // namespace uvspdy::test
