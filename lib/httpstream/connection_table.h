#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "httpstream/expendable_queue.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_server.h"

namespace uvspdy::httpstream {

/// Counts the connections of a server, in all and for each client, and gives connections up where a
/// new one would exceed a limit. The server and its connections share it.
class ConnectionTable : public std::enable_shared_from_this<ConnectionTable> {
  struct Private {};
  struct Client {
    std::size_t connections = 0;
  };
  using Clients = std::map<std::string, Client>;

 public:
  class Entry;
  using Queue = ExpendableQueue<Client, Entry>;
  /// Closes the connection; gets the limit that it was given up for.
  using GiveUpHandler = OnceCallback<void(const Error& why)>;

  /// Takes the limits from the options.
  explicit ConnectionTable(const HttpServerOptions& options)
      : max_pending_(options.max_pending),
        max_pending_per_address_(options.max_pending_per_address),
        max_connections_(options.max_connections),
        max_connections_per_address_(options.max_connections_per_address) {}

  /// Takes in a new connection, which is pending. Connections that are given up for it are closed
  /// inside this call. Errors: kTooManyConnections, when nothing can be given up for it.
  Result<std::shared_ptr<Entry>> admit(const std::string& client);

  /// Gives up half of the connections that can be given up, at most `most`: descriptors or memory
  /// are short.
  void make_room(std::size_t most, const Error& why);

  HttpServerStats stats() const;
  void count_refused_upgrade() { ++stats_.refused_upgrades; }

 private:
  Error fit(const Entry& newcomer, Client& client);
  Error give_up_for(const Entry& newcomer, Entry* pending, Entry* answered, Error why);
  void give_up(Entry& entry, const Error& why);

  std::size_t max_pending_;
  std::size_t max_pending_per_address_;
  std::size_t max_connections_;
  std::size_t max_connections_per_address_;
  std::size_t connections_ = 0;
  Clients clients_;
  Queue pending_;
  Queue answered_;
  HttpServerStats stats_;
};

/// One connection, which counts until its Entry is destroyed.
class ConnectionTable::Entry {
 public:
  Entry(Private, std::shared_ptr<ConnectionTable> table, const std::string& client);
  ~Entry();
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  /// The connection has sent no request yet, or is refused. It keeps its age.
  void set_pending(GiveUpHandler give_up) { give_up_ = std::move(give_up); }
  /// Its request was passed on: it is not given up.
  void set_served() {
    leave_queue();
    give_up_ = {};
  }
  /// Its last answer is being sent. A pending connection stays pending.
  void set_answered(GiveUpHandler give_up);

 private:
  friend class ConnectionTable;

  void enter(Queue& queue);
  void leave_queue();

  std::shared_ptr<ConnectionTable> table_;
  Clients::iterator client_;
  Queue* queue_ = nullptr;  // the one that it is in
  Queue::Place place_{};
  GiveUpHandler give_up_;
};

}  // namespace uvspdy::httpstream
