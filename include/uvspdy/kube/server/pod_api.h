#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

/// The few answers of an API server that kubectl asks for before it streams: discovery (/api,
/// /apis, /api/v1) and the one pod there is, running, with one container.
class UVSPDY_EXPORT PodApi {
 public:
  /// What the container's process was given: clients look at it before they attach.
  struct Terminal {
    bool use_stdin = false;
    bool stdin_once = false;
    bool tty = false;
  };

  PodApi(std::string pod, std::string container);
  PodApi(std::string pod, std::string container, Terminal terminal);

  /// The answer to a request for one of these, in any namespace; 404 with a Status for another
  /// pod, 405 for a method other than GET.
  httpstream::HttpResponse answer(const httpstream::HttpRequest& request) const;

  /// Why there is nothing to stream with that pod and container (empty: any), as an answer.
  std::optional<httpstream::HttpResponse> refuse(std::string_view pod,
                                                 std::string_view container) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::kube
