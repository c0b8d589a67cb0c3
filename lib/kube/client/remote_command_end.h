#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/client/remote_command_client.h"

namespace uvspdy::kube {

/// Derives a remote command's result from the ends of its streams, in each version of the protocol.
/// In `how` success is a FIN, else it is the error of Stream::on_received.
class RemoteCommandEnd {
 public:
  explicit RemoteCommandEnd(std::string_view protocol);

  /// 1 to 4.
  int version() const { return version_; }

  /// Takes bytes of the error stream. Errors: kBadStatus when they are more than any status has.
  Error take_status(Bytes bytes);

  void status_ended(const Error& how);
  void output_ended(const Error& how);

  /// Notes a GOAWAY: the server ends the connection in order.
  void note_goaway() { goaway_ = true; }

  /// The result, once all streams have ended; nothing if it depends on whether a GOAWAY comes.
  std::optional<Result<ExitStatus>> outcome() const;

  /// The error kNoStatus with the reason `why`.
  Error unknown(const std::string& why) const;

 private:
  Result<ExitStatus> outcome_by_status() const;
  std::optional<Result<ExitStatus>> outcome_by_silence() const;
  Error cut_off() const;

  int version_;
  std::string status_;
  bool status_complete_ = false;  // ended by a FIN
  Error status_lost_;             // why, if the error stream ended with a broken connection
  Error output_lost_;
  bool outputs_complete_ = true;
  int outputs_ = 0;
  bool goaway_ = false;
};

}  // namespace uvspdy::kube
