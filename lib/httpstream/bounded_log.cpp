#include "httpstream/bounded_log.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "net/client_address.h"

namespace uvspdy::httpstream {
namespace {

constexpr std::string_view kOthers = "other clients";

}  // namespace

// The handler may write to this log: it is called last.
void BoundedLog::write(std::string_view name, std::string_view line, Time now) {
  std::vector<std::string> reports = sweep(now);
  Client& client = named(name);
  const bool admitted = client.bucket.take(rate_, now);
  if (!admitted) ++client.left_out;
  if (admitted && client.left_out > 0) {
    reports.push_back(report(&client == &others_ ? kOthers : name, client));
  }
  for (const std::string& text : reports) handler_(text);
  if (admitted) handler_(line);
}

BoundedLog::Client& BoundedLog::named(std::string_view name) {
  const auto found = clients_.find(name);
  if (found != clients_.end()) return found->second;
  if (clients_.size() >= kMaxClients) return others_;
  return clients_[std::string(name)];
}

std::string BoundedLog::report(std::string_view name, Client& client) {
  return std::string(name) + ": " + std::to_string(std::exchange(client.left_out, 0)) +
         " more lines were left out, because they came too fast";
}

// Forgets the clients that have been quiet, and reports the lines of theirs that were left out.
std::vector<std::string> BoundedLog::sweep(Time now) {
  std::vector<std::string> reports;
  if (now - swept_ < std::chrono::seconds(1)) return reports;
  swept_ = now;
  for (auto& [name, client] : clients_) {
    if (client.left_out > 0 && client.bucket.take(rate_, now)) {
      reports.push_back(report(name, client));
    }
  }
  std::erase_if(clients_, [&](const auto& entry) {
    return entry.second.left_out == 0 && entry.second.bucket.is_full(rate_, now);
  });
  return reports;
}

LogHandler bounded_log(LogHandler handler, LogLimits limits) {
  if (!handler) return {};
  return [log = std::make_unique<BoundedLog>(std::move(handler), limits)](std::string_view line) {
    const std::string client = net::client_of_peer(line.substr(0, line.find(": ")));
    log->write(client, line, std::chrono::steady_clock::now());
  };
}

}  // namespace uvspdy::httpstream
