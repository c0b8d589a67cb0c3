#pragma once

// Floor 5 in one include: Kubernetes exec and port-forward, client and server, and the credentials
// for them.

#include "uvspdy/kube/authenticator.h"
#include "uvspdy/kube/client_config.h"
#include "uvspdy/kube/error.h"
#include "uvspdy/kube/forwarded_connection.h"
#include "uvspdy/kube/kubeconfig.h"
#include "uvspdy/kube/local_runtime.h"
#include "uvspdy/kube/pod.h"
#include "uvspdy/kube/pod_api.h"
#include "uvspdy/kube/port_forward_client.h"
#include "uvspdy/kube/portforward.h"
#include "uvspdy/kube/remote_command_client.h"
#include "uvspdy/kube/remotecommand.h"
#include "uvspdy/kube/runtime.h"
#include "uvspdy/kube/status.h"
#include "uvspdy/kube/streaming_server.h"
#include "uvspdy/kube/streaming_target.h"
