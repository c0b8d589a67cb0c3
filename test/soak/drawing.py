"""A soak run as SVG: panels below one another, over the same seconds."""

import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 900, 150, 70, 150, 40, 40
COLUMNS = 300  # of a line: the most of each piece of time is what is drawn
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b")


def _most(values):
    """The largest of each piece of the run, or None where there is none."""
    pieces = min(COLUMNS, len(values))
    for piece in range(pieces):
        part = values[piece * len(values) // pieces : (piece + 1) * len(values) // pieces]
        yield max((value for value in part if isinstance(value, (int, float))), default=None)


def _ticks(most):
    """Round numbers from 0 to the most, four or so."""
    step = 10 ** math.floor(math.log10(most / 2 or 1)) if most > 0 else 1
    step *= next(factor for factor in (1, 2, 5, 10) if most / (step * factor) <= 5)
    return [step * number for number in range(int(most / step) + 1)]


def _log_ticks(least, most):
    return [10.0**power for power in range(math.floor(math.log10(least)), 8) if 10.0**power <= most]


class Panel:
    """Lines over the run: {name: a value for each row}. `logarithmic` begins at 0.1."""

    def __init__(self, title, lines, logarithmic=False):
        self.title, self.logarithmic = title, logarithmic
        self.lines = {name: list(_most(values)) for name, values in lines.items()}
        known = [v for line in self.lines.values() for v in line if v is not None]
        finite = [value for value in known if math.isfinite(value)]
        self.most = max(finite, default=1) or 1
        self.least = 0.1

    def _height(self, value):
        if not math.isfinite(value):
            return 0.0
        if not self.logarithmic:
            return HEIGHT * (1 - value / self.most)
        whole = math.log10(max(self.most, 1) / self.least)
        return HEIGHT * (1 - max(0.0, math.log10(max(value, 1e-9) / self.least)) / whole)

    def draw(self, top):
        inner = WIDTH - LEFT - RIGHT
        yield f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{html.escape(self.title)}</text>'
        ticks = _log_ticks(self.least, max(self.most, 1)) if self.logarithmic else _ticks(self.most)
        for tick in ticks:
            y = top + self._height(tick)
            yield f'<path d="M{LEFT} {y:.1f}h{inner}" stroke="#ddd"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        for number, (name, line) in enumerate(self.lines.items()):
            colour = COLOURS[number % len(COLOURS)]
            points = " ".join(
                f"{LEFT + inner * at / max(1, len(line) - 1):.0f},{top + self._height(value):.0f}"
                for at, value in enumerate(line)
                if value is not None
            )
            yield f'<polyline points="{points}" fill="none" stroke="{colour}"/>'
            y = top + 12 + 15 * number
            x = WIDTH - RIGHT + 8
            yield f'<text x="{x}" y="{y}" fill="{colour}">{html.escape(name)}</text>'


def draw(title, seconds, panels):
    """The text of an SVG file."""
    height = TOP + len(panels) * (HEIGHT + GAP) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="16" font-size="14">{html.escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        lines += panel.draw(TOP + number * (HEIGHT + GAP))
    bottom = TOP + len(panels) * (HEIGHT + GAP) - GAP + 16
    for part in range(7):
        x = LEFT + (WIDTH - LEFT - RIGHT) * part / 6
        text = f"{seconds * part / 360:.1f} min"
        lines.append(f'<text x="{x:.0f}" y="{bottom}" text-anchor="middle">{text}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"
