#include "httpstream/connection_table.h"

#include <algorithm>
#include <utility>

#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

Error too_many(const std::string& what, const char* limit, std::size_t value) {
  return Error(Errc::kTooManyConnections,
               what + ": closed, as " + limit + " = " + std::to_string(value) + " is exceeded");
}

}  // namespace

Result<std::shared_ptr<ConnectionTable::Entry>> ConnectionTable::admit(const std::string& client) {
  auto entry = std::make_shared<Entry>(Private{}, shared_from_this(), client);
  entry->enter(pending_);
  Error error = fit(*entry, entry->client_->second);
  if (!error) return entry;
  ++stats_.refused_connections;
  return error;
}

Error ConnectionTable::fit(const Entry& newcomer, Client& client) {
  if (client.connections > max_connections_per_address_) {
    Error why = too_many("connections of " + newcomer.client_->first, "max_connections_per_address",
                         max_connections_per_address_);
    if (Error error = give_up_for(newcomer, pending_.oldest_of(client), answered_.oldest_of(client),
                                  std::move(why))) {
      return error;
    }
  }
  if (connections_ > max_connections_) {
    Error why = too_many("connections", "max_connections", max_connections_);
    if (Error error = give_up_for(newcomer, pending_.first(), answered_.first(), std::move(why))) {
      return error;
    }
  }
  if (pending_.size_of(client) > max_pending_per_address_) {
    Error why = too_many("connections of " + newcomer.client_->first + " without a request",
                         "max_pending_per_address", max_pending_per_address_);
    if (Error error = give_up_for(newcomer, pending_.oldest_of(client), nullptr, std::move(why))) {
      return error;
    }
  }
  if (pending_.size() > max_pending_) {
    Error why = too_many("connections without a request", "max_pending", max_pending_);
    return give_up_for(newcomer, pending_.first(), nullptr, std::move(why));
  }
  return {};
}

// Gives up one connection, the pending one if there is any; `why` when it would be the newcomer.
Error ConnectionTable::give_up_for(const Entry& newcomer, Entry* pending, Entry* answered,
                                   Error why) {
  Entry* chosen = pending != nullptr && pending != &newcomer ? pending : answered;
  if (chosen == nullptr) return why;
  give_up(*chosen, why);
  // What was destroyed may have served another connection, for which the newcomer was given up.
  return newcomer.queue_ != nullptr ? Error() : why;
}

void ConnectionTable::give_up(Entry& entry, const Error& why) {
  ++stats_.given_up;
  entry.leave_queue();
  GiveUpHandler handler = std::move(entry.give_up_);
  handler(why);
}

void ConnectionTable::make_room(std::size_t most, const Error& why) {
  std::size_t count = std::min(most, (pending_.size() + answered_.size() + 1) / 2);
  for (; count > 0; --count) {
    Entry* entry = pending_.size() > 0 ? pending_.first() : answered_.first();
    if (entry == nullptr) return;
    give_up(*entry, why);
  }
}

HttpServerStats ConnectionTable::stats() const {
  HttpServerStats stats = stats_;
  stats.connections = connections_;
  stats.pending = pending_.size();
  return stats;
}

ConnectionTable::Entry::Entry(Private, std::shared_ptr<ConnectionTable> table,
                              const std::string& client)
    : table_(std::move(table)), client_(table_->clients_.try_emplace(client).first) {
  ++client_->second.connections;
  ++table_->connections_;
}

ConnectionTable::Entry::~Entry() {
  leave_queue();
  --table_->connections_;
  if (--client_->second.connections == 0) table_->clients_.erase(client_);
}

void ConnectionTable::Entry::set_answered(GiveUpHandler give_up) {
  give_up_ = std::move(give_up);
  if (queue_ == nullptr) enter(table_->answered_);
}

void ConnectionTable::Entry::enter(Queue& queue) {
  queue_ = &queue;
  place_ = queue.add(client_->second, *this);
}

void ConnectionTable::Entry::leave_queue() {
  if (Queue* left = std::exchange(queue_, nullptr)) left->remove(client_->second, place_);
}

}  // namespace uvspdy::httpstream
