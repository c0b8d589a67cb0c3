// Loaded into a server that soaks (LD_PRELOAD): gives free memory back to the system every two
// seconds. By itself glibc keeps what a peak has taken, a hundred times what is in use, and what a
// leak adds is not seen beside that for a long time.

#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

constexpr std::chrono::seconds kInterval{2};

[[gnu::constructor]] void begin() {
  unsetenv("LD_PRELOAD");  // the server's commands are left alone
  std::thread([] {
    while (true) {
      std::this_thread::sleep_for(kInterval);
      malloc_trim(0);
    }
  }).detach();
}

}  // namespace
