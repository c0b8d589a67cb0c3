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

/// More about an error than a code and a text, for those who look for it: see
/// `httpstream::upgrade_failure`.
class UVSPDY_EXPORT ErrorDetail {
 public:
  virtual ~ErrorDetail() = default;

 protected:
  ErrorDetail() = default;
  ErrorDetail(const ErrorDetail&) = default;
  ErrorDetail& operator=(const ErrorDetail&) = default;
};

/// How everything in uvspdy fails: a code of the floor that failed (`wire::Errc`, `session::Errc`,
/// `net::Errc`, `httpstream::Errc`, `kube::Errc`, or libuv's own error numbers) and a text for
/// people, which names the frame, the stream, the limit and its value where there is one.
///
/// Like `std::error_code`, a default-constructed Error means success and converts to false, from
/// docs/examples/echo.cpp:
///
///     if (Error error = stream->write(Buffer(std::string("hello, stream\n")))) report(error);
///
/// It is the size of one pointer, null for success. Copies share code, text and detail, and may be
/// held, read and dropped by several threads: the count of them is atomic.
///
/// The library throws nothing but `std::bad_alloc`, when memory runs out.
class [[nodiscard]] UVSPDY_EXPORT Error {
 public:
  /// Success.
  Error() = default;

  /// A failure. With a `code` of zero it is success, whatever the rest.
  Error(std::error_code code, std::string message,
        std::shared_ptr<const ErrorDetail> detail = nullptr);

  /// True for a failure.
  explicit operator bool() const { return static_cast<bool>(content_); }

  /// Zero on success.
  const std::error_code& code() const;

  /// One line of text, empty on success.
  const std::string& message() const;

  /// What else is known, or null.
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

/// A value, or the Error that kept it from being made. Ask first: the value of a Result that has
/// none ends the process, with the error's text on stderr.
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
