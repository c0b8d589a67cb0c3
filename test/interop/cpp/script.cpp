#include "script.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "options.h"
#include "pattern.h"
#include "uvspdy/session/error.h"

namespace uvspdy::interop {
namespace {

constexpr std::uint64_t kDataStep = 20'000;  // more than one DATA frame

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::uint64_t data_of_the_other(const std::vector<std::string>& steps, char me) {
  const auto count = std::count_if(steps.begin(), steps.end(), [me](const std::string& step) {
    return step[0] != me && step[1] == 'd';
  });
  return kDataStep * static_cast<std::uint64_t>(count);
}

}  // namespace

Script::Script(char me, std::uint32_t index, std::string text, DoneHandler on_done)
    : me_(me),
      index_(index),
      text_(std::move(text)),
      steps_(words_of(text_)),
      on_done_(std::move(on_done)),
      check_(index, data_of_the_other(steps_, me)) {}

void Script::open(httpstream::Connection& connection) {
  if (steps_.size() < 2 || (steps_[0] != "co" && steps_[0] != "cO") || steps_[1][0] != 's') {
    return done("no script for a client that gets its streams with their reply");
  }
  Headers headers = request_headers();
  headers.add("streamtype", "script");
  headers.add("index", std::to_string(index_));
  headers.add("script", text_);
  next_ = 1;
  half_closed_ = steps_[0] == "cO";
  connection.create_stream(std::move(headers), {.fin = half_closed_},
                           [self = shared_from_this()](auto stream) {
                             if (!stream) return self->closed(stream.error());
                             self->attach(std::move(*stream));
                             self->proceed();
                           });
}

void Script::opened(std::shared_ptr<httpstream::Stream> stream,
                    httpstream::StreamDecision decision) {
  decision_ = std::move(decision);
  attach(std::move(stream));
  next_ = 1;
  proceed();
}

void Script::attach(std::shared_ptr<httpstream::Stream> stream) {
  stream_ = std::move(stream);
  stream_->on_data([self = shared_from_this()](Bytes bytes) {
    const std::string problem = self->check_.receive(bytes);
    if (!problem.empty()) return self->done(problem);
    self->proceed();
  });
  stream_->on_end([self = shared_from_this()](const Error& error) {
    if (error) return;  // on_close follows
    self->ended_ = true;
    self->proceed();
  });
  stream_->on_close([self = shared_from_this()](const Error& error) { self->closed(error); });
}

void Script::proceed() {
  while (!ending_ && next_ < steps_.size()) {
    const std::string& step = steps_[next_];
    if (step[0] == me_ ? closed_ || !act(step[1]) : !seen(step[1])) return;
    ++next_;
  }
}

// False when the step cannot be done.
bool Script::act(char what) {
  switch (what) {
    case 'a':
    case 'A': decision_->accept(reply_headers()); return what == 'a' || half_close();
    case 'd': return send_data();
    case 'f': return half_close();
    case 'r': reset(); return true;
    default: done("there is no step " + steps_[next_]); return false;
  }
}

bool Script::send_data() {
  std::vector<std::uint8_t> data(kDataStep);
  fill_pattern(data, index_, sent_);
  sent_ += data.size();
  if (Error error = stream_->write(Buffer(std::move(data)))) {
    done("sending data: " + error.message());
    return false;
  }
  return true;
}

// Behind the data of the steps before, which a reset at once would drop.
void Script::reset() {
  const char before = steps_[next_ - 1][1];
  if (before == 'o' || before == 'O') return decision_->reject();
  half_closed_ ? stream_->reset() : stream_->writer().end_with_reset();
}

// A reset drops what is queued, so this step lasts until all has left.
bool Script::half_close() {
  stream_->writer().on_sent([self = shared_from_this()](const Error& error) {
    if (!error) self->sent();  // else on_close follows
  });
  stream_->close();
  half_closed_ = ending_ = true;
  return true;
}

void Script::sent() {
  ending_ = false;
  proceed();
}

bool Script::seen(char what) {
  switch (what) {
    case 'a': return stream_ != nullptr;
    case 'd':
      if (check_.received() < awaited_ + kDataStep) return false;
      awaited_ += kDataStep;
      return true;
    case 'A':
    case 'f': return ended_;
    case 'r': return closed_.has_value();
    default: done("there is no step " + steps_[next_]); return false;
  }
}

void Script::closed(const Error& error) {
  closed_ = error;
  ending_ = false;
  proceed();
  if (next_ < steps_.size()) {
    return done("closed ahead of step " + steps_[next_] + ": " + error.message());
  }
  if (!check_.complete()) return done("closed after " + check_.progress());
  done(ending(error));
}

// What is wrong with how the stream ended.
std::string Script::ending(const Error& error) const {
  const std::string& last = steps_.back();
  if (last[1] != 'r') return error ? "ended with: " + error.message() : "";
  if (last[0] == me_) {
    // A stream that was rejected is over without a word to whoever rejected it.
    const bool well = error.code() == session::Errc::kResetHere;
    return well ? "" : "after a reset here: " + error.message();
  }
  const bool well =
      error.code() == session::Errc::kStreamReset || error.code() == session::Errc::kStreamRefused;
  return well ? "" : "after a reset by the peer: " + error.message();
}

void Script::done(const std::string& problem) {
  const auto handler = std::exchange(on_done_, {});
  if (!handler) return;
  handler(problem.empty() ? ""
                          : "script " + std::to_string(index_) + " (" + text_ + "): " + problem);
}

}  // namespace uvspdy::interop
