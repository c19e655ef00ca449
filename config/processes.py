"""What Linux does for processes that belong together (prctl(2)); elsewhere these do nothing."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(signum: signal.Signals = signal.SIGTERM) -> None:
    """Have this process sent the signal when the thread that started it dies, also by SIGKILL; survives an exec."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signum)


def adopt_orphans() -> None:
    """What a killed descendant leaves becomes this process's child, so that it is found at the end."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
