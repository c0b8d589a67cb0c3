#include "uvspdy/httpstream/pump.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/catch.h"
#include "support/death.h"
#include "support/hand_ends.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::HandSink;
using test::HandSource;
using test::IsSuccess;

namespace {

const Error kWhy(session::Errc::kStreamReset, "why");
const Error kOther(session::Errc::kConnectionLost, "other");

/// A pump between ends by hand, and how it was done.
struct Pumped {
  HandSource::Record source;
  HandSink::Record sink;
  std::optional<Error> done;
  std::shared_ptr<Pump> pump;

  Pumped() {
    pump = Pump::start(std::make_unique<HandSource>(source), std::make_unique<HandSink>(sink),
                       [this](const Error& error) {
                         CHECK_FALSE(done);
                         done = error;
                       });
  }
  Pumped(const Pumped&) = delete;
  Pumped& operator=(const Pumped&) = delete;

  void give(std::string_view text) const { source.on_data(Piece(bytes_of(text))); }
  bool destroyed() const { return source.destroyed && sink.destroyed; }
};

}  // namespace

TEST_CASE("Pump: bytes from the source to the sink, and an end as an end") {
  Pumped pumped;
  const bool dropped = GENERATE(false, true);
  if (dropped) pumped.pump.reset();
  pumped.give("one ");
  pumped.give("two");
  CHECK(pumped.sink.written == "one two");
  CHECK(pumped.sink.ends == 0);
  pumped.source.on_end({});
  CHECK(pumped.sink.ends == 1);
  CHECK_FALSE(pumped.done);
  CHECK_FALSE(pumped.destroyed());
  pumped.sink.on_over({});
  REQUIRE(pumped.done);
  CHECK_THAT(*pumped.done, IsSuccess());
  CHECK(pumped.destroyed());
  CHECK_FALSE(pumped.sink.broken);
  CHECK_FALSE(pumped.source.discarded);
}

TEST_CASE("Pump: a break is a break, with its own error") {
  Pumped pumped;
  pumped.give("half");
  pumped.source.on_end(kWhy);
  CHECK(pumped.sink.ends == 0);
  REQUIRE(pumped.sink.broken);
  CHECK(pumped.sink.broken->message() == "why");
  CHECK_FALSE(pumped.done);
  pumped.sink.on_over(kOther);
  REQUIRE(pumped.done);
  CHECK(pumped.done->message() == "why");
  CHECK(pumped.destroyed());
}

TEST_CASE("Pump: a sink without room pauses the source until it has room") {
  Pumped pumped;
  pumped.sink.on_room();  // there was room all the time
  CHECK_FALSE(pumped.pump->is_blocked());
  pumped.sink.room = false;
  pumped.give("one");
  CHECK(pumped.source.paused);
  CHECK(pumped.pump->is_blocked());
  SECTION("and then it goes on") {
    pumped.sink.room = true;
    pumped.sink.on_room();
    CHECK_FALSE(pumped.source.paused);
    CHECK_FALSE(pumped.pump->is_blocked());
    pumped.give("two");
    CHECK(pumped.sink.written == "onetwo");
  }
  SECTION("the end does not wait for that, where the source tells it") {
    pumped.source.on_end({});
    CHECK(pumped.sink.ends == 1);
    CHECK_FALSE(pumped.pump->is_blocked());
    pumped.sink.on_room();
  }
  pumped.pump->give_up();
}

TEST_CASE("Pump: a sink that loses its room without a write pauses the source") {
  Pumped pumped;
  pumped.sink.room = false;
  pumped.sink.on_room();
  CHECK(pumped.source.paused);
  CHECK(pumped.pump->is_blocked());
  pumped.sink.on_room();  // still none
  CHECK(pumped.source.paused);
  pumped.sink.room = true;
  pumped.sink.on_room();
  CHECK_FALSE(pumped.source.paused);
  CHECK_FALSE(pumped.pump->is_blocked());
  pumped.pump->give_up();
}

TEST_CASE("Pump: a sink that takes no more has the source discard") {
  Pumped pumped;
  pumped.give("one");
  pumped.sink.on_over(kWhy);
  CHECK(pumped.source.discarded);
  REQUIRE(pumped.done);
  CHECK(pumped.done->message() == "why");
  CHECK(pumped.destroyed());
  CHECK(pumped.pump->source_is_over());
  // Harmless.
  pumped.pump->end();
  pumped.pump->break_off(kWhy);
  pumped.pump->give_up();
}

