"""docs/security.md's limits: what check_limits.py and make_print_limits.py read, and find."""

import unittest

import check_limits
import make_print_limits

PAGE = """\
## Limits

| limit | default | reason | past it |
|---|---|---|---|
| `Limits::a` | 64 KiB | a reason | ended |
| `kMaxB` (`lib/net/b.cpp`) | 4,096 | a reason | ended |

## Attacks

| `Limits::c` | 1 | not of this section | - |
"""
LIMITS = {"Limits::a": [65536], "lib/net/b.cpp:kMaxB": [4096]}


class Page(unittest.TestCase):
    def found(self, page, limits):
        rows = list(check_limits.rows(page))
        found = check_limits.problems(rows, limits)
        return [check for check, texts in found.items() if texts]

    def test_nothing_is_found_where_all_is_well(self):
        self.assertEqual(self.found(PAGE, LIMITS), [])

    def test_a_limit_without_a_row(self):
        self.assertEqual(self.found(PAGE, {**LIMITS, "Limits::d": [1]}), ["each limit has a row"])

    def test_a_row_without_a_limit(self):
        self.assertEqual(self.found(PAGE, {"Limits::a": [65536]}), ["each row is a limit"])

    def test_another_default(self):
        limits = {**LIMITS, "Limits::a": [65537]}
        self.assertEqual(self.found(PAGE, limits), ["each default is that of the code"])

    def test_a_row_without_a_reason_is_none(self):
        page = PAGE.replace("| 4,096 | a reason |", "| 4,096 |")
        self.assertEqual(self.found(page, LIMITS), ["each limit has a row"])

    def test_another_default_on_another_page(self):
        table = "| `Options::a`: bytes | 64 KiB † | a reason | ended |\n| `b` | 7 | - | ended |\n"
        limits = {"net::Options::a": [65536], "Limits::a": [1]}
        self.assertEqual(list(check_limits.wrong_elsewhere(table, limits)), [])
        table = table.replace("64 KiB", "63 KiB")
        self.assertEqual(len(list(check_limits.wrong_elsewhere(table, limits))), 1)

    def test_two_rows(self):
        row = "| `Limits::a` | 64 KiB | a reason | ended |\n"
        self.assertEqual(self.found(PAGE.replace(row, 2 * row), LIMITS), ["no limit has two rows"])


class Numbers(unittest.TestCase):
    def test_of_texts(self):
        for text, numbers in {
            "1,024": [1024],
            "8 MiB a second, 16 MiB at once": [8 * 1024**2, 16 * 1024**2],
            "4 h": [14_400_000],
            "100 µs": [0.1],
            "0: no limit": [0],
            "0600": [0o600],
            "none": ["none"],
        }.items():
            self.assertEqual(check_limits.numbers_of_text(text), numbers, text)

    def test_of_what_the_program_prints(self):
        for text, numbers in {"30000 ms": [30000], "20/s 40": [20, 40], "none": ["none"]}.items():
            self.assertEqual(check_limits.numbers_of_code(text), numbers, text)

    def test_of_constants(self):
        for line, value in {
            "constexpr std::size_t kMaxText = 64 * 1024;": 65536,
            "static constexpr int kReadsPerTurn = 1'000;": 1000,
            "constexpr std::size_t kMaxTaken = 2 * kMaxFile;": 20,
            "constexpr std::chrono::minutes kLongestAnswer{2};": 120_000,
            "constexpr std::chrono::milliseconds kLimit{std::chrono::minutes(10)};": 600_000,
        }.items():
            ((kind, _, expression, braced),) = check_limits.CONSTANT.findall(line)
            found = check_limits.value_of(kind, expression or braced, {"kMaxFile": 10})
            self.assertEqual(found, value, line)
        with self.assertRaises(ValueError):
            check_limits.value_of("int", "sizeof(int)", {})

    def test_of_flags(self):
        text = (
            "  --max-commands UINT:NONNEGATIVE=512\n"
            "  --listen TEXT=127.0.0.1:0   HOST:PORT\n"
            "  -r, --retries INT=-1\n      How often\n"
            "  --token TEXT                A token\n"
        )
        found = check_limits.FLAG.findall(text)
        self.assertEqual(found, [("--max-commands", "512"), ("--retries", "-1")])


class Program(unittest.TestCase):
    def fields(self, body):
        return list(make_print_limits.fields("Options", body))

    def test_has_each_field(self):
        body = """
  std::size_t max_body = 4 * 1024;
  ConnectionOptions connection{.session = {.ping_period = std::chrono::seconds(5)}};
  Callback<void(std::string_view, int)> log{};
  unsigned mode;
"""
        self.assertEqual(self.fields(body), ["max_body", "connection", "log", "mode"])

    def test_fails_where_a_field_cannot_be_read(self):
        with self.assertRaises(make_print_limits.Unreadable):
            self.fields("  static int f(int);\n")

    def test_has_structs_and_constants(self):
        text = make_print_limits.program(
            {
                "uvspdy/a.h": "namespace uvspdy::net {\n"
                "struct AOptions {\n  int x = 1;  // one;\n};\n"
                "inline constexpr int kMaxB = 2;\ninline constexpr int kOther = 2;\n}\n",
                "uvspdy/b.h": "namespace uvspdy {\nstruct B {\n  int x = 1;\n};\n}\n",
            }
        )
        self.assertIn('show(name + "x", value.x,', text)
        self.assertIn('"net::AOptions::"', text)
        self.assertIn('"net::kMaxB"', text)
        self.assertNotIn("kOther", text)
        self.assertNotIn("b.h", text)
