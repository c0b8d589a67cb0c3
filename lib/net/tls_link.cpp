#include "net/tls_link.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace uvspdy::net {
namespace {

// The most that an idle connection keeps of its buffers.
constexpr std::size_t kIdleCapacity = 4 * 1024;

TlsLink& link_of(BIO* bio) { return *static_cast<TlsLink*>(BIO_get_data(bio)); }

TlsLink* link_of(const SSL* ssl) { return static_cast<TlsLink*>(SSL_get_app_data(ssl)); }

}  // namespace

TlsLink::TlsLink(std::unique_ptr<Transport> lower, SslPtr ssl, Facts facts)
    : facts_(std::move(facts)), lower_(std::move(lower)), ssl_(std::move(ssl)) {
  SSL_set_app_data(ssl_.get(), this);
  BIO_set_data(SSL_get_rbio(ssl_.get()), this);
  lower_->set_read_handlers(
      [this](Bytes bytes) {
        if (input_.empty()) {
          input_ = bytes;
        } else {
          keep_input();
          held_.erase(held_.begin(), held_.end() - static_cast<std::ptrdiff_t>(input_.size()));
          held_.insert(held_.end(), bytes.begin(), bytes.end());
          input_ = held_;
        }
        user_->on_input();
      },
      [this](const Error& error) {
        lower_ended_ = true;
        lower_end_ = error;
        user_->on_lower_end();
      });
}

TlsLink::~TlsLink() = default;

bool TlsLink::give_bio(SSL* ssl) {
  BIO* bio = BIO_new(bio_method());
  if (bio == nullptr) return false;
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  return true;
}

// ---- input

void TlsLink::set_reading(bool reading) {
  reading = reading && !lower_ended_;
  if (reading == std::exchange(reading_, reading)) return;
  reading ? lower_->start_reading() : lower_->stop_reading();
}

void TlsLink::keep_input() {
  if (input_.empty()) {
    drop_input();
    return;
  }
  const bool own = !held_.empty() && input_.data() >= held_.data() &&
                   input_.data() < held_.data() + held_.size();
  if (own) return;
  held_.assign(input_.begin(), input_.end());
  input_ = held_;
}

void TlsLink::drop_input() {
  input_ = {};
  if (held_.capacity() > 0) std::vector<std::uint8_t>().swap(held_);
}

// ---- output

void TlsLink::put(Bytes output) {
  if (write_error_) return;
  if (stuck_ || output.size() < kWorthNoCopy) {
    waiting_.insert(waiting_.end(), output.begin(), output.end());
    return;
  }
  const std::array<Bytes, 2> spans{waiting_, output};
  const std::size_t before = waiting_.size();
  const Result<std::size_t> taken =
      lower_->try_write(before == 0 ? std::span(spans).subspan(1) : std::span(spans));
  if (!taken) {
    write_error_ = taken.error();
    waiting_.clear();
    return;
  }
  waiting_.erase(waiting_.begin(),
                 waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(*taken, before)));
  const Bytes rest = output.subspan(*taken - std::min(*taken, before));
  waiting_.insert(waiting_.end(), rest.begin(), rest.end());
  stuck_ = !waiting_.empty();
}

void TlsLink::flush() {
  if (writing_ || waiting_.empty() || write_error_) return;
  if (!stuck_) {
    const Bytes all = waiting_;
    const Result<std::size_t> taken = lower_->try_write(std::span(&all, 1));
    if (!taken) {
      write_error_ = taken.error();
      waiting_.clear();
      return;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(*taken));
    if (waiting_.empty()) return;
    stuck_ = true;
  }
  writing_ = true;
  in_flight_.swap(waiting_);
  write_in_flight();
}

void TlsLink::write_in_flight() {
  const Bytes rest = Bytes(in_flight_).subspan(flown_);
  lower_->write(std::span(&rest, 1),
                [this](const Result<std::size_t>& result) { written(result); });
}

void TlsLink::written(const Result<std::size_t>& result) {
  if (result) {
    flown_ += *result;
    if (flown_ < in_flight_.size()) return write_in_flight();
  } else {
    write_error_ = result.error();
    waiting_.clear();
  }
  in_flight_.clear();
  flown_ = 0;
  writing_ = false;
  stuck_ = false;
  flush();  // output that came meanwhile
  if (!stuck_) user_->on_drained();
}

void TlsLink::trim() {
  for (auto* buffer : {&waiting_, &in_flight_}) {
    if (buffer->empty() && buffer->capacity() > kIdleCapacity) {
      std::vector<std::uint8_t>().swap(*buffer);
    }
  }
}

// ---- what OpenSSL calls

const BIO_METHOD* TlsLink::bio_method() {
  static const BioMethodPtr method = [] {
    BioMethodPtr made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "uvspdy"));
    if (!made) throw std::bad_alloc();  // so that the next call tries again
    BIO_meth_set_read_ex(made.get(), &TlsLink::bio_read);
    BIO_meth_set_write_ex(made.get(), &TlsLink::bio_write);
    BIO_meth_set_ctrl(made.get(), [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    return made;
  }();
  return method.get();
}

int TlsLink::bio_read(BIO* bio, char* out, std::size_t size, std::size_t* count) {
  TlsLink& link = link_of(bio);
  BIO_clear_retry_flags(bio);
  *count = std::min(size, link.input_.size());
  if (*count == 0) {
    // The end of the lower transport is hidden from OpenSSL: TlsTransport reports truncation.
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(out, link.input_.data(), *count);
  link.input_ = link.input_.subspan(*count);
  return 1;
}

int TlsLink::bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  link_of(bio).put(bytes_of(data, size));
  *count = size;
  return 1;
}

int TlsLink::on_verify(int accepted, X509_STORE_CTX* store) {
  if (accepted != 0) return 1;
  void* ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  Facts& facts = link_of(static_cast<const SSL*>(ssl))->facts_;
  facts.verify_failure = verify_failure(*store, facts.expected);
  return 0;
}

int TlsLink::on_new_session(SSL* ssl, SSL_SESSION* session) {
  const Facts& facts = link_of(ssl)->facts_;
  if (facts.sessions != nullptr && SSL_SESSION_is_resumable(session) == 1) {
    facts.sessions->put(facts.session_key, *session);
  }
  return 0;  // 0: we keep a copy, and not this object
}

}  // namespace uvspdy::net
