#include <utility>

#include "script.h"
#include "work.h"

namespace uvspdy::interop {
namespace {

class Scripts : public Work {
 public:
  Scripts(Client& client, std::vector<std::string> scripts)
      : client_(client), scripts_(std::move(scripts)) {}

  void start(httpstream::Connection& connection) override {
    if (scripts_.empty()) return client_.finish("no scripts on stdin");
    connection_ = &connection;
    for (std::size_t index = 0; index < scripts_.size(); ++index) {
      std::make_shared<Script>('c', static_cast<std::uint32_t>(index), scripts_[index],
                               [this](const std::string& problem) { script_done(problem); })
          ->open(connection);
    }
  }

  std::string result() const override {
    return std::to_string(complete_) + " scripts as written, and the connection lives";
  }

 private:
  void script_done(const std::string& problem) {
    if (!problem.empty()) return client_.finish(problem);
    if (++complete_ != scripts_.size()) return;
    connection_->ping([this](const auto& round_trip) {
      client_.finish(round_trip ? "" : "the ping after all: " + round_trip.error().message());
    });
  }

  Client& client_;
  std::vector<std::string> scripts_;
  httpstream::Connection* connection_ = nullptr;
  std::size_t complete_ = 0;
};

class Pings : public Work {
 public:
  explicit Pings(Client& client) : client_(client) {}

  void start(httpstream::Connection& connection) override {
    connection.ping([this, &connection](const auto& round_trip) {
      if (!round_trip) return client_.finish("a ping: " + round_trip.error().message());
      if (++answered_ == client_.options().count) return client_.finish({});
      start(connection);
    });
  }

  std::string result() const override { return std::to_string(answered_) + " pings answered"; }

 private:
  Client& client_;
  std::uint64_t answered_ = 0;
};

}  // namespace

std::unique_ptr<Work> make_scripts(Client& client, std::vector<std::string> scripts) {
  return std::make_unique<Scripts>(client, std::move(scripts));
}

std::unique_ptr<Work> make_pings(Client& client) { return std::make_unique<Pings>(client); }

}  // namespace uvspdy::interop
