#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::kube {

/// A text of a file and where it stands there, as FILE:LINE:COLUMN.
struct Text {
  std::string value;
  std::string at;
  bool empty() const { return value.empty(); }
};

/// Reading one YAML file: the first thing that was wrong with it, and how much was taken from it.
class YamlReading {
 public:
  explicit YamlReading(std::string file) : file_(std::move(file)) {}

  std::string place(const YAML::Mark& mark) const;
  void fail(const YAML::Mark& mark, const std::string& why);
  bool failed() const { return static_cast<bool>(error_); }
  const Error& error() const { return error_; }

  /// Whether there may be more: aliases make a small file say the same thing any number of times.
  bool take(const YAML::Node& node);

 private:
  std::string file_;
  std::size_t taken_ = 0;
  Error error_;
};

/// The fields of a YAML mapping. What is missing, or null, comes out empty; what is of another kind
/// than asked for fails the reading.
class YamlMap {
 public:
  /// `name` is for errors: "users[0].user". A node that is null or missing has no fields.
  YamlMap(YamlReading& reading, const YAML::Node& node, std::string name);

  Text text(const std::string& field) const;
  /// Base64, decoded.
  Text base64(const std::string& field) const;
  bool flag(const std::string& field) const;
  bool has(const std::string& field) const { return !find(field).IsNull(); }
  YamlMap map(const std::string& field) const;
  std::vector<Text> texts(const std::string& field) const;
  void each(const std::string& field, const std::function<void(const YamlMap&)>& entry) const;
  /// All of its fields as lists of texts.
  std::vector<std::pair<std::string, std::vector<std::string>>> lists_of_texts() const;
  /// A field as JSON; empty when there is none.
  std::string json_text(const std::string& field) const;

  void fail(const std::string& why) const { reading_->fail(mark_, why); }
  std::string place() const { return reading_->place(mark_); }
  const std::string& name() const { return name_; }

 private:
  std::string path(const std::string& field) const;
  YAML::Node find(const std::string& field) const;
  std::string text_of(const YAML::Node& node, const std::string& path) const;

  YamlReading* reading_;
  YAML::Mark mark_;
  std::string name_;
  std::map<std::string, YAML::Node> fields_;
};

}  // namespace uvspdy::kube
