"""Sizes of a header's value that have gone wrong, or might, between a deflater and Go's."""

WINDOW = 32768  # of Go's inflater, which starts with the dictionary in it
DICTIONARY = 1423
OVERHEAD = 13  # of a block with one header: its count, two lengths, and the name "v"
LARGEST = 65536

# Go reads compressed bytes through a buffer of 4,096. Bytes by chance are sent as they are, letters
# take six bits each, and text that repeats itself next to nothing.
KINDS = ["random", "letters", "text"]
_AT_BUFFER_END = {"random": range(4064, 4096), "letters": range(5360, 5480, 3), "text": []}

# Levels, window bits, memory levels as --compression has them.
COMPRESSIONS = [
    f"{level},{window_bits},{memory_level}"
    for window_bits in (9, 11, 15)
    for memory_level in (1, 9)
    for level in ("stored", *range(1, 10))
]


class Sizes:
    """Lines for the peers' `headers`, which know how full Go's window is behind each."""

    def __init__(self):
        self.lines = []
        self._window = DICTIONARY

    def add(self, size, kind):
        self.lines.append(f"{size} {kind}")
        self._window = (self._window + OVERHEAD + size) % WINDOW

    def fill_window(self, kind, at_least=0):
        """A value with whose last byte Go's window is full."""
        size = -(self._window + OVERHEAD) % WINDOW
        while size < at_least:
            size += WINDOW
        self.add(size, kind)

    def text(self):
        return "".join(line + "\n" for line in self.lines).encode()


def for_every_setting(first, kind):
    """From 1 byte to 64 KiB, and around every bound that is known."""
    sizes = Sizes()
    sizes.add(first, kind)
    for kind in KINDS:
        for size in (0, 1, 2, 3, 7, 20, 100):
            sizes.add(size, kind)
        for power in range(8, 16):
            for size in (2**power - 1, 2**power, 2**power + 1):
                sizes.add(size, kind)
        for size in _AT_BUFFER_END[kind]:
            sizes.add(size, kind)
        # Just short of a full window, and just past it, and with a block of a few bytes.
        sizes.fill_window(kind)
        sizes.add(WINDOW - OVERHEAD - 1, "text")
        sizes.add(2, kind)
        sizes.add(WINDOW - 2 * OVERHEAD - 3, "text")
        sizes.fill_window(kind)
        sizes.add(LARGEST, kind)
    return sizes


def filling_the_window():
    """Blocks of all lengths that end where Go's window is full, and some just beside."""
    sizes = Sizes()
    sizes.add(WINDOW - DICTIONARY - OVERHEAD, "random")
    sizes.fill_window("random", at_least=WINDOW)
    for kind in KINDS:
        for size in (1, 50, 4070, *range(4085, 4100, 3), *range(5400, 5460, 5), 9000, 20000, 32700):
            sizes.add(WINDOW - 2 * OVERHEAD - size, "text")
            sizes.fill_window(kind)
    return sizes


def densely():
    """Every small size, and all sizes up to 64 KiB in steps that meet all remainders."""
    sizes = Sizes()
    for kind in KINDS:
        for size in range(600):
            sizes.add(size, kind)
        for size in range(601, LARGEST, 331):
            sizes.add(size, kind)
    return sizes
