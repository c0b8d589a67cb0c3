#include "conformance/case_options.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "conformance/case_words.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;

FlowControl flow_control_of(std::string_view word) {
  if (word == "automatic") return FlowControl::kAutomatic;
  if (word == "standard") return FlowControl::kStandard;
  if (word == "none") return FlowControl::kNone;
  throw CaseError("flow_control is automatic, standard or none");
}

using Setter = std::function<void(CaseOptions&, CaseWords&)>;

template <class Field>
Setter of_limits(Field Limits::*field) {
  return [field](CaseOptions& options, CaseWords& words) {
    options.session.limits.*field = words.number();
  };
}

template <class Field>
Setter of_options(Field session::Options::*field) {
  return [field](CaseOptions& options, CaseWords& words) {
    options.session.*field = Field(words.number());
  };
}

const std::map<std::string_view, Setter>& setters() {
  static const std::map<std::string_view, Setter> kSetters = {
      {"flow_control",
       [](CaseOptions& options, CaseWords& words) {
         options.session.flow_control = flow_control_of(words.word());
       }},
      {"opening",
       [](CaseOptions& options, CaseWords& words) {
         if (!words.take("shown")) throw CaseError("the opening can be shown");
         options.shows_opening = true;
       }},
      {"peer_compression",
       [](CaseOptions& options, CaseWords& words) {
         if (!words.take("stored")) throw CaseError("the peer's compression can be stored");
         options.peer_compression.stored = true;
       }},
      {"overflow",
       [](CaseOptions& options, CaseWords& words) {
         if (!words.take("reset")) throw CaseError("the other overflow policy is reset");
         options.session.overflow = session::OverflowPolicy::kResetStream;
       }},
      {"initial_stream_window", of_options(&session::Options::initial_stream_window)},
      {"first_stream_id", of_options(&session::Options::first_stream_id)},
      {"max_data_frame", of_options(&session::Options::max_data_frame)},
      {"create_timeout_ms", of_options(&session::Options::create_timeout)},
      {"idle_timeout_ms", of_options(&session::Options::idle_timeout)},
      {"connection_buffer", of_limits(&Limits::connection_buffer)},
      {"control_frame_length", of_limits(&Limits::control_frame_length)},
      {"inflated_header_block", of_limits(&Limits::inflated_header_block)},
      {"headers_per_block", of_limits(&Limits::headers_per_block)},
      {"stream_buffer", of_limits(&Limits::stream_buffer)},
      {"settings_entries", of_limits(&Limits::settings_entries)},
      {"concurrent_streams", of_limits(&Limits::concurrent_streams)},
  };
  return kSetters;
}

}  // namespace

CaseOptions options_of(const Case& test_case) {
  CaseOptions options;
  options.session.flow_control = FlowControl::kStandard;
  options.session.wait_for_client = false;
  options.session.create_timeout = {};
  options.session.flow_control_timeout = {};
  // The connection's window keeps its size, so that a few bytes use it up.
  options.session.limits.connection_buffer = wire::kDefaultWindow;
  options.session.window_budget = std::make_shared<session::WindowBudget>(0);
  for (const CaseLine& line : test_case.options) {
    CaseWords words(line.text);
    const std::string name(words.word());
    const auto setter = setters().find(name);
    if (setter == setters().end()) throw CaseError("unknown option '" + name + "'");
    setter->second(options, words);
    words.end();
  }
  return options;
}

}  // namespace uvspdy::test
