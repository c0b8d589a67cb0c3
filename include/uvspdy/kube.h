#pragma once

// All headers of floor 5: Kubernetes exec, attach and port-forward, client and server, with
// kubeconfigs and credentials.

#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/client/object_names.h"
#include "uvspdy/kube/client/pod.h"
#include "uvspdy/kube/client/port_forward_client.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/kube/config/client_config.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/kube/credentials/authenticator.h"
#include "uvspdy/kube/local/local_runtime.h"
#include "uvspdy/kube/process/exit_code.h"
#include "uvspdy/kube/process/pipe_ends.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/forwarded_connection.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/runtime.h"
#include "uvspdy/kube/protocol/served_command.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/kube/protocol/streaming_target.h"
#include "uvspdy/kube/server/pod_api.h"
#include "uvspdy/kube/server/request_authenticator.h"
#include "uvspdy/kube/server/streaming_server.h"
