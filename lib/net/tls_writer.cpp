#include "net/tls_writer.h"

#include <algorithm>
#include <cstring>

#include "net/scratch.h"
#include "net/tls_failure.h"

namespace uvspdy::net {
namespace {

Error put_record(TlsLink& link, Bytes plaintext) {
  clear_openssl_errors();
  std::size_t count = 0;
  if (SSL_write_ex(link.ssl(), plaintext.data(), plaintext.size(), &count) != 1) {
    return connection_failure(link.facts(), take_openssl_error());
  }
  return link.write_error();
}

}  // namespace

Result<std::size_t> encrypt(TlsLink& link, std::span<const Bytes> spans) {
  const Scratch scratch;
  std::size_t staged = 0;
  std::size_t taken = 0;
  // Encrypts the small spans collected in the scratch memory.
  const auto put_staged = [&] {
    if (staged == 0) return Error();
    taken += staged;
    return put_record(link, scratch.memory().first(std::exchange(staged, 0)));
  };
  for (Bytes rest : spans) {
    if (link.is_stuck()) break;
    if (rest.size() < kWorthNoCopy) {
      if (staged + rest.size() > Scratch::kSize) {
        if (Error error = put_staged()) return error;
        if (link.is_stuck()) break;
      }
      if (!rest.empty()) {
        std::memcpy(scratch.memory().data() + staged, rest.data(), rest.size());
      }
      staged += rest.size();
      continue;
    }
    if (Error error = put_staged()) return error;
    while (!rest.empty() && !link.is_stuck()) {
      const Bytes piece = rest.first(std::min(rest.size(), Scratch::kSize));
      if (Error error = put_record(link, piece)) return error;
      taken += piece.size();
      rest = rest.subspan(piece.size());
    }
  }
  if (!link.is_stuck()) {
    if (Error error = put_staged()) return error;
  }
  link.flush();
  if (link.write_error()) return link.write_error();
  return taken;
}

}  // namespace uvspdy::net
