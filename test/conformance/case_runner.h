#pragma once

#include <optional>
#include <string_view>

#include "conformance/case_file.h"
#include "conformance/case_options.h"
#include "conformance/peer_frames.h"
#include "support/session_driver.h"

namespace uvspdy::test {

/// Plays one case with one session.
class CaseRunner {
 public:
  /// Throws CaseError, as `step` does.
  CaseRunner(session::Role role, const CaseOptions& options);

  /// Does what the line says, or compares.
  void step(const CaseLine& line);

  /// Whatever was sent or told and not expected fails the case, as does an end of the session.
  void finish();

 private:
  void open();
  void end_expectations();

  void given(CaseWords& words);
  void peer_sends(CaseWords& words);
  void user_does(CaseWords& words);
  Error action(CaseWords& words);
  void wait(CaseWords& words);

  void expect_out(CaseWords& words);
  void expect_told(CaseWords& words);
  void expect_refused(CaseWords& words);
  void expect_end(CaseWords& words);
  void expect_window(CaseWords& words, bool ours);

  session::Role role_;
  PeerFrames peer_;
  SessionDriver driver_;
  std::vector<std::uint8_t> bytes_;  // those that `out_` stands for
  std::optional<Lines> out_;         // sent and not expected yet
  std::optional<Lines> told_;
  Error refusal_;  // what the last `do` came to, until it is expected
  bool end_expected_ = false;
};

/// Plays the case of that name from that file, for each of its roles.
void run_case(std::string_view file, std::string_view name);

}  // namespace uvspdy::test
