#include "serve/process_facts.h"

#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "support/catch.h"

using namespace uvspdy::command;

namespace {

/// A process that waits until it is killed.
class Child {
 public:
  Child() : pid_(fork()) {
    while (pid_ == 0) pause();
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::string pid() const { return std::to_string(pid_); }

  void kill() const { ::kill(pid_, SIGKILL); }

  void end() {
    if (pid_ <= 0) return;
    kill();
    while (waitpid(pid_, nullptr, 0) < 0) {
    }
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("Facts of a process that runs", "[process_facts]") {
  const auto facts = facts_of(std::to_string(getpid()));
  REQUIRE(facts);
  CHECK_FALSE(facts->has_ended);
  CHECK(facts->session == getsid(0));
  CHECK(facts->start_time > 0);
}

TEST_CASE("A zombie has ended", "[process_facts]") {
  const Child child;
  child.kill();
  siginfo_t info{};
  REQUIRE(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0);
  const auto facts = facts_of(child.pid());
  REQUIRE(facts);
  CHECK(facts->has_ended);
}

TEST_CASE("There are no facts of a process that there is not", "[process_facts]") {
  Child child;
  const std::string pid = child.pid();
  child.end();
  CHECK_FALSE(facts_of(pid));
}

// This ended the guard of `uvspdy serve`: a short command goes between open() and read().
TEST_CASE("A process may go while its facts are read", "[process_facts]") {
  Child child;
  const int file = open(("/proc/" + child.pid() + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  child.end();
  CHECK_FALSE(read_facts(file));
  close(file);
}
