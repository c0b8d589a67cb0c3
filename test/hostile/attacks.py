"""All attacks: importing a module adds those that are in it to suite.ATTACKS."""

import attacks_clients  # noqa: F401
import attacks_files  # noqa: F401
import attacks_frames  # noqa: F401
import attacks_holding  # noqa: F401
import attacks_http  # noqa: F401
import attacks_kube  # noqa: F401
