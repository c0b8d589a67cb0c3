#include "kube/config/yaml_map.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/protocol/json_text.h"
#include "net/base64.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

using nlohmann::json;

// Enough for a file in which aliases repeat everything once.
constexpr std::size_t kMaxTaken = 2 * kMaxKubeconfigSize;
// The bytes that a node counts beside its text, so that empty nodes count, too.
constexpr std::size_t kNodeCost = 8;
constexpr int kMaxJsonDepth = 64;

// yaml-cpp's tag of a scalar without quotes and without a tag of its own.
bool is_plain(const YAML::Node& node) { return node.Tag() == "?" || node.Tag().empty(); }

// Accepts "y" and "n", too, as kubectl does.
bool as_bool(const YAML::Node& node, bool& value) {
  return is_plain(node) && YAML::convert<bool>::decode(node, value);
}

bool as_number(const YAML::Node& node, json& value) {
  std::int64_t integer = 0;
  double number = 0;
  if (!is_plain(node)) return false;
  if (YAML::convert<std::int64_t>::decode(node, integer)) {
    value = integer;
  } else if (YAML::convert<double>::decode(node, number)) {
    value = number;
  } else {
    return false;
  }
  return true;
}

const char* kind_of(const YAML::Node& node) {
  bool flag = false;
  json number;
  switch (node.Type()) {
    case YAML::NodeType::Map: return "a mapping";
    case YAML::NodeType::Sequence: return "a list";
    case YAML::NodeType::Scalar:
      if (as_bool(node, flag)) return "a boolean";
      return as_number(node, number) ? "a number" : "a string";
    default: return "nothing";
  }
}

// Ignoring a merge key would lose the fields that it merges.
bool check_name(YamlReading& reading, const YAML::Node& name) {
  if (!name.IsScalar()) {
    reading.fail(name.Mark(), "the name of a field must be a string");
  } else if (name.Scalar() == "<<") {
    reading.fail(name.Mark(), "'<<' (a merge key) is not supported: write out what it merges");
  }
  return !reading.failed();
}

json to_json(YamlReading& reading, const YAML::Node& node, int depth) {
  if (!reading.take(node)) return nullptr;
  if (depth > kMaxJsonDepth) {
    reading.fail(node.Mark(), "it is nested more than 64 deep");
    return nullptr;
  }
  if (node.IsMap()) {
    json object = json::object();
    for (const auto& field : node) {
      if (reading.failed()) return nullptr;
      if (!check_name(reading, field.first)) return nullptr;
      object[field.first.Scalar()] = to_json(reading, field.second, depth + 1);
    }
    return object;
  }
  if (node.IsSequence()) {
    json array = json::array();
    for (const auto& element : node) {
      if (reading.failed()) return nullptr;
      array.push_back(to_json(reading, element, depth + 1));
    }
    return array;
  }
  if (!node.IsScalar()) return nullptr;
  bool flag = false;
  json value;
  if (as_bool(node, flag)) return flag;
  return as_number(node, value) ? value : json(node.Scalar());
}

}  // namespace