TEST_CASE("Pump: the source may be declared over") {
  Pumped pumped;
  pumped.give("half");
  const bool broken = GENERATE(false, true);
  broken ? pumped.pump->break_off(kWhy) : pumped.pump->end();
  pumped.pump->end();
  pumped.pump->break_off(kOther);
  CHECK(pumped.source.discarded);
  CHECK(pumped.pump->source_is_over());
  CHECK(pumped.sink.ends == (broken ? 0 : 1));
  CHECK(pumped.sink.broken.has_value() == broken);
  // What the source says behind that counts for nothing.
  pumped.give("more");
  pumped.source.on_end(kOther);
  CHECK(pumped.sink.written == "half");
  CHECK_FALSE(pumped.done);
  pumped.sink.on_over({});
  REQUIRE(pumped.done);
  CHECK(static_cast<bool>(*pumped.done) == broken);
  CHECK(pumped.destroyed());
}

TEST_CASE("Pump: given up, both ends are destroyed at once, and nobody is told") {
  Pumped pumped;
  auto owned = std::make_shared<int>(0);
  const std::weak_ptr<int> freed = owned;
  HandSource::Record source;
  HandSink::Record sink;
  auto other = Pump::start(std::make_unique<HandSource>(source), std::make_unique<HandSink>(sink),
                           [owned = std::move(owned)](const Error&) { CHECK(false); });
  other->give_up();
  CHECK(source.destroyed);
  CHECK(sink.destroyed);
  CHECK(freed.expired());
  other->give_up();
  pumped.pump->give_up();
  CHECK_FALSE(pumped.done);
}

TEST_CASE("Pump: may be given up and dropped in done") {
  HandSource::Record source;
  HandSink::Record sink;
  std::shared_ptr<Pump> pump;
  int done = 0;
  pump = Pump::start(std::make_unique<HandSource>(source), std::make_unique<HandSink>(sink),
                     [&](const Error&) {
                       ++done;
                       pump->give_up();
                       pump.reset();
                     });
  SECTION("at the end") {
    source.on_end({});
    sink.on_over({});
    CHECK(done == 1);
  }
  SECTION("when the sink is over") {
    sink.on_over(kWhy);
    CHECK(done == 1);
  }
  CHECK(source.destroyed);
  CHECK(sink.destroyed);
}

TEST_CASE("Pump: a reader of no stream is a source that has broken off") {
  HandSink::Record sink;
  std::optional<Error> done;
  auto pump = Pump::start(source_of(StreamReader()), std::make_unique<HandSink>(sink),
                          [&](const Error& error) { done = error; });
  CHECK_FALSE(done);
  REQUIRE(sink.broken);
  CHECK(sink.broken->code() == session::Errc::kStreamClosed);
  CHECK(sink.ends == 0);
  CHECK(pump->source_is_over());
  sink.on_over({});
  REQUIRE(done);
  CHECK(done->code() == session::Errc::kStreamClosed);
  CHECK(sink.destroyed);
}

TEST_CASE("Pump: a writer of no stream is a sink that has broken off") {
  HandSource::Record source;
  std::optional<Error> done;
  auto pump = Pump::start(std::make_unique<HandSource>(source), sink_of(StreamWriter()),
                          [&](const Error& error) {
                            CHECK_FALSE(done);
                            done = error;
                          });
  CHECK_FALSE(done);
  CHECK_FALSE(source.paused);  // it is what calls us
  const bool declared = GENERATE(false, true);
  if (declared) pump->end();
  SECTION("told with the first piece") { source.on_data(Piece(bytes_of("lost"))); }
  SECTION("or with the end") { source.on_end({}); }
  REQUIRE(done);
  CHECK(done->code() == session::Errc::kStreamClosed);
  CHECK(source.destroyed);
}

TEST_CASE("Pump: between two ends of nothing there is nobody to tell, and nothing is left") {
  auto owned = std::make_shared<int>(0);
  const std::weak_ptr<int> freed = owned;
  const auto pump = Pump::start(source_of(StreamReader()), sink_of(StreamWriter()),
                                [owned = std::move(owned)](const Error&) { CHECK(false); });
  CHECK(freed.expired());
  CHECK(pump->source_is_over());
  pump->end();
  pump->give_up();
}

TEST_CASE("Pump: null pointers end the process with a text") {
  HandSource::Record source;
  CHECK(test::text_of_death([] { Pump::start(nullptr, sink_of(StreamWriter()), {}); }) ==
        "uvspdy: Pump::start: the source is null\n");
  CHECK(test::text_of_death([&] {
          Pump::start(std::make_unique<HandSource>(source), nullptr, {});
        }) == "uvspdy: Pump::start: the sink is null\n");
}

TEST_CASE("Piece: a start behind its end ends the process with a text") {
  const bool owned = GENERATE(false, true);
  const auto keep = [owned] {
    const Piece piece = owned ? Piece(Buffer::copy_of("abc")) : Piece(bytes_of("abc"));
    (void)piece.keep(4);
  };
  CHECK(test::text_of_death(keep).starts_with("uvspdy: Piece::keep"));
  CHECK(Piece(bytes_of("abc")).keep(3).empty());
}
