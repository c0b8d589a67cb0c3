#include "uvspdy/error.h"

#include <algorithm>
#include <utility>

#include "core/contract.h"
#include "uvspdy/printable.h"

namespace uvspdy {
namespace {

// Whether `printable` would leave a text as it is; most texts are like that.
bool is_plain(const std::string& text) {
  return text.size() <= kLongestErrorText &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Error::Error(std::error_code code, std::string message, std::shared_ptr<const ErrorDetail> detail) {
  if (!code) return;
  auto content = std::make_unique<Content>();
  content->code = code;
  content->message = is_plain(message) ? std::move(message) : printable(message, kLongestErrorText);
  content->detail = std::move(detail);
  content_ = uvspdy::detail::Counted<const Content>(content.release());
}

const std::error_code& Error::code() const {
  static const std::error_code success;
  return content_ ? content_->code : success;
}

const std::string& Error::message() const {
  static const std::string nothing;
  return content_ ? content_->message : nothing;
}

const std::shared_ptr<const ErrorDetail>& Error::detail() const {
  static const std::shared_ptr<const ErrorDetail> nothing;
  return content_ ? content_->detail : nothing;
}

namespace detail {

void end_without_value(const Error& error) {
  contract_broken("a Result was used without being asked: " + error.message());
}

}  // namespace detail
}  // namespace uvspdy
