#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/protocol/json_reading.h"
#include "uvspdy/kube/client/pod.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

// The most containers of a pod, of all three kinds. An API server takes at most 3 MiB of JSON for
// an object, in which each has a name and an image.
constexpr std::size_t kMaxContainers = 1024;

Error bad_pod(const std::string& why) { return Error(Errc::kBadPod, why); }

/// Takes the few fields that are used, one by one. A field of another type than its own is empty.
class PodReading {
 public:
  /// Returns false if the pod cannot be used: see error().
  bool take(const JsonPath& path, const JsonValue& value) {
    if (path.is({"kind"})) kind_ = value.text.substr(0, kMaxNameSize);
    if (path.is({"metadata", "name"})) return keep(value, "metadata.name", pod_.name);
    if (path.is({"metadata", "namespace"})) {
      return keep(value, "metadata.namespace", pod_.pod_namespace);
    }
    if (path.is({"metadata", "annotations", "kubectl.kubernetes.io/default-container"})) {
      return keep(value, "kubectl.kubernetes.io/default-container", pod_.default_container);
    }
    if (path.is({"status", "phase"})) return keep(value, "status.phase", pod_.phase);
    return take_container(path, value, "containers", pod_.containers) &&
           take_container(path, value, "initContainers", pod_.init_containers) &&
           take_container(path, value, "ephemeralContainers", pod_.ephemeral_containers);
  }

  bool is_pod() const { return kind_ == "Pod"; }
  const Error& error() const { return error_; }
  Pod& pod() { return pod_; }

 private:
  bool take_container(const JsonPath& path, const JsonValue& value, std::string_view list,
                      std::vector<Pod::Container>& containers) {
    if (path.is({"spec", list})) containers.clear();
    if (path.is({"spec", list, JsonPath::kElement})) {
      if (containers_in_all() == kMaxContainers) {
        return fail("the pod has more than " + std::to_string(kMaxContainers) + " containers");
      }
      containers.emplace_back();
    }
    if (path.is({"spec", list, JsonPath::kElement, "name"})) {
      return keep(value, "a container's name", containers.back().name);
    }
    if (path.is({"spec", list, JsonPath::kElement, "tty"})) {
      containers.back().tty = value.is_true();
    }
    return true;
  }

  std::size_t containers_in_all() const {
    return pod_.containers.size() + pod_.init_containers.size() + pod_.ephemeral_containers.size();
  }

  bool keep(const JsonValue& value, const char* field, std::string& text) {
    if (value.text.size() > kMaxNameSize) {
      return fail("the pod cannot be used: " + std::string(field) + " has " +
                  std::to_string(value.text.size()) + " bytes, and may have " +
                  std::to_string(kMaxNameSize));
    }
    text = value.text;
    return true;
  }

  bool fail(const std::string& why) {
    error_ = bad_pod(why);
    return false;
  }

  // The longest name that Kubernetes gives to anything, a DNS name.
  static constexpr std::size_t kMaxNameSize = 253;

  std::string kind_;
  Pod pod_;
  Error error_;
};

}  // namespace

Result<Pod> parse_pod(std::string_view text) {
  PodReading reading;
  const JsonEnd end = read_json(text, [&reading](const JsonPath& path, const JsonValue& value) {
    return reading.take(path, value);
  });
  if (reading.error()) return reading.error();
  if (end == JsonEnd::kComplete && reading.is_pod()) return std::move(reading.pod());
  return bad_pod("the server's answer is not a Pod but " + something_else(text, end));
}

}  // namespace uvspdy::kube
