#pragma once

namespace uvspdy::session {

struct Stream;

/// The neighbours of a stream in one kind of StreamList.
struct StreamLinks {
  Stream* next = nullptr;
  Stream* previous = nullptr;
};

/// Streams in a line, each linked through the member `kLinks`, so that a stream is in at most one
/// list of a kind. All operations are O(1).
template <StreamLinks Stream::*kLinks>
class StreamList {
 public:
  bool empty() const { return first_ == nullptr; }
  Stream* first() const { return first_; }
  Stream* last() const { return last_; }
  static Stream* after(const Stream& stream) { return (stream.*kLinks).next; }

  void push_back(Stream& stream) {
    (stream.*kLinks) = {nullptr, last_};
    (last_ != nullptr ? (last_->*kLinks).next : first_) = &stream;
    last_ = &stream;
  }

  void remove(Stream& stream) {
    const StreamLinks links = stream.*kLinks;
    (links.previous != nullptr ? (links.previous->*kLinks).next : first_) = links.next;
    (links.next != nullptr ? (links.next->*kLinks).previous : last_) = links.previous;
    (stream.*kLinks) = {};
  }

 private:
  Stream* first_ = nullptr;
  Stream* last_ = nullptr;
};

}  // namespace uvspdy::session
