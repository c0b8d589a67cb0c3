#pragma once

// Floor 4 in one include: connections and streams, and both sides of the upgrade.

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_client.h"
#include "uvspdy/httpstream/http_exchange.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/log.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/httpstream/relay.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/route_options.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/httpstream/transport_ends.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"
#include "uvspdy/httpstream/url.h"
