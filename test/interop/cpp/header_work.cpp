#include <algorithm>
#include <random>
#include <utility>

#include "number.h"
#include "work.h"

namespace uvspdy::interop {
namespace {

// Of bytes by chance, which no level compresses, of letters by chance, which take six bits each, or
// of text that repeats itself. Never a NUL, which separates values.
std::string make_value(std::size_t size, std::string_view kind, std::minstd_rand& random) {
  std::string value(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    value[i] = kind == "random"    ? static_cast<char>(1 + (random() >> 8) % 255)
               : kind == "letters" ? static_cast<char>('0' + (random() >> 8) % 64)
                                   : "a header's value "[i % 17];
  }
  return value;
}

class HeaderSizes : public Work {
 public:
  HeaderSizes(Client& client, std::vector<std::string> sizes)
      : client_(client), sizes_(std::move(sizes)) {}

  void start(httpstream::Connection& connection) override {
    connection_ = &connection;
    next_ = 0;
    random_.seed(1);
    open_next();
  }

  void frame(const session::FrameTrace& frame) override {
    const auto reply = static_cast<std::uint16_t>(wire::FrameType::kSynReply);
    if (frame.data || frame.type != reply ||
        frame.direction != session::FrameTrace::Direction::kIn) {
      return;
    }
    mirrored_ = frame.headers->get("v") == value_;
  }

  std::string result() const override {
    return std::to_string(complete_) + " header blocks mirrored";
  }

 private:
  // One at a time, so that each block is a frame that comes by itself.
  void open_next() {
    if (next_ == sizes_.size()) return client_.finish(next_ == 0 ? "no sizes on stdin" : "");
    const std::string& line = sizes_[next_++];
    const std::size_t space = std::min(line.find(' '), line.size());
    const auto size = parse_number(std::string_view(line).substr(0, space));
    if (!size) return client_.finish("no size: " + line);
    value_ =
        make_value(*size, std::string_view(line).substr(std::min(space + 1, line.size())), random_);
    mirrored_ = false;
    Headers headers = client_.options().http ? request_headers() : Headers();
    headers.add("v", value_);
    connection_->create_stream(std::move(headers), {.fin = true}, [this, line](auto stream) {
      if (!stream) return client_.finish("a value of " + line + ": " + stream.error().message());
      if (!mirrored_) return client_.finish("a value of " + line + " came back as another");
      (*stream)->on_close([this, line](const Error& error) {
        if (error) return client_.finish("a value of " + line + ": " + error.message());
        ++complete_;
        open_next();
      });
    });
  }

  Client& client_;
  std::vector<std::string> sizes_;
  httpstream::Connection* connection_ = nullptr;
  std::size_t next_ = 0;
  std::minstd_rand random_;
  std::string value_;
  bool mirrored_ = false;
  std::uint64_t complete_ = 0;
};

}  // namespace

std::unique_ptr<Work> make_headers(Client& client, std::vector<std::string> sizes) {
  return std::make_unique<HeaderSizes>(client, std::move(sizes));
}

}  // namespace uvspdy::interop
