#pragma once

// Floor 5 in one include: Kubernetes exec, client and server.

#include "uvspdy/kube/error.h"
#include "uvspdy/kube/exec_client.h"
#include "uvspdy/kube/exec_server.h"
#include "uvspdy/kube/pod_api.h"
#include "uvspdy/kube/remotecommand.h"
#include "uvspdy/kube/status.h"
