#pragma once

// The co_await forms of floor 4, for compilers with coroutines. They have a namespace of their own,
// uvspdy::httpstream::co, because co::Stream and co::Connection set the handlers of the classes of
// the same names in httpstream. From docs/examples/coroutine_echo.cpp:
//
//     co::Task<Error> hello(Dialer dialer) {
//       std::vector<std::string> protocols = {"echo.example"};
//       Result<co::Dialed> dialed = co_await co::dial(dialer, std::move(protocols));
//       if (!dialed) co_return dialed.error();
//       const Headers headers = {{"topic", "hi"}};
//       Result<co::Stream> stream = co_await dialed->connection.create_stream(headers);
//       if (!stream) co_return stream.error();
//       Buffer text(std::string("hello, stream\n"));
//       if (Error error = co_await stream->write(std::move(text))) co_return error;
//       if (Error error = co_await stream->close()) co_return error;
//       for (;;) {
//         const Result<Buffer> piece = co_await stream->read();
//         if (!piece) co_return piece.error();
//         if (piece->empty()) break;
//         std::fwrite(piece->bytes().data(), 1, piece->size(), stdout);
//       }
//       co_return co_await dialed->connection.close();
//     }
//
// A coroutine is resumed from the loop, never inside a call, and belongs to the loop's thread.
// Destroying cancels: when a task is destroyed while it waits (TaskGroup, with_timeout,
// with_cancellation), the operation that it waits for is cancelled, and its co::Stream and
// co::Connection objects reset and close their streams and connections. An exception that leaves a
// coroutine is thrown at its awaiter; one that leaves a spawned task ends the process
// (std::terminate).
//
// Arguments passed by value live in the coroutine's frame; what a reference refers to must outlive
// the coroutine. g++ 12 rejects braced lists ({"echo"}) inside a co_await expression, and
// miscompiles co_await in the branches of ?: give the list a name, and use if.

#include "uvspdy/httpstream/coroutine/cancellation.h"
#include "uvspdy/httpstream/coroutine/connection.h"
#include "uvspdy/httpstream/coroutine/incoming.h"
#include "uvspdy/httpstream/coroutine/one_shot.h"
#include "uvspdy/httpstream/coroutine/stream.h"
#include "uvspdy/httpstream/coroutine/task.h"
#include "uvspdy/httpstream/coroutine/task_group.h"
