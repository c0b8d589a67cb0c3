"""What check_hardening.py finds in what readelf says."""

import unittest

import check_hardening

GOOD = """\
ELF Header:
  Type:                              DYN (Position-Independent Executable file)
  Machine:                           Advanced Micro Devices X86-64

Program Headers:
  Type           Offset   VirtAddr           PhysAddr           FileSiz  MemSiz   Flg Align
  LOAD           0x000000 0x0000000000000000 0x0000000000000000 0x05c2b8 0x05c2b8 R   0x1000
  LOAD           0x05d000 0x000000000005d000 0x000000000005d000 0x160b41 0x160b41 R E 0x1000
  LOAD           0x213d50 0x0000000000214d50 0x0000000000214d50 0x00ae38 0x00b290 RW  0x1000
  GNU_STACK      0x000000 0x0000000000000000 0x0000000000000000 0x000000 0x000000 RW  0x10
  GNU_RELRO      0x213d50 0x0000000000214d50 0x0000000000214d50 0x0092b0 0x0092b0 R   0x1

Dynamic section at offset 0x21b4d0 contains 37 entries:
 0x000000000000001e (FLAGS)              BIND_NOW
 0x000000006ffffffb (FLAGS_1)            Flags: NOW PIE

Symbol table '.dynsym' contains 3 entries:
    18: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __stack_chk_fail@GLIBC_2.4 (3)
    19: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __memcpy_chk@GLIBC_2.3.4 (4)
"""


class Weaknesses(unittest.TestCase):
    def found(self, old="", new=""):
        self.assertIn(old, GOOD)
        return list(check_hardening.weaknesses(GOOD.replace(old, new)))

    def test_none_where_all_is_well(self):
        self.assertEqual(self.found(), [])

    def test_each_is_found(self):
        for old, new, word in (
            ("DYN (", "EXEC (", "fixed address"),
            ("GNU_RELRO ", "GNU_OTHER ", "GNU_RELRO"),
            ("GNU_STACK ", "GNU_OTHER ", "GNU_STACK"),
            ("000000 RW  0x10", "000000 RWE 0x10", "GNU_STACK"),
            ("0x160b41 R E", "0x160b41 RWE", "writable and executable"),
            ("(FLAGS)  ", "(TEXTREL)", "TEXTREL"),
            ("__stack_chk_fail", "stack_chk", "__stack_chk_fail"),
        ):
            found = self.found(old, new)
            self.assertEqual(len(found), 1, (old, found))
            self.assertIn(word, found[0])

    def test_either_flag_says_that_functions_are_looked_up_at_once(self):
        self.assertEqual(self.found("BIND_NOW", "SYMBOLIC"), [])
        self.assertEqual(self.found("NOW PIE", "PIE"), [])
        text = GOOD.replace("BIND_NOW", "SYMBOLIC").replace("NOW PIE", "PIE")
        self.assertEqual(len(list(check_hardening.weaknesses(text))), 1)

    def test_checked_calls_are_known_by_their_names(self):
        self.assertEqual(check_hardening.checked_calls(GOOD), {"__memcpy_chk"})
        text = GOOD.replace("__memcpy_chk", "memcpy")
        self.assertEqual(check_hardening.checked_calls(text), set())
