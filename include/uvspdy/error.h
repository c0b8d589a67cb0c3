#pragma once

#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace uvspdy {

/// More about an error than a code and a text, for those who look for it: see
/// `httpstream::upgrade_failure`.
class ErrorDetail {
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
/// Like `std::error_code`, a default-constructed Error means success and converts to false:
///
///     if (Error error = stream->write(buffer)) std::fprintf(stderr, "%s\n",
///     error.message().c_str());
///
/// The library throws no exception; memory that runs out (`std::bad_alloc`) is the one exception.
class [[nodiscard]] Error {
 public:
  /// Success.
  Error() = default;

  /// A failure. `code` must not be zero.
  Error(std::error_code code, std::string message,
        std::shared_ptr<const ErrorDetail> detail = nullptr)
      : code_(code), message_(std::move(message)), detail_(std::move(detail)) {}

  /// True for a failure.
  explicit operator bool() const { return static_cast<bool>(code_); }

  const std::error_code& code() const { return code_; }

  /// One line of text, empty on success.
  const std::string& message() const { return message_; }

  /// What else is known, or null.
  const std::shared_ptr<const ErrorDetail>& detail() const { return detail_; }

 private:
  std::error_code code_;
  std::string message_;
  std::shared_ptr<const ErrorDetail> detail_;
};

/// A value, or the Error that kept it from being made.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  /// True when there is a value.
  explicit operator bool() const { return content_.index() == 0; }

  /// The value. Only when there is one.
  T& operator*() & { return *std::get_if<0>(&content_); }
  const T& operator*() const& { return *std::get_if<0>(&content_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&content_)); }
  T* operator->() { return std::get_if<0>(&content_); }
  const T* operator->() const { return std::get_if<0>(&content_); }

  /// The error. Only when there is no value.
  const Error& error() const { return *std::get_if<1>(&content_); }

 private:
  std::variant<T, Error> content_;
};

}  // namespace uvspdy
