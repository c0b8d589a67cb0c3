"""The soak's own judgement: what it takes for wrong, its figures, and its drawing."""

import types
import unittest
import xml.etree.ElementTree

import drawing
import measure
import report
import verdict
from verdict import MEBIBYTE, Rest


def rests(memories, **changes):
    """A rest each minute."""
    counts = {"descriptors": 12, "children": 1, "zombies": 0, **changes}
    return [Rest(60.0 * at, memory, **counts) for at, memory in enumerate(memories)]


def noisy(rise=0.0, count=40):
    """Memories that rise by so many bytes a rest, and vary by half a MiB."""
    return [round(20 * MEBIBYTE + rise * at + (at * 7919 % 11 - 5) * 50_000) for at in range(count)]


class Memory(unittest.TestCase):
    def test_noise_is_no_leak(self):
        self.assertIsNone(verdict.memory(rests(noisy())))
        self.assertIsNone(verdict.rising(rests(noisy())))

    def test_more_than_the_bound_is_found(self):
        more = noisy(rise=8 * MEBIBYTE / 40)
        self.assertIn("rose from", verdict.memory(rests(more)))

    def test_a_slope_below_the_bound_is_found(self):
        slowly = noisy(rise=3 * MEBIBYTE / 40)
        self.assertIsNone(verdict.memory(rests(slowly)))
        self.assertIn("in the second half", verdict.rising(rests(slowly)))

    def test_growth_that_ends_in_the_first_half_is_none(self):
        levels = [memory + min(at, 15) * MEBIBYTE // 4 for at, memory in enumerate(noisy())]
        self.assertIsNone(verdict.rising(rests(levels)))

    def test_falling_is_no_rise(self):
        self.assertIsNone(verdict.memory(rests(noisy(rise=-400_000))))
        self.assertIsNone(verdict.rising(rests(noisy(rise=-400_000))))

    def test_the_slope_of_a_line(self):
        rise, error = verdict.slope([(x, 3 * x + 1) for x in range(5)])
        self.assertAlmostEqual(rise, 3)
        self.assertAlmostEqual(error, 0)


class Left(unittest.TestCase):
    before = rests([0])[0]

    def test_the_same_counts_are_right_whatever_the_memory(self):
        self.assertIsNone(verdict.left(rests([1, 2, 3]), self.before))

    def test_one_more_or_less_is_found(self):
        more, less = ("descriptors", 13), ("descriptors", 11)
        for name, wrong in more, less, ("children", 2), ("zombies", 1):
            with self.subTest(name=name, wrong=wrong):
                found = verdict.left(rests([1]) + rests([1], **{name: wrong}), self.before)
                self.assertRegex(found, f"^{name}: {wrong} ")


class GoodConnection(unittest.TestCase):
    def judged(self, lines, ended=1.0):
        return report.good_connection(measure.Latencies(lines), ended)

    def test_all_came_back(self):
        self.assertIsNone(self.judged(["0 100", "20000 100"]))

    def test_a_lost_message_is_found(self):
        self.assertIn("1 messages never came back", self.judged(["0 100", "20000 -1"]))

    def test_an_early_end_is_found(self):
        self.assertIn("before the run did", self.judged(["1 100"], ended=1000.0))

    def test_nothing_measured_is_found(self):
        self.assertIn("nothing", self.judged([]))


class Checks(unittest.TestCase):
    def run_of(self, wrong="", ends=None, idle=(), **changes):
        fields = {
            "options": types.SimpleNamespace(smoke=False),
            "rests": {"echo": rests(noisy())},
            "before": {"echo": rests([0])[0]},
            "latencies": {"echo": measure.Latencies(["1 1"])},
            "ended": 0.0,
            "hanging": [],
            "left_processes": [],
            "stop": lambda: {"echo": ends},
            "wrong": lambda: wrong,
            "idle": lambda: idle,
            **changes,
        }
        return types.SimpleNamespace(**fields)

    def failed(self, **changes):
        return [what for what, found in report.checks(self.run_of(**changes)) if found]

    def test_nothing_is_found_where_all_is_well(self):
        self.assertEqual(self.failed(), [])

    def test_each_breach_is_found(self):
        for check, changes in {
            "echo: nothing left at any rest": {"rests": {"echo": rests(noisy(), zombies=1)}},
            "echo: good connection": {"latencies": {"echo": measure.Latencies(["0 -1"])}},
            "echo: alive, and ends in order": {"ends": "died with -11"},
            "honest clients": {"wrong": "execs: other bytes"},
            "there was load": {"idle": ["copies"]},
            "the load ends": {"hanging": ["execs"]},
            "no process left": {"left_processes": ["sleep 1000"]},
        }.items():
            with self.subTest(check):
                self.assertEqual(self.failed(**changes), [check])

    def test_a_short_form_says_nothing_of_memory(self):
        options = types.SimpleNamespace(smoke=True)
        checked = [what for what, _ in report.checks(self.run_of(options=options))]
        self.assertFalse([what for what in checked if "memory" in what])

    def test_few_rests_say_nothing_of_memory(self):
        found = dict(report.checks(self.run_of(rests={"echo": rests(noisy(count=5))})))
        self.assertEqual(found["echo: memory back"], report.SKIPPED)
        self.assertEqual(found["echo: memory flat"], report.SKIPPED)


class Drawing(unittest.TestCase):
    def draw(self, values, **options):
        panel = drawing.Panel("memory & more", {"<echo>": values}, **options)
        return drawing.draw("a run", 60.0, [panel])

    def points(self, values, **options):
        root = xml.etree.ElementTree.fromstring(self.draw(values, **options))
        line = root.find("{http://www.w3.org/2000/svg}polyline").get("points")
        return [tuple(map(float, point.split(","))) for point in line.split()]

    def test_a_line_goes_from_left_to_right_and_up_where_values_rise(self):
        (x1, y1), (x2, y2) = self.points([1, 2])
        self.assertLess(x1, x2)
        self.assertGreater(y1, y2)

    def test_many_values_are_few_points_and_the_peak_is_one(self):
        points = self.points([0] * 2000 + [100] + [0] * 2000)
        self.assertEqual(len(points), drawing.COLUMNS)
        self.assertEqual(min(y for _, y in points), drawing.TOP)

    def test_gaps_zeros_and_values_without_end_can_be_drawn(self):
        for options in {}, {"logarithmic": True}:
            self.assertEqual(len(self.points([None, 0, 0.01, 5, float("inf")], **options)), 4)
        self.assertIn("svg", self.draw([]))
