"""The sandbox: bubblewrap's namespaces, a seccomp filter, rlimits and cgroups around code that nobody vouches for.

docs/judge.md describes what it holds out against and how.
"""

from judge.sandbox.errors import RunStopped, SandboxError, SandboxUnavailable
from judge.sandbox.orders import BOX, MIB, Limits, Run
from judge.sandbox.outcomes import Outcome
from judge.sandbox.running import Sandbox, run
from judge.sandbox.sealed import SealedFile
from judge.sandbox.spares import Sandboxes

__all__ = [
    "BOX",
    "MIB",
    "Limits",
    "Outcome",
    "Run",
    "RunStopped",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailable",
    "Sandboxes",
    "SealedFile",
    "run",
]
