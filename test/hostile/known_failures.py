"""Bounds that do not hold today: (attack, target): {bound: reason}.

`--smoke` does not fail for them, and says when one of them holds.
"""

KNOWN_FAILURES = {}