std::string YamlReading::place(const YAML::Mark& mark) const {
  if (mark.is_null()) return file_;
  return file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

void YamlReading::fail(const YAML::Mark& mark, const std::string& why) {
  if (!error_) error_ = Error(Errc::kBadKubeconfig, place(mark) + ": " + why);
}

bool YamlReading::take(const YAML::Node& node) {
  taken_ += kNodeCost + (node.IsScalar() ? node.Scalar().size() : 0);
  if (taken_ > kMaxTaken) {
    fail(node.Mark(), "with its aliases written out the file has more than " +
                          std::to_string(kMaxTaken) + " bytes");
  }
  return !failed();
}

YamlMap::YamlMap(YamlReading& reading, const YAML::Node& node, std::string name)
    : reading_(&reading), mark_(YAML::Mark::null_mark()), name_(std::move(name)) {
  if (!node.IsDefined() || node.IsNull()) return;
  mark_ = node.Mark();
  if (!node.IsMap()) {
    fail((name_.empty() ? "a kubeconfig" : name_) + " must be a mapping, not " + kind_of(node));
    return;
  }
  for (const auto& field : node) {
    if (!reading.take(field.first)) return;
    if (!check_name(reading, field.first)) return;
    if (!fields_.emplace(field.first.Scalar(), field.second).second) {
      reading.fail(field.first.Mark(), path(field.first.Scalar()) + " stands there twice");
    }
  }
}

std::string YamlMap::path(const std::string& field) const {
  return name_.empty() ? field : name_ + "." + field;
}

YAML::Node YamlMap::find(const std::string& field) const {
  const auto found = fields_.find(field);
  return found == fields_.end() ? YAML::Node() : found->second;
}

std::string YamlMap::text_of(const YAML::Node& node, const std::string& path) const {
  if (!reading_->take(node) || node.IsNull()) return {};
  bool flag = false;
  json number;
  if (!node.IsScalar()) {
    reading_->fail(node.Mark(), path + " must be a string, not " + kind_of(node));
  } else if (as_bool(node, flag) || as_number(node, number)) {
    reading_->fail(node.Mark(),
                   path + " must be a string, not " + kind_of(node) + ": put it in quotes");
  }
  return reading_->failed() ? std::string() : node.Scalar();
}

Text YamlMap::text(const std::string& field) const {
  const YAML::Node node = find(field);
  return {text_of(node, path(field)), reading_->place(node.Mark())};
}

Text YamlMap::base64(const std::string& field) const {
  Text text = this->text(field);
  std::optional<std::string> bytes = net::base64_decode(text.value);
  if (!bytes) {
    reading_->fail(find(field).Mark(), path(field) + " is not base64");
    return {};
  }
  text.value = std::move(*bytes);
  return text;
}

bool YamlMap::flag(const std::string& field) const {
  const YAML::Node node = find(field);
  bool value = false;
  if (node.IsNull() || (node.IsScalar() && as_bool(node, value))) return value;
  reading_->fail(node.Mark(), path(field) + " must be true or false, not " +
                                  (node.IsScalar() ? "'" + node.Scalar().substr(0, 40) + "'"
                                                   : std::string(kind_of(node))));
  return false;
}

YamlMap YamlMap::map(const std::string& field) const {
  return YamlMap(*reading_, find(field), path(field));
}

std::vector<Text> YamlMap::texts(const std::string& field) const {
  std::vector<Text> texts;
  const YAML::Node node = find(field);
  if (node.IsNull()) return texts;
  if (!node.IsSequence()) {
    reading_->fail(node.Mark(), path(field) + " must be a list, not " + kind_of(node));
    return texts;
  }
  for (const auto& element : node) {
    const std::string name = path(field) + "[" + std::to_string(texts.size()) + "]";
    texts.push_back({text_of(element, name), reading_->place(element.Mark())});
    if (reading_->failed()) break;
  }
  return texts;
}

void YamlMap::each(const std::string& field,
                   const std::function<void(const YamlMap&)>& entry) const {
  const YAML::Node node = find(field);
  if (node.IsNull()) return;
  if (!node.IsSequence()) {
    reading_->fail(node.Mark(), path(field) + " must be a list, not " + kind_of(node));
    return;
  }
  std::size_t index = 0;
  for (const auto& element : node) {
    const YamlMap map(*reading_, element, path(field) + "[" + std::to_string(index++) + "]");
    if (!reading_->failed()) entry(map);
    if (reading_->failed()) return;
  }
}

std::vector<std::pair<std::string, std::vector<std::string>>> YamlMap::lists_of_texts() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> lists;
  for (const auto& [name, node] : fields_) {
    std::vector<std::string> values;
    for (Text& text : texts(name)) values.push_back(std::move(text.value));
    lists.emplace_back(name, std::move(values));
  }
  return lists;
}

std::string YamlMap::json_text(const std::string& field) const {
  const YAML::Node node = find(field);
  if (node.IsNull()) return {};
  return kube::json_text(to_json(*reading_, node, 0));
}

}  // namespace uvspdy::kube
