#pragma once

// The co_await forms of floor 4, on top of its handlers and without them: for compilers with
// coroutines. They have a namespace of their own, uvspdy::httpstream::co, because a coroutine's
// `Stream` and `Connection` own the handlers of httpstream's. From
// docs/examples/coroutine_echo.cpp:
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
// A coroutine goes on from the loop, never inside a call that somebody makes; all of it belongs to
// the loop's thread. Cancelling is destroying: a task that is dropped while it waits (TaskGroup,
// with_timeout, with_cancellation) cancels what it waits for, and its co::Stream and co::Connection
// objects reset and close what they own. An exception that leaves a coroutine is thrown at its
// awaiter; one that leaves a spawned task ends the process (std::terminate).
//
// Arguments of a coroutine live in its frame when they are values; what a reference refers to must
// outlive it. g++ 12 does not compile braced lists ({"echo"}) inside a co_await expression, and
// compiles co_await in the branches of ?: wrongly: give the list a name, and use if.

#include "uvspdy/httpstream/coroutine/cancellation.h"
#include "uvspdy/httpstream/coroutine/connection.h"
#include "uvspdy/httpstream/coroutine/incoming.h"
#include "uvspdy/httpstream/coroutine/one_shot.h"
#include "uvspdy/httpstream/coroutine/stream.h"
#include "uvspdy/httpstream/coroutine/task.h"
#include "uvspdy/httpstream/coroutine/task_group.h"
