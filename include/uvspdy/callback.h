#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "uvspdy/counted.h"
#include "uvspdy/export.h"

namespace uvspdy {

template <class Signature>
class Callback;
template <class Signature>
class OnceCallback;

namespace detail {

/// Ends the process with a text on stderr that names the handler's type and the signature it was
/// called with. Called in the catch block for an exception that has left the handler.
[[noreturn]] UVSPDY_EXPORT void exception_left_handler(const std::type_info& handler,
                                                       const std::type_info& signature) noexcept;

/// A function object that counts its holders: the callback, and each call that is running. So the
/// object outlives a call that replaces or destroys its callback.
template <class... Arguments>
class CallbackTarget {
 public:
  virtual void call(Arguments&&... arguments) noexcept = 0;

  void hold() { ++holders_; }
  void release() {
    if (--holders_ == 0) destroy();
  }

 protected:
  CallbackTarget() = default;
  ~CallbackTarget() = default;
  CallbackTarget(const CallbackTarget&) = delete;
  CallbackTarget& operator=(const CallbackTarget&) = delete;

 private:
  virtual void destroy() = 0;

  std::size_t holders_ = 1;
};

template <class Function, class... Arguments>
class CallbackTargetOf final : public CallbackTarget<Arguments...> {
 public:
  static CallbackTarget<Arguments...>* make(Function function) {
    auto target = std::make_unique<CallbackTargetOf>(std::move(function));
    return target.release();
  }

  explicit CallbackTargetOf(Function function) : function_(std::move(function)) {}

  void call(Arguments&&... arguments) noexcept override {
    try {
      std::invoke(function_, std::forward<Arguments>(arguments)...);
    } catch (...) {
      exception_left_handler(typeid(Function), typeid(void(Arguments...)));
    }
  }

 private:
  void destroy() override { std::unique_ptr<CallbackTargetOf>(this).reset(); }

  Function function_;
};

template <class Function>
inline constexpr bool kIsCallback = false;
template <class Signature>
inline constexpr bool kIsCallback<Callback<Signature>> = true;
template <class Signature>
inline constexpr bool kIsCallback<OnceCallback<Signature>> = true;

template <class Function>
inline constexpr bool kIsStdFunction = false;
template <class Signature>
inline constexpr bool kIsStdFunction<std::function<Signature>> = true;

/// The types that a callback can be made from: movable and callable with these arguments, but not
/// another Callback or OnceCallback.
template <class Function, class... Arguments>
concept CallbackFunction =
    !kIsCallback<std::decay_t<Function>> && std::invocable<std::decay_t<Function>&, Arguments...> &&
    std::constructible_from<std::decay_t<Function>, Function>;

/// Whether `function` is a null pointer or an empty std::function, which makes an empty callback.
template <class Function>
bool is_nobody(const Function& function) {
  if constexpr (std::is_pointer_v<Function> || std::is_member_pointer_v<Function> ||
                kIsStdFunction<Function>) {
    return function == nullptr;
  } else {
    return false;
  }
}

}  // namespace detail

/// A handler that may be called any number of times.
///
/// It owns a function object, which may be move-only and may change between calls. Its size is one
/// pointer. An empty one means that nobody listens: calling it does nothing but destroy the
/// arguments that were passed by value.
///
/// The function object is destroyed with the callback; if a running call replaces or destroys the
/// callback, after that call. An exception that leaves the function object ends the process, with a
/// text that names its type.
template <class... Arguments>
class [[nodiscard]] Callback<void(Arguments...)> {
 public:
  /// Makes an empty callback.
  Callback() = default;
  Callback(std::nullptr_t) {}

  // The concept leaves moves to the move constructor.
  template <detail::CallbackFunction<Arguments...> Function>
  Callback(Function&& function) {  // NOLINT(bugprone-forwarding-reference-overload)
    using Target = std::decay_t<Function>;
    if (detail::is_nobody<Target>(function)) return;
    target_ = Pointer(
        detail::CallbackTargetOf<Target, Arguments...>::make(std::forward<Function>(function)));
  }

  Callback(Callback&&) noexcept = default;
  Callback& operator=(Callback&&) noexcept = default;
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  ~Callback() = default;

  /// Whether the callback is not empty.
  explicit operator bool() const { return static_cast<bool>(target_); }

  void operator()(Arguments... arguments) const {
    const Pointer running = target_;
    if (running) running->call(std::forward<Arguments>(arguments)...);
  }

 private:
  using Pointer = detail::Counted<detail::CallbackTarget<Arguments...>>;

  Pointer target_;
};

/// A handler that is called at most once.
///
/// Like Callback, but a call first takes the function object out of the callback, which is then
/// empty, and destroys the object afterwards. Further calls do nothing.
template <class... Arguments>
class [[nodiscard]] OnceCallback<void(Arguments...)> {
 public:
  /// Makes an empty callback.
  OnceCallback() = default;
  OnceCallback(std::nullptr_t) {}

  // The concept leaves moves to the move constructor.
  template <detail::CallbackFunction<Arguments...> Function>
  OnceCallback(Function&& function) {  // NOLINT(bugprone-forwarding-reference-overload)
    using Target = std::decay_t<Function>;
    if (detail::is_nobody<Target>(function)) return;
    target_ = Pointer(
        detail::CallbackTargetOf<Target, Arguments...>::make(std::forward<Function>(function)));
  }

  OnceCallback(OnceCallback&&) noexcept = default;
  OnceCallback& operator=(OnceCallback&&) noexcept = default;
  OnceCallback(const OnceCallback&) = delete;
  OnceCallback& operator=(const OnceCallback&) = delete;
  ~OnceCallback() = default;

  /// Whether the callback is not empty: it has a function object and was not called yet.
  explicit operator bool() const { return static_cast<bool>(target_); }

  void operator()(Arguments... arguments) {
    const Pointer running = std::move(target_);
    if (running) running->call(std::forward<Arguments>(arguments)...);
  }

 private:
  using Pointer = detail::Counted<detail::CallbackTarget<Arguments...>>;

  Pointer target_;
};

}  // namespace uvspdy
