#pragma once

#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_head.h"

namespace uvspdy::httpstream {

/// Applies what RFC 9112 asks of a server that takes no request bodies, beyond the grammar of a
/// head. HTTP/1.1 needs one Host header, HTTP/1.0 has at most one, and its value is HOST or
/// HOST:PORT. A body, even one that is malformed or doubly framed, is refused. The target is a path
/// with its query, "*" for OPTIONS, or HOST:PORT for CONNECT; of a target in absolute form
/// ("http://HOST/PATH"), the path and the query become the target, and HOST replaces the value of
/// the Host header. Errors: kBadHead.
Error apply_request_rules(HttpRequest& request);

}  // namespace uvspdy::httpstream
