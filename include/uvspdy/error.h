#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "uvspdy/counted.h"
#include "uvspdy/export.h"

namespace uvspdy {

/// Additional, typed information about an error, such as `httpstream::upgrade_failure` finds.
class UVSPDY_EXPORT ErrorDetail {
 public:
  virtual ~ErrorDetail() = default;

 protected:
  ErrorDetail() = default;
  ErrorDetail(const ErrorDetail&) = default;
  ErrorDetail& operator=(const ErrorDetail&) = default;
};

/// The error type of all of uvspdy: a code of the layer that failed (`wire::Errc`, `session::Errc`,
/// `net::Errc`, `httpstream::Errc`, `kube::Errc`, or libuv's own error numbers) and a text for
/// people, which names the frame, stream, or limit with its value, where there is one.
///
/// Like `std::error_code`, a default-constructed Error means success and converts to false. From
/// docs/examples/echo.cpp:
///
///     if (Error error = stream->write(Buffer(std::string("hello, stream\n")))) report(error);
///
/// Its size is one pointer, null for success. Copies share code, text and detail; several threads
/// may hold, read and drop copies, since their count is atomic.
///
/// The library throws no exception but `std::bad_alloc`, when memory runs out. `Headers`, `Buffer`
/// and `Callback` then have their old value or the new one, and all other objects say what they
/// promise. In `net` and above the process ends: an exception cannot pass through libuv.
class [[nodiscard]] UVSPDY_EXPORT Error {
 public:
  /// Success.
  Error() = default;

  /// A failure; a success if `code` is zero. `message` becomes one line as by printable().
  Error(std::error_code code, std::string message,
        std::shared_ptr<const ErrorDetail> detail = nullptr);

  /// True for a failure.
  explicit operator bool() const { return static_cast<bool>(content_); }

  /// Zero on success.
  const std::error_code& code() const;

  /// One line of printable text of at most kLongestErrorText bytes, empty on success.
  const std::string& message() const;

  /// Additional information, or null if there is none.
  const std::shared_ptr<const ErrorDetail>& detail() const;

 private:
  struct Content {
    std::error_code code{};
    std::string message{};
    std::shared_ptr<const ErrorDetail> detail{};
    mutable std::atomic<std::size_t> holders = 1;

    void hold() const { holders.fetch_add(1, std::memory_order_relaxed); }
    void release() const {
      if (holders.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
      std::unique_ptr<const Content>(this).reset();
    }
  };

  uvspdy::detail::Counted<const Content> content_;
};

namespace detail {

/// Ends the process, with the error's text on stderr.
[[noreturn]] UVSPDY_EXPORT void end_without_value(const Error& error);

}  // namespace detail

/// A value, or the Error why there is none. Check before use: reading the value of a Result without
/// one ends the process, with the error's text on stderr.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  /// True when there is a value.
  explicit operator bool() const { return value_.has_value(); }

  /// The value.
  T& operator*() & { return value(*this); }
  const T& operator*() const& { return value(*this); }
  T&& operator*() && { return std::move(value(*this)); }
  T* operator->() { return &value(*this); }
  const T* operator->() const { return &value(*this); }

  /// The error; success when there is a value.
  const Error& error() const { return error_; }

 private:
  template <class Self>
  static auto& value(Self& self) {
    if (!self.value_) detail::end_without_value(self.error_);
    return *self.value_;
  }

  std::optional<T> value_;
  Error error_;
};

}  // namespace uvspdy
