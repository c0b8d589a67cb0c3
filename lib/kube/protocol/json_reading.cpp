#include "kube/protocol/json_reading.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace uvspdy::kube {
namespace {

using nlohmann::json;

// More than any name that is asked for.
constexpr std::size_t kMaxName = 256;

}  // namespace

bool JsonPath::is(std::initializer_list<std::string_view> names) const {
  return std::equal(steps_.begin(), steps_.end(), names.begin(), names.end(),
                    [](const std::optional<std::string>& step, std::string_view name) {
                      const bool element = name.data() == nullptr;
                      return step ? !element && *step == name : element;
                    });
}

/// The events of the JSON library's parser, which keeps one bit for each level itself.
class JsonReading final : public nlohmann::json_sax<json> {
 public:
  using Handler = std::function<bool(const JsonPath&, const JsonValue&)>;

  explicit JsonReading(const Handler& on_value) : on_value_(on_value) {}

  JsonEnd end() const { return end_; }

  bool null() override { return report({}); }
  bool boolean(bool value) override {
    return report({.type = JsonValue::Type::kBoolean, .flag = value});
  }
  bool number_integer(number_integer_t) override {
    return report({.type = JsonValue::Type::kOtherNumber});
  }
  bool number_unsigned(number_unsigned_t value) override {
    return report({.type = JsonValue::Type::kUnsigned, .number = value});
  }
  bool number_float(number_float_t, const string_t&) override {
    return report({.type = JsonValue::Type::kOtherNumber});
  }
  bool string(string_t& value) override {
    return report({.type = JsonValue::Type::kText, .text = value});
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return begin(JsonValue::Type::kObject); }
  bool key(string_t& name) override {
    path_.steps_.back() = name.substr(0, kMaxName);
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return begin(JsonValue::Type::kArray); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    if (end_ == JsonEnd::kComplete) end_ = JsonEnd::kMalformed;
    return false;
  }

 private:
  bool report(const JsonValue& value) {
    if (on_value_(path_, value)) return true;
    end_ = JsonEnd::kStopped;
    return false;
  }

  bool begin(JsonValue::Type type) {
    if (!report({.type = type})) return false;
    if (path_.steps_.size() == kMaxJsonDepth) {
      end_ = JsonEnd::kTooDeep;
      return false;
    }
    path_.steps_.emplace_back();
    return true;
  }

  bool leave() {
    path_.steps_.pop_back();
    return true;
  }

  const Handler& on_value_;
  JsonPath path_;
  JsonEnd end_ = JsonEnd::kComplete;
};

JsonEnd read_json(std::string_view text,
                  const std::function<bool(const JsonPath&, const JsonValue&)>& on_value) {
  JsonReading reading(on_value);
  json::sax_parse(text.begin(), text.end(), &reading);
  return reading.end();
}

std::string something_else(std::string_view text, JsonEnd end) {
  return std::to_string(text.size()) + " bytes of " +
         (end == JsonEnd::kTooDeep
              ? "JSON that is nested more than " + std::to_string(kMaxJsonDepth) + " deep"
              : "something else");
}

}  // namespace uvspdy::kube
