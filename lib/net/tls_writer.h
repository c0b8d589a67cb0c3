#pragma once

#include <span>

#include "net/tls_link.h"

namespace uvspdy::net {

/// Encrypts as much of `spans` as the lower transport takes without waiting, and returns the number
/// of bytes; 0 while it is slow. Encrypted bytes are sent, or kept by the link. Spans shorter than
/// 4 KiB share records; larger ones are not copied. Errors: the lower transport's; kTlsProtocol.
Result<std::size_t> encrypt(TlsLink& link, std::span<const Bytes> spans);

}  // namespace uvspdy::net
