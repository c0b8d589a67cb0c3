#include "kube/client/remote_command_end.h"

#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/session/error.h"

namespace uvspdy::kube {
namespace {

int version_of(std::string_view protocol) {
  if (protocol == kProtocolV4) return 4;
  if (protocol == kProtocolV3) return 3;
  return protocol == kProtocolV2 ? 2 : 1;
}

// Go's servers end streams by a reset or GOAWAY; a broken connection is a loss.
bool is_loss(const Error& how) {
  return how && how.code() != session::Errc::kStreamReset &&
         how.code() != session::Errc::kResetHere && how.code() != session::Errc::kConnectionClosed;
}

}  // namespace

RemoteCommandEnd::RemoteCommandEnd(std::string_view protocol) : version_(version_of(protocol)) {}

Error RemoteCommandEnd::take_status(Bytes bytes) {
  if (status_.size() + bytes.size() > kMaxStatusSize) {
    return Error(Errc::kBadStatus,
                 "the server's status is longer than " + std::to_string(kMaxStatusSize) + " bytes");
  }
  status_ += text_of(bytes);
  return {};
}

void RemoteCommandEnd::status_ended(const Error& how) {
  status_complete_ = !how;
  if (is_loss(how)) status_lost_ = how;
}

void RemoteCommandEnd::output_ended(const Error& how) {
  ++outputs_;
  if (how && how.code() != session::Errc::kResetHere) outputs_complete_ = false;
  if (is_loss(how)) output_lost_ = how;
}

std::optional<Result<ExitStatus>> RemoteCommandEnd::outcome() const {
  if (!status_.empty()) return outcome_by_status();
  if (status_lost_) return Result<ExitStatus>(unknown(status_lost_.message()));
  if (version_ == 4) {
    return Result<ExitStatus>(
        unknown(output_lost_ ? output_lost_.message() : "the server ended the command's streams"));
  }
  if (output_lost_) return Result<ExitStatus>(cut_off());
  return outcome_by_silence();
}

Result<ExitStatus> RemoteCommandEnd::outcome_by_status() const {
  if (version_ < 4) {
    // Before v4 a text is a failure without an exit code, whatever its words.
    return Error(Errc::kCommandFailed, status_.substr(0, status_.find_last_not_of("\r\n") + 1));
  }
  if (output_lost_) return cut_off();
  const Result<Status> status = parse_status(status_);
  if (!status) return status_lost_ ? unknown(status_lost_.message()) : status.error();
  const Result<int> code = exit_code(*status);
  if (!code) return code.error();
  return ExitStatus{*code, status->message};
}

// Before v4, no text means success. Go's servers do not end the error stream then: they reset all
// streams and send GOAWAY. In v1 they have reset the error stream before the command ran.
std::optional<Result<ExitStatus>> RemoteCommandEnd::outcome_by_silence() const {
  const bool ended_v1 = version_ == 1 && outputs_ > 0 && outputs_complete_;
  if (status_complete_ || goaway_ || ended_v1) return Result<ExitStatus>(ExitStatus{});
  return std::nullopt;
}

Error RemoteCommandEnd::cut_off() const {
  return Error(Errc::kNoStatus, "the command's output was cut off: " + output_lost_.message());
}

Error RemoteCommandEnd::unknown(const std::string& why) const {
  return Error(Errc::kNoStatus,
               "the command's exit status is unknown: " + why + " before it was sent");
}

}  // namespace uvspdy::kube
