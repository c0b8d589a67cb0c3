#include "net/address_race.h"

#include <algorithm>
#include <utility>

#include "net/address.h"
#include "uvspdy/net/error.h"

namespace uvspdy::net {

std::vector<sockaddr_storage> interleave_families(const std::vector<sockaddr_storage>& addresses) {
  std::vector<sockaddr_storage> first;
  std::vector<sockaddr_storage> second;
  for (const sockaddr_storage& address : addresses) {
    (address.ss_family == addresses.front().ss_family ? first : second).push_back(address);
  }
  std::vector<sockaddr_storage> ordered;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) ordered.push_back(first[i]);
    if (i < second.size()) ordered.push_back(second[i]);
  }
  return ordered;
}

AddressRace::AddressRace(uv_loop_t* loop, std::string target,
                         std::vector<sockaddr_storage> addresses,
                         std::chrono::milliseconds attempt_delay, Handler handler)
    : loop_(loop),
      target_(std::move(target)),
      attempt_delay_(attempt_delay),
      handler_(std::move(handler)),
      tries_(addresses.size()),
      next_is_due_(loop, [this] { begin_next(); }),
      all_failed_(loop, [this] { handler_(failure()); }) {
  for (std::size_t i = 0; i < addresses.size(); ++i) tries_[i].address = addresses[i];
}

AddressRace::~AddressRace() = default;

void AddressRace::start() { begin_next(); }

void AddressRace::begin_next() {
  while (next_ < tries_.size()) {
    const std::size_t index = next_++;
    Try& next = tries_[index];
    next.transport = StreamTransport::make_tcp(loop_);
    next.status = next.transport->connect(next.address,
                                          [this, index](int status) { connected(index, status); });
    if (next.status == 0) {
      if (next_ < tries_.size()) next_is_due_.start(attempt_delay_);
      return;
    }
    last_status_ = next.status;
    next.transport.reset();
  }
  // This may run inside `start`, where no handler may be called.
  if (!anything_under_way()) all_failed_.schedule();
}

void AddressRace::connected(std::size_t index, int status) {
  Try& one = tries_[index];
  if (status == 0) {
    auto winner = std::move(one.transport);
    winner->connected();
    tries_.clear();
    next_is_due_.stop();
    return handler_(std::move(winner));
  }
  last_status_ = one.status = status;
  one.transport.reset();
  next_is_due_.stop();
  begin_next();
}

bool AddressRace::anything_under_way() const {
  return std::any_of(tries_.begin(), tries_.end(),
                     [](const Try& one) { return one.transport != nullptr; });
}

std::string AddressRace::describe() const {
  std::string text;
  if (tries_.size() < 2) return text;
  for (std::size_t i = 0; i < next_; ++i) {
    const Try& one = tries_[i];
    if (!text.empty()) text += "; ";
    text += to_string(one.address) + ": ";
    text += one.transport
                ? "no answer"
                : std::string(uv_strerror(one.status)) + " (" + uv_err_name(one.status) + ")";
  }
  return text;
}

Error AddressRace::failure() const {
  const std::string what = "connect to " + target_;
  const std::string each = describe();
  if (each.empty()) return uv_error(last_status_, what);
  return Error(std::error_code(last_status_, uv_category()), what + ": " + each);
}

}  // namespace uvspdy::net
