// What an API server or a credential plugin answers in JSON: a Pod or a list, a Status, an
// ExecCredential.
// The readers keep nothing but the fields that are used; a document of the JSON library's, which
// has all of them, is the measure. The input: one byte that chooses the reader, then the text.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_input.h"
#include "kube/credentials/exec_credential.h"
#include "line_check.h"
#include "uvspdy/kube/client/object_names.h"
#include "uvspdy/kube/client/pod.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

using kube::Pod;
using kube::Status;
using nlohmann::json;

// The member of an object, or null.
json member(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() ? *found : json();
}

std::string text(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

void check_status_is(const Status& status, const json& object) {
  require(status.success == (text(member(object, "status")) == "Success"), "another outcome");
  require(status.message == text(member(object, "message")), "another message");
  require(status.reason == text(member(object, "reason")), "another reason");
  const json code = member(object, "code");
  const bool is_code = code.is_number_unsigned() && code.get<std::uint64_t>() <= 999;
  require(status.code == (is_code ? code.get<int>() : 0), "another code");
  std::vector<json> causes;
  const json list = member(member(object, "details"), "causes");
  for (const json& each : list.is_array() ? list : json::array()) {
    if (each.is_object()) causes.push_back(each);
  }
  require(status.causes.size() == causes.size(), "another number of causes");
  for (std::size_t i = 0; i < causes.size(); ++i) {
    require(status.causes[i].reason == text(member(causes[i], "reason")), "another cause");
    require(status.causes[i].message == text(member(causes[i], "message")), "another cause");
  }
}

void read_status(std::string_view input) {
  const Result<Status> status = kube::parse_status(input);
  if (!status) {
    require(status.error().code() == kube::Errc::kBadStatus, "another error than kBadStatus");
    return check_error(status.error());
  }
  const Result<Status> again = kube::parse_status(kube::to_json(*status));
  require(
      again && again->message == status->message && again->causes.size() == status->causes.size(),
      "a Status does not read back the same");
  if (const Result<int> code = kube::exit_code(*status); !code) check_error(code.error());
  // A text in which each member is there once: the JSON library takes the last of two.
  const json object = json::parse(input, nullptr, false);
  require(!object.is_discarded(), "the text is no JSON");
  const Result<Status> once = kube::parse_status(object.dump());
  const std::string outcome = text(member(object, "status"));
  require(static_cast<bool>(once) == (outcome == "Success" || outcome == "Failure"),
          "another opinion on what a Status is");
  if (once) check_status_is(*once, object);
}

void check_containers(const std::vector<Pod::Container>& containers, const json& list) {
  require(containers.size() == (list.is_array() ? list.size() : 0), "another number of containers");
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const json tty = member(list[i], "tty");
    require(containers[i].name == text(member(list[i], "name")), "another container");
    require(containers[i].tty == (tty.is_boolean() && tty.get<bool>()),
            "another kind of container");
  }
}

void read_pod(std::string_view input) {
  const Result<Pod> pod = kube::parse_pod(input);
  if (!pod) {
    require(pod.error().code() == kube::Errc::kBadPod, "another error than kBadPod");
    return check_error(pod.error());
  }
  require(pod->containers.size() + pod->init_containers.size() + pod->ephemeral_containers.size() <=
              1024,
          "more containers than there may be");
  const json object = json::parse(input, nullptr, false);
  require(!object.is_discarded(), "the text is no JSON");
  const Result<Pod> once = kube::parse_pod(object.dump());
  if (!once) return;  // a member that came twice: the last one is no pod's
  const json spec = member(object, "spec");
  const json metadata = member(object, "metadata");
  require(text(member(object, "kind")) == "Pod", "another kind");
  require(once->name == text(member(metadata, "name")), "another name");
  require(once->pod_namespace == text(member(metadata, "namespace")), "another namespace");
  require(once->default_container == text(member(member(metadata, "annotations"),
                                                 "kubectl.kubernetes.io/default-container")),
          "another default container");
  require(once->phase == text(member(member(object, "status"), "phase")), "another phase");
  check_containers(once->containers, member(spec, "containers"));
  check_containers(once->init_containers, member(spec, "initContainers"));
  check_containers(once->ephemeral_containers, member(spec, "ephemeralContainers"));
}

void read_list(std::string_view input) {
  const auto list = kube::parse_object_names(input);
  if (!list) {
    require(list.error().code() == kube::Errc::kBadList, "another error than kBadList");
    return check_error(list.error());
  }
  require(list->names.size() <= 10'000, "more objects than there may be");
  for (const std::string& name : list->names)
    require(name.size() <= 253, "a name that is too long");
  require(list->continue_token.size() <= 4096, "a token that is too long");
}

void read_credential(std::string_view input) {
  constexpr std::string_view kVersion = "client.authentication.k8s.io/v1";
  const auto read = kube::parse_exec_credential(input, std::string(kVersion));
  if (!read) {
    require(read.error().code() == kube::Errc::kCredentials, "another error than kCredentials");
    return check_error(read.error());
  }
  require(!read->token.empty() || !read->client_key.empty(), "a credential without anything in it");
  require(read->client_key.empty() == read->client_certificate.empty(),
          "a key without certificate");
  const json object = json::parse(input, nullptr, false);
  require(!object.is_discarded(), "the text is no JSON");
  const json status = member(object, "status");
  const auto once = kube::parse_exec_credential(object.dump(), std::string(kVersion));
  if (!once) return;
  require(once->token == text(member(status, "token")), "another token");
  require(once->client_key == text(member(status, "clientKeyData")), "another key");
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  fuzz::FuzzInput input{Bytes(data, size)};
  const std::size_t reader = input.below(3);
  const std::string_view text = text_of(input.rest());
  if (reader == 0) fuzz::read_status(text);
  if (reader == 1) fuzz::read_pod(text);
  if (reader == 1) fuzz::read_list(text);
  if (reader == 2) fuzz::read_credential(text);
  return 0;
}
