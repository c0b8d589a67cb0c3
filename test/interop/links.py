"""TCP links between a client and a server: slow, narrow, or cut. They live in a thread."""

import asyncio
import collections
import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)  # for SO_LINGER: closing is a TCP reset


class Links:
    """The thread, in which any number of links live; a context manager."""

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._links = []
        return self

    def __exit__(self, *_error):
        for link in self._links:
            self.close(link)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self, address, **options):
        """A link to this address; options are those of Link."""
        link = Link(address, **options)
        asyncio.run_coroutine_threadsafe(link.listen(), self._loop).result()
        self._links.append(link)
        return link

    def cut(self, link):
        """Cuts off what goes over it just now, as if it had come to `cut_at`."""
        asyncio.run_coroutine_threadsafe(link.cut(), self._loop).result()

    def close(self, link):
        """Ends what still goes over it."""
        asyncio.run_coroutine_threadsafe(link.close(), self._loop).result()
        self._links = [other for other in self._links if other is not link]


class Link:
    """Each byte takes `delay` seconds, and at most `room` bytes of a direction are on their way.

    Once `cut_at` bytes have been passed to the client, or, if `both_ways`, to both sides, over all
    of the link's connections, these end on both sides: in order, or with a TCP reset if `reset`. No
    more are taken; but if not `for_good`, they are, and are cut off like this until there were
    `cuts` such cuts.
    """

    def __init__(
        self,
        address,
        delay=0.0,
        room=1 << 20,
        cut_at=None,
        reset=False,
        both_ways=False,
        for_good=True,
        cuts=1,
    ):
        self._address, self._delay, self._room = address, delay, room
        self._cut_at, self._reset = cut_at, reset
        self._both_ways, self._for_good, self._cuts = both_ways, for_good, cuts
        self._sockets, self._tasks = [], set()
        # What was passed on and counts; kept only if there is something to cut.
        self.delivered = bytearray()
        self.count = 0
        self.was_cut = False

    async def listen(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self.target = f"http://127.0.0.1:{self.port}"
        self._spawn(self._accept())

    async def close(self):
        # The tasks first: a socket that is closed under a loop leaves its readers behind.
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in [self._listener, *self._sockets]:
            end.close()

    def _spawn(self, work):
        self._tasks.add(asyncio.ensure_future(work))

    async def _accept(self):
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._listener)
            server = socket.socket()
            for end in client, server:
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(end)
            if self.was_cut and self._for_good:
                self._end(client, server)
                continue
            await loop.sock_connect(server, self._address)
            upwards = self._deliver if self._both_ways else self._send
            self._spawn(self._pass_on(client, server, upwards))
            self._spawn(self._pass_on(server, client, self._deliver))

    async def _pass_on(self, source, target, send):
        """One direction: what is read waits its time in `queue`, from which another task sends."""
        loop = asyncio.get_running_loop()
        queue, room, arrived = collections.deque(), asyncio.Event(), asyncio.Event()
        on_the_way = 0

        async def read():
            nonlocal on_the_way
            try:
                while not queue or queue[-1][1]:
                    while on_the_way >= self._room:
                        room.clear()
                        await room.wait()
                    data = await loop.sock_recv(source, min(65536, self._room - on_the_way))
                    queue.append((loop.time() + self._delay, data))
                    on_the_way += len(data)
                    arrived.set()
            finally:
                arrived.set()

        reader = asyncio.ensure_future(read())
        try:
            while True:
                while not queue:
                    if reader.done():
                        reader.result()
                    arrived.clear()
                    await arrived.wait()
                due, data = queue.popleft()
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                await send(target, data)
                on_the_way -= len(data)
                room.set()
        except OSError:
            # One end has gone: neither has any use for the other.
            self._end(source, target)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _send(self, target, data):
        await asyncio.get_running_loop().sock_sendall(target, data)

    async def _deliver(self, target, data):
        if self._cut_at is None:
            self.count += len(data)
            return await self._send(target, data)
        data = data[: max(self._cut_at - self.count, 0)]
        self.count += len(data)
        self.delivered += data
        await self._send(target, data)
        if self.count >= self._cut_at and self._cuts > 0:
            await self.cut()
        return None

    async def cut(self):
        self.was_cut = True
        self._cuts -= 1
        if not self._for_good:
            self.count = 0
            self._cut_at = self._cut_at if self._cuts > 0 else None
        self._end(*self._sockets, reset=self._reset)

    def _end(self, *sockets, reset=False):
        loop = asyncio.get_running_loop()
        for end in sockets:
            if end.fileno() < 0:
                continue
            # Whoever waits for it waits until `close`.
            loop.remove_reader(end)
            loop.remove_writer(end)
            if reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.close()
