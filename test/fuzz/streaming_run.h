#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fuzz_input.h"
#include "fuzz_loop.h"
#include "streaming_client.h"
#include "uvspdy/kube/server/streaming_server.h"

namespace uvspdy::fuzz {

/// One connection to a StreamingServer as the fuzzer's bytes tell it: what its client sends, what
/// its Runtime does, in what pieces bytes pass, how many turns the loop makes. docs/fuzzing.md has
/// the format. The derived class has the Runtime.
class StreamingRun {
 public:
  explicit StreamingRun(Bytes input) : input_(input) {}
  virtual ~StreamingRun() = default;
  StreamingRun(const StreamingRun&) = delete;
  StreamingRun& operator=(const StreamingRun&) = delete;

 protected:
  /// Serves `request`, offered with `protocols` (a header value), by the steps of the input.
  void run(std::shared_ptr<kube::Runtime> runtime, kube::StreamingRequest request,
           std::string protocols);

  FuzzInput& input() { return input_; }
  uv_loop_t* loop() { return loop_.get(); }
  const StreamingClient& client() const { return *client_; }

  /// The headers of a stream that the client opens.
  virtual Headers stream_headers() = 0;
  /// What the client sends on a stream, other than a pattern.
  virtual std::string payload() = 0;
  /// One act of the Runtime.
  virtual void act() = 0;
  /// What must hold after each step.
  virtual void check() = 0;
  /// Drops all that the Runtime has.
  virtual void drop() = 0;

 private:
  void step();
  void change_transport();

  FuzzInput input_;
  FuzzLoop loop_;
  std::shared_ptr<test::PipeDirection> up_ = std::make_shared<test::PipeDirection>();
  std::shared_ptr<test::PipeDirection> down_ = std::make_shared<test::PipeDirection>();
  std::unique_ptr<StreamingClient> client_;
  std::unique_ptr<kube::StreamingServer> server_;
  bool client_is_slow_ = false;
};

/// A text from a table, or up to 255 bytes of the input's.
template <std::size_t kCount>
std::string text_from(FuzzInput& input, const char* const (&table)[kCount]) {
  const std::size_t choice = input.below(kCount + 1);
  if (choice < kCount) return table[choice];
  return std::string(text_of(input.bytes(input.u8())));
}

/// `size` bytes, each of which depends on its place.
std::string pattern(std::size_t size, std::size_t from = 0);

}  // namespace uvspdy::fuzz
