#include "support/frame_text.h"

#include <algorithm>

namespace uvspdy::test {

std::string payload_text(Bytes payload) {
  constexpr std::size_t kShown = 40;
  const bool printable = std::all_of(payload.begin(), payload.end(),
                                     [](std::uint8_t byte) { return byte >= ' ' && byte <= '~'; });
  if (!printable || payload.size() > kShown) return std::to_string(payload.size()) + " bytes";
  return "'" + std::string(text_of(payload)) + "'";
}

std::string headers_text(const Headers& headers) {
  std::string text = "{";
  for (const auto& [name, value] : headers) {
    if (text.size() > 1) text += ", ";
    text.append(name).append(": ").append(value);
  }
  return text + "}";
}

std::string settings_text(const wire::SettingsFrame& frame) {
  std::string text = frame.clear_settings ? " CLEAR_SETTINGS" : "";
  for (const wire::SettingsFrame::Entry& entry : frame.entries) {
    text += " " + std::to_string(static_cast<std::uint32_t>(entry.id)) + "=" +
            std::to_string(entry.value);
    if ((entry.flags & wire::kFlagPersistValue) != 0) text += " PERSIST_VALUE";
    if ((entry.flags & wire::kFlagPersisted) != 0) text += " PERSISTED";
  }
  return text;
}

}  // namespace uvspdy::test
