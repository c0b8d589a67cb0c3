#include <uv.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "commands.h"
#include "cp/connection_lost.h"
#include "cp/console.h"
#include "cp/copy.h"
#include "cp/file_spec.h"
#include "cp/leftovers.h"
#include "cp/pod.h"
#include "deadline.h"
#include "flags/client_flags.h"
#include "flags/pod_flags.h"
#include "flags/whole_number.h"
#include "loop.h"
#include "report.h"

namespace uvspdy::command {
namespace {

// The delay before a copy is tried again whose connection was lost.
constexpr std::chrono::seconds kRetryDelay{1};

struct CpFlags {
  ClientFlags client;
  std::string container;
  bool no_preserve = false;
  bool follow_links = false;
  int retries = 0;
  std::string source;
  std::string destination;
};

int fail(const std::string& message) { return report_error("cp", message); }

void report_retry(const Error& error) {
  report_line("uvspdy cp: " + error.message() + "; trying again");
}

// Attempts one after the other, `retries` of them after connections that were lost.
int copy(Pod& pod, const FileSpec& source, const FileSpec& destination, const CpFlags& flags,
         int retries) {
  const CopyOptions options{.preserve = !flags.no_preserve, .follow_links = flags.follow_links};
  std::optional<UploadTarget> target;
  Leftovers leftovers;
  const auto attempt = [&]() -> Result<Copied> {
    if (!source.local()) return download(pod, source.path, destination.path, options);
    if (!target) {
      Result<UploadTarget> found = find_upload_target(pod, source.path, destination.path);
      if (!found) return found.error();
      target = std::move(*found);
    }
    return upload(pod, source.path, *target, options, leftovers);
  };
  Result<Copied> copied = Copied::kAll;
  for (;; --retries) {
    pod.begin_attempt();
    copied = attempt();
    if (copied || pod.signal() != 0 || !pod.connection_lost() || retries == 0) break;
    pod.console().line("uvspdy cp: " + copied.error().message() + "; trying again");
    pod.sleep(kRetryDelay);
  }
  if (const std::string paths = leftovers.remaining(); !paths.empty()) {
    pod.console().line("uvspdy cp: temporary files may be left in the pod: " + paths);
  }
  if (!copied && pod.signal() != 0) {
    if (pod.signal() != kTimeIsUp) fail("interrupted");
    return exit_code_of_stop(pod.signal());
  }
  if (!copied) return fail(copied.error().message());
  if (*copied == Copied::kPart) {
    return fail("not all of " + flags.source + " could be read; the rest is copied");
  }
  return 0;
}

// Nothing after a failure, which has been reported then. Each lost connection takes one of
// `retries`.
std::optional<PodContainer> choose_container(Loop& loop, kube::ApiServer& server,
                                             const kube::ExecRequest& request,
                                             const CpFlags& cp_flags, int& retries) {
  PodFlags flags;
  flags.verb = "cp";
  flags.client = cp_flags.client;
  flags.container = cp_flags.container;
  flags.quiet = true;
  for (;; --retries) {
    bool is_lost = false;
    auto found = find_container(loop, server, flags, request.pod_namespace, request.pod,
                                [&](const Error& error) {
                                  is_lost = retries != 0 && is_connection_lost(error);
                                  if (is_lost) report_retry(error);
                                  return is_lost;
                                });
    if (!is_lost) return found;
    std::this_thread::sleep_for(kRetryDelay);  // a signal ends the process
  }
}

int cp(const CpFlags& flags) {
  const Result<FileSpec> source = parse_file_spec(flags.source);
  if (!source) return report_usage_error("cp", source.error().message());
  const Result<FileSpec> destination = parse_file_spec(flags.destination);
  if (!destination) return report_usage_error("cp", destination.error().message());
  if (source->local() && destination->local()) {
    return report_usage_error(
        "cp", "one of src or dest must be a remote file specification, such as POD:PATH");
  }
  if (!source->local() && !destination->local()) {
    return report_usage_error("cp", "one of src or dest must be a local file specification");
  }
  const FileSpec& remote = source->local() ? *destination : *source;

  Result<kube::ClientConfig> config = read_client_config(flags.client);
  if (!config) return fail(config.error().message());
  kube::ExecRequest request;
  request.pod_namespace =
      remote.pod_namespace.empty() ? config->pod_namespace : remote.pod_namespace;
  request.pod = remote.pod;

  Result<Loop> loop = Loop::open_with_threads();
  if (!loop) return fail(loop.error().message());
  auto server = make_api_server(loop->get(), flags.client, std::move(*config));
  if (!server) return fail(server.error().message());
  int retries = flags.retries;
  const auto found = choose_container(*loop, **server, request, flags, retries);
  if (!found) return 1;
  request.container = found->container;
  Console console;
  Pod pod(loop->get(), std::move(*server), std::move(request), console);
  if (const Error error = pod.watch_signals()) return fail(error.message());
  const int exit_code = copy(pod, *source, *destination, flags, retries);
  loop->run_out(pod.time_to_end(), exit_code);
  return exit_code;
}

}  // namespace

void add_cp(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "cp",
      "Copy files and folders to or from a pod. One of SRC and DEST is [NAMESPACE/]POD:PATH, the "
      "other one a path of this machine.\n"
      "The pod must have tar. To be copied to, it must also have test, wc, mv, cp and rm; and find "
      "and chmod for folders that nobody may write to; and sh, find, ln, mkdir, rmdir, stat, "
      "chown, chmod and touch where a folder is merged into one that exists. A file can be copied "
      "without tar: from a pod that has cat and wc, to one that also has sh, mv and rm.");
  auto flags = std::make_shared<CpFlags>();
  add_client_flags(*command, flags->client);
  command->add_option("-c,--container", flags->container, "The container; else as with exec");
  command->add_flag("--no-preserve", flags->no_preserve,
                    "Modes, times and owners are those of new files");
  command->add_flag("-L,--dereference", flags->follow_links,
                    "Copy what symbolic links lead to, instead of the links; a link that is SRC is "
                    "always followed");
  command
      ->add_option("--retries", flags->retries,
                   "How often to begin anew when the connection is lost; negative: without end")
      ->check(check_whole_number<int>)
      ->capture_default_str();
  command->add_option("SRC", flags->source, "What to copy: PATH, POD:PATH or NAMESPACE/POD:PATH")
      ->required();
  command
      ->add_option("DEST", flags->destination,
                   "Its new name, or the folder for it; a folder that is copied from a pod to one "
                   "that is there is merged into it, one to a pod goes into it, as with kubectl")
      ->required();
  command->callback([flags, &exit_code] { exit_code = cp(*flags); });
}

}  // namespace uvspdy::command
