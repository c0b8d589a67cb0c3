#include "completion/cluster_names.h"

#include <uv.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "flags/pod_name.h"
#include "loop.h"
#include "uvspdy/kube/client/object_names.h"
#include "uvspdy/kube/client/pod.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {
namespace {

constexpr std::chrono::seconds kMostTime{5};

// Objects of a page: an answer may have 4 MiB, and a pod of a busy cluster has some 20 KiB.
constexpr int kPageSize = 100;
constexpr std::size_t kMostNames = 3000;

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+%=";

// A server's names are not to be trusted: a shell would run what is between backquotes.
void leave_out_unsafe(std::vector<std::string>& names) {
  std::erase_if(names, [](const std::string& name) {
    return name.empty() || name.front() == '-' ||
           name.find_first_not_of(kNameCharacters) != std::string::npos;
  });
}

// Asks the server, until `done` is called or the time is over. `Ask` starts the first request.
class Asking {
 public:
  using Ask = std::function<void(kube::ApiServer&, const std::string& pod_namespace)>;

  void run(const ClientFlags& flags, const Ask& ask) {
    Result<kube::ClientConfig> config = read_client_config(flags);
    if (!config) return;
    Result<Loop> loop = Loop::open_with_threads();
    if (!loop) return;
    const std::string pod_namespace = config->pod_namespace;
    // Its messages go nowhere.
    auto server = make_api_server(loop->get(), flags, std::move(*config), LineWriter(-1));
    if (!server) return;
    loop_ = loop->get();
    net::Timer limit(loop_, [this] { done(); });
    limit.start(kMostTime);
    ask(**server, pod_namespace);
    loop->run();
    attempt_.cancel();
    limit.stop();
    loop->run_out(std::chrono::seconds(1), 0);
  }

  void done() { uv_stop(loop_); }
  void wait_for(net::Attempt attempt) { attempt_ = std::move(attempt); }

 private:
  uv_loop_t* loop_ = nullptr;
  net::Attempt attempt_;
};

// The pages of a list, one after another.
class List {
 public:
  // Of an empty path there are no names.
  std::vector<std::string> run(const ClientFlags& flags,
                               const std::function<std::string(const std::string&)>& path_in) {
    asking_.run(flags, [&](kube::ApiServer& server, const std::string& pod_namespace) {
      server_ = &server;
      path_ = path_in(pod_namespace);
      if (path_.empty()) return asking_.done();
      ask({});
    });
    leave_out_unsafe(names_);
    return std::move(names_);
  }

 private:
  void ask(const std::string& token) {
    const std::string more = token.empty() ? "" : "&continue=" + token;
    asking_.wait_for(
        server_->get(path_ + "?limit=" + std::to_string(kPageSize) + more,
                     [this](const Result<httpstream::HttpResponse>& response) { take(response); }));
  }

  void take(const Result<httpstream::HttpResponse>& response) {
    constexpr int kOk = 200;
    if (!response || response->status != kOk) return asking_.done();
    Result<kube::ObjectNames> page = kube::parse_object_names(response->body);
    if (!page) return asking_.done();
    std::move(page->names.begin(), page->names.end(), std::back_inserter(names_));
    const std::string& token = page->continue_token;
    // A token is base64 for URLs.
    const bool is_usable =
        token.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
        std::string::npos;
    if (token.empty() || !is_usable || names_.size() >= kMostNames) return asking_.done();
    ask(token);
  }

  Asking asking_;
  kube::ApiServer* server_ = nullptr;
  std::string path_;
  std::vector<std::string> names_;
};

bool is_path_segment(const std::string& name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
             std::string::npos;
}

}  // namespace

std::vector<std::string> names_of_pods(const ClientFlags& flags) {
  return List().run(flags, [](const std::string& pod_namespace) {
    return is_path_segment(pod_namespace) ? "/api/v1/namespaces/" + pod_namespace + "/pods"
                                          : std::string();
  });
}

std::vector<std::string> names_of_namespaces(const ClientFlags& flags) {
  return List().run(flags, [](const std::string&) { return "/api/v1/namespaces"; });
}

std::vector<std::string> names_of_containers(const ClientFlags& flags, const std::string& pod) {
  const Result<std::string> name = parse_pod_name(pod);
  if (!name) return {};
  std::vector<std::string> names;
  Asking asking;
  asking.run(flags, [&](kube::ApiServer& server, const std::string& pod_namespace) {
    asking.wait_for(
        kube::get_pod(server, pod_namespace, *name, [&](const Result<kube::Pod>& found) {
          if (found) {
            for (const auto* kind :
                 {&found->containers, &found->init_containers, &found->ephemeral_containers}) {
              for (const kube::Pod::Container& each : *kind) names.push_back(each.name);
            }
          }
          asking.done();
        }));
  });
  leave_out_unsafe(names);
  return names;
}

std::vector<std::string> names_of_contexts(const ClientFlags& flags) {
  const auto kubeconfig = flags.kubeconfig.empty()
                              ? kube::Kubeconfig::load(kube::kubeconfig_files_from_environment())
                              : kube::Kubeconfig::load_file(flags.kubeconfig);
  if (!kubeconfig) return {};
  std::vector<std::string> names = kubeconfig->context_names();
  leave_out_unsafe(names);
  return names;
}

}  // namespace uvspdy::command
