"""Streams' lives, step by step, for two peers to play (README.md says what the steps are)."""

import itertools

# What one side may do on an open stream, with half-closing and resetting in every order.
_SEQUENCES = ["f", "r", "df", "dr", "fr", "dfr"]


def _interleavings(left, right):
    if not left or not right:
        yield left + right
        return
    for rest in _interleavings(left[1:], right):
        yield left[:1] + rest
    for rest in _interleavings(left, right[1:]):
        yield right[:1] + rest


def _until_closed(steps):
    """The steps up to a reset or to the second half-close; None if the stream never closes."""
    half_closed = set()
    for at, (who, what) in enumerate(steps):
        if what in "OAf":
            half_closed.add(who)
        if what == "r" or len(half_closed) == 2:
            return steps[: at + 1]
    return None


def _resets_after_half_close(script, side):
    half_closes = {side + what for what in "OAf"}
    return script[-1] == side + "r" and bool(half_closes & set(script))


def every_order(client_takes_back=True, cannot_reset_half_closed=""):
    """All orders of data, half-close and reset by both sides, with and without half-closing in the
    first frame. Peers differ in what they can do: `client_takes_back` a stream that has no reply
    yet; the sides of `cannot_reset_half_closed` send no reset once they have half-closed."""
    scripts = {("co", "sr"), ("cO", "sr")}
    if client_takes_back:
        scripts.add(("co", "cr"))
    for opening, accepting in itertools.product("oO", "aA"):
        clients = _SEQUENCES if opening == "o" else ["", "r"]
        servers = _SEQUENCES if accepting == "a" else ["", "r"]
        for client, server in itertools.product(clients, servers):
            for steps in _interleavings(
                ["c" + what for what in client], ["s" + what for what in server]
            ):
                closed = _until_closed(["c" + opening, "s" + accepting, *steps])
                if closed:
                    scripts.add(tuple(closed))
    return sorted(
        " ".join(script)
        for script in scripts
        if not any(_resets_after_half_close(script, side) for side in cannot_reset_half_closed)
    )
