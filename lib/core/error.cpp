#include "uvspdy/error.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace uvspdy {

struct Error::Content {
  std::error_code code;
  std::string message;
  std::shared_ptr<const ErrorDetail> detail;
};

Error::Error(std::error_code code, std::string message, std::shared_ptr<const ErrorDetail> detail) {
  if (!code) return;
  content_ = std::make_shared<const Content>(Content{code, std::move(message), std::move(detail)});
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
  std::fprintf(stderr, "uvspdy: a Result was used without being asked: %s\n",
               error.message().c_str());
  std::abort();
}

}  // namespace detail
}  // namespace uvspdy
