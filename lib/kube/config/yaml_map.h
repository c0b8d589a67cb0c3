#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::kube {

/// A text from a file, and its place there as FILE:LINE:COLUMN.
struct Text {
  std::string value;
  std::string at;
  bool empty() const { return value.empty(); }
};

/// The state of reading one YAML file: its first fault, and how many bytes were taken from it.
class YamlReading {
 public:
  explicit YamlReading(std::string file) : file_(std::move(file)) {}

  std::string place(const YAML::Mark& mark) const;
  void fail(const YAML::Mark& mark, const std::string& why);
  bool failed() const { return static_cast<bool>(error_); }
  const Error& error() const { return error_; }

  /// Counts a node; false past the limit: aliases can expand a small file without bound.
  bool take(const YAML::Node& node);

 private:
  std::string file_;
  std::size_t taken_ = 0;
  Error error_;
};

/// The fields of a YAML mapping. A field that is missing or null is empty; a field of another type
/// than the one asked for fails the reading.
class YamlMap {
 public:
  /// `name` is for errors: "users[0].user". A node that is null or missing has no fields.
  YamlMap(YamlReading& reading, const YAML::Node& node, std::string name);

  Text text(const std::string& field) const;
  /// Decodes a text in Base64.
  Text base64(const std::string& field) const;
  bool flag(const std::string& field) const;
  bool has(const std::string& field) const { return !find(field).IsNull(); }
  YamlMap map(const std::string& field) const;
  std::vector<Text> texts(const std::string& field) const;
  void each(const std::string& field, const std::function<void(const YamlMap&)>& entry) const;
  /// All fields, each of which must be a list of texts.
  std::vector<std::pair<std::string, std::vector<std::string>>> lists_of_texts() const;
  /// Formats a field as JSON; empty if it is missing.
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
