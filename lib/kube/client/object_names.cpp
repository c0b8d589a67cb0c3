#include "uvspdy/kube/client/object_names.h"

#include <cstddef>
#include <utility>

#include "kube/protocol/json_reading.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

constexpr std::size_t kMaxListedObjects = 10'000;
constexpr std::size_t kMaxListedName = 253;  // a DNS name
constexpr std::size_t kMaxContinueToken = 4096;

class NamesReading {
 public:
  bool take(const JsonPath& path, const JsonValue& value) {
    if (path.is({"kind"})) is_list_ = value.text.ends_with("List");
    if (path.is({"metadata", "continue"})) {
      return keep(value, "metadata.continue", kMaxContinueToken, list_.continue_token);
    }
    if (!path.is({"items", JsonPath::kElement, "metadata", "name"})) return true;
    if (list_.names.size() == kMaxListedObjects) {
      return fail("the list has more than " + std::to_string(kMaxListedObjects) + " objects");
    }
    return keep(value, "an object's name", kMaxListedName, list_.names.emplace_back());
  }

  bool is_list() const { return is_list_; }
  const Error& error() const { return error_; }
  ObjectNames& list() { return list_; }

 private:
  bool keep(const JsonValue& value, const char* field, std::size_t most, std::string& text) {
    if (value.text.size() > most) {
      return fail("the list cannot be used: " + std::string(field) + " has " +
                  std::to_string(value.text.size()) + " bytes, and may have " +
                  std::to_string(most));
    }
    text = value.text;
    return true;
  }

  bool fail(const std::string& why) {
    error_ = Error(Errc::kBadList, why);
    return false;
  }

  bool is_list_ = false;
  ObjectNames list_;
  Error error_;
};

}  // namespace

Result<ObjectNames> parse_object_names(std::string_view json) {
  NamesReading reading;
  const JsonEnd end = read_json(json, [&reading](const JsonPath& path, const JsonValue& value) {
    return reading.take(path, value);
  });
  if (reading.error()) return reading.error();
  if (end == JsonEnd::kComplete && reading.is_list()) return std::move(reading.list());
  return Error(Errc::kBadList,
               "the server's answer is not a list of objects but " + something_else(json, end));
}

}  // namespace uvspdy::kube
