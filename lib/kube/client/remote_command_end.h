#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/client/remote_command_client.h"

namespace uvspdy::kube {

/// What the ends of a remote command's streams come to, in each version of the protocol. Told how
/// each stream has ended: success is a FIN, else the error of Stream::on_close.
class RemoteCommandEnd {
 public:
  explicit RemoteCommandEnd(std::string_view protocol);

  /// 1 to 4.
  int version() const { return version_; }

  /// What has come on the error stream. Errors: kBadStatus when it is longer than any status.
  Error take_status(Bytes bytes);

  void status_ended(const Error& how);
  void output_ended(const Error& how);

  /// The server has said that it ends the connection in order.
  void note_goaway() { goaway_ = true; }

  /// How the command has ended, once all of its streams have; nothing: a GOAWAY would tell.
  std::optional<Result<ExitStatus>> outcome() const;

  /// kNoStatus, because of `why`.
  Error unknown(const std::string& why) const;

 private:
  Result<ExitStatus> outcome_by_status() const;
  std::optional<Result<ExitStatus>> outcome_by_silence() const;
  Error cut_off() const;

  int version_;
  std::string status_;
  bool status_complete_ = false;  // ended by a FIN
  Error status_lost_;             // ended with a connection that broke
  Error output_lost_;
  bool outputs_complete_ = true;
  int outputs_ = 0;
  bool goaway_ = false;
};

}  // namespace uvspdy::kube
