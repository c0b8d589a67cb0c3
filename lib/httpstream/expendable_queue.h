#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <utility>

namespace uvspdy::httpstream {

/// Entries of clients that may be given up to make room, in the order in which that is fair: first
/// the oldest entry of the client that has the most of them, and among clients that have equally
/// many, the client whose oldest entry is the oldest. Each call takes a time that grows with the
/// logarithm of the number of clients.
template <class Client, class Entry>
class ExpendableQueue {
  struct Item {
    Entry* entry;
    std::uint64_t age;
  };

 public:
  /// The place of an entry in the queue, for `remove`.
  using Place = typename std::list<Item>::iterator;

  Place add(Client& client, Entry& entry) {
    Items& items = by_client_[&client];
    unrank(items);
    items.push_back({&entry, next_age_++});
    rank(client, items);
    ++size_;
    return std::prev(items.end());
  }

  void remove(Client& client, Place place) {
    const auto found = by_client_.find(&client);
    unrank(found->second);
    found->second.erase(place);
    --size_;
    if (found->second.empty()) {
      by_client_.erase(found);
    } else {
      rank(client, found->second);
    }
  }

  std::size_t size() const { return size_; }
  std::size_t size_of(Client& client) const {
    const auto found = by_client_.find(&client);
    return found == by_client_.end() ? 0 : found->second.size();
  }

  /// The entry to be given up first; null if there is none.
  Entry* first() const { return ranks_.empty() ? nullptr : oldest_of(*ranks_.rbegin()->second); }

  /// The client's oldest entry; null if there is none.
  Entry* oldest_of(Client& client) const {
    const auto found = by_client_.find(&client);
    return found == by_client_.end() ? nullptr : found->second.front().entry;
  }

 private:
  using Items = std::list<Item>;  // the oldest first, never empty
  // Ages differ, and so do ranks.
  using Rank = std::pair<std::size_t, std::uint64_t>;

  static Rank rank_of(const Items& items) {
    return {items.size(), std::numeric_limits<std::uint64_t>::max() - items.front().age};
  }
  void rank(Client& client, const Items& items) { ranks_.emplace(rank_of(items), &client); }
  void unrank(const Items& items) {
    if (!items.empty()) ranks_.erase(rank_of(items));
  }

  std::map<Client*, Items> by_client_;
  std::map<Rank, Client*> ranks_;  // the client that is first last
  std::uint64_t next_age_ = 0;
  std::size_t size_ = 0;
};

}  // namespace uvspdy::httpstream
