// Many coroutines at once, and megabytes through readers that pause.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/coroutine_pair.h"
#include "support/patterned_text.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::CoroutinePair;
using test::IsSuccess;
using test::NextTurn;
using test::TestLoop;

namespace {

// Reads slowly: lets the loop come round behind each piece.
co::Task<> echo(TestLoop& loop, co::Stream stream) {
  for (;;) {
    const Result<Buffer> piece = co_await stream.read();
    CHECK_THAT(piece, IsSuccess());
    if (!piece) co_return;
    if (piece->empty()) break;
    co_await NextTurn(loop);
    const Error error = co_await stream.write(*piece);
    CHECK_THAT(error, IsSuccess());
  }
  const Error closed = co_await stream.close();
  CHECK_THAT(closed, IsSuccess());
}

co::Task<> serve(TestLoop& loop, const co::Connection& connection) {
  co::TaskGroup streams(loop.get());
  while (Result<co::NewStream> incoming = co_await connection.accept()) {
    incoming->decision.accept();
    streams.spawn(echo(loop, std::move(incoming->stream)));
  }
}

co::Task<> write_all(co::Stream& stream, const std::string& text) {
  constexpr std::size_t kPiece = 50000;
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    const Error error = co_await stream.write(Buffer::copy_of(text.substr(at, kPiece)));
    CHECK_THAT(error, IsSuccess());
  }
  const Error closed = co_await stream.close();
  CHECK_THAT(closed, IsSuccess());
}

co::Task<> ask(TestLoop& loop, const co::Connection& connection, std::string text, int& right) {
  Result<co::Stream> stream = co_await connection.create_stream({});
  CHECK_THAT(stream, IsSuccess());
  if (!stream) co_return;
  co::TaskGroup writer(loop.get());
  writer.spawn(write_all(*stream, text));
  std::string answer;
  for (;;) {
    const Result<Buffer> piece = co_await stream->read();
    CHECK_THAT(piece, IsSuccess());
    if (!piece || piece->empty()) break;
    answer += text_of(piece->bytes());
    if (answer.size() % 3 == 0) co_await NextTurn(loop);
  }
  (void)co_await writer.join();
  CHECK((answer == text));
  if (answer == text) ++right;
}

void echo_all(int streams, std::size_t size) {
  TestLoop loop;
  CoroutinePair pair(loop);
  co::TaskGroup server(loop.get());
  co::TaskGroup client(loop.get());
  server.spawn(serve(loop, *pair.server));
  int right = 0;
  for (int i = 0; i < streams; ++i) {
    client.spawn(
        ask(loop, *pair.client, test::patterned_text(size + static_cast<std::size_t>(i)), right));
  }
  REQUIRE(loop.run_until([&] { return client.size() == 0; }));
  CHECK(right == streams);
  server.cancel();
  pair.client.reset();
  pair.server.reset();
  REQUIRE(loop.run_out());
}

}  // namespace

TEST_CASE("coroutines: megabytes are echoed through readers that pause") {
  echo_all(1, std::size_t{16} * 1024 * 1024);
}

TEST_CASE("coroutines: many at once on one connection") { echo_all(200, 20000); }
