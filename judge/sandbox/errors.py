"""What can go wrong with the sandbox itself. Never the fault of the program in it."""


class SandboxError(Exception):
    """A run that could not be carried out or watched: the judge's fault, to be tried again."""


class RunStopped(SandboxError):
    """Whoever started the run wanted it no more."""


class SandboxUnavailable(SandboxError):
    """This machine has no working sandbox, so nothing is run; the message says what is missing."""
