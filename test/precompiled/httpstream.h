// Compiled once for the tests of floors 4 and 5 (cpp_pch).
#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/http_client.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/tls.h"
