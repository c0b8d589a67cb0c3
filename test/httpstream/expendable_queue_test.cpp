#include "httpstream/expendable_queue.h"

#include <list>
#include <string>
#include <vector>

#include "support/catch.h"

using Queue = uvspdy::httpstream::ExpendableQueue<std::string, int>;

namespace {

struct Entries {
  Queue queue;
  std::string a, b, c;
  std::list<int> numbers;

  Queue::Place add(std::string& client, int number) {
    return queue.add(client, numbers.emplace_back(number));
  }
  int first() const { return queue.first() == nullptr ? -1 : *queue.first(); }
};

}  // namespace

TEST_CASE("ExpendableQueue: the oldest entry of the client with the most goes first") {
  Entries entries;
  CHECK(entries.first() == -1);
  CHECK(entries.queue.oldest_of(entries.a) == nullptr);
  const auto one = entries.add(entries.b, 1);
  const auto two = entries.add(entries.a, 2);
  CHECK(entries.first() == 1);  // equally many: the oldest
  const auto three = entries.add(entries.a, 3);
  CHECK(entries.first() == 2);
  CHECK(*entries.queue.oldest_of(entries.b) == 1);
  const auto four = entries.add(entries.b, 4);
  const auto five = entries.add(entries.c, 5);
  CHECK(entries.first() == 1);
  CHECK(entries.queue.size() == 5);
  CHECK(entries.queue.size_of(entries.a) == 2);

  entries.queue.remove(entries.b, one);
  CHECK(entries.first() == 2);
  entries.queue.remove(entries.a, three);
  CHECK(entries.first() == 2);
  entries.queue.remove(entries.a, two);
  CHECK(entries.queue.size_of(entries.a) == 0);
  CHECK(entries.first() == 4);
  entries.queue.remove(entries.b, four);
  CHECK(entries.first() == 5);
  entries.queue.remove(entries.c, five);
  CHECK(entries.first() == -1);
  CHECK(entries.queue.size() == 0);
}
