#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fuzz_input.h"
#include "hostile_peer.h"
#include "support/pipe_transport.h"
#include "uvspdy/headers.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::fuzz {

/// A client of exec, attach or portforward who sends anything, and checks that all which the server
/// sends can be decoded. The client has the far end of the server's transport as two directions.
class StreamingClient {
 public:
  /// One stream as the client knows it.
  struct Stream {
    Headers headers;       ///< of the SYN_STREAM
    std::string sent;      ///< all payload that the client has sent
    std::string received;  ///< all payload that the server has sent
    bool replied = false;  ///< the server has accepted the stream
    bool ended = false;    ///< the server has sent FLAG_FIN
    bool reset = false;    ///< the server has reset the stream
  };

  StreamingClient(std::shared_ptr<test::PipeDirection> up,
                  std::shared_ptr<test::PipeDirection> down);

  void open(const Headers& headers, FuzzInput& input);
  void send(wire::StreamId id, Bytes payload, bool fin);
  /// Sends a frame without payload.
  void send_frame(HostilePeer::Frame frame, wire::StreamId id, FuzzInput& input);
  void send_raw(Bytes bytes);
  /// Ends the client's direction of the transport.
  void end();
  /// Takes at most `most` bytes of those that the server has sent, and checks them.
  void take(std::size_t most);
  /// How much may be on its way to the client.
  void set_capacity(std::size_t capacity);

  /// One of the client's streams, or an id of no stream.
  wire::StreamId choose(FuzzInput& input) const;

  /// The HTTP answer's status; 0 before its head has come.
  int status() const { return status_; }
  /// Whether the client has sent frames only, so that it knows its own streams.
  bool knows_streams() const { return knows_streams_; }
  const std::map<wire::StreamId, Stream>& streams() const { return streams_; }

  /// Whether `bytes` is the beginning of what the client has sent on one of its streams.
  bool has_sent(const std::string& bytes) const;

 private:
  void put(Bytes bytes);
  void take_answer(Bytes& input);
  void see(const wire::NeedMoreInput&) {}
  void see(const wire::DataChunk& chunk);
  void see(const wire::SynReplyFrame& frame);
  void see(const wire::RstStreamFrame& frame);
  void see(const wire::SynStreamFrame&);
  void see(const wire::InvalidHeaderBlock&);
  void see(const wire::UnknownFrame&);
  template <class Frame>
  void see(const Frame&) {}

  std::shared_ptr<test::PipeDirection> up_;
  std::shared_ptr<test::PipeDirection> down_;
  HostilePeer peer_{session::Role::kClient};
  std::map<wire::StreamId, Stream> streams_;
  bool knows_streams_ = true;
  std::string answer_;  // until it is complete
  int status_ = 0;
  wire::FrameDecoder decoder_;
  bool traces_ = std::getenv("UVSPDY_FUZZ_TRACE") != nullptr;
};

}  // namespace uvspdy::fuzz
