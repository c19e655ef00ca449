"""Whether there are other server processes: where one serves all, news need not go through Redis and come back."""

from collections.abc import Callable

HELLO_SECONDS = 1.0
"""Between two words of a hub that it is there."""

SILENCE_SECONDS = 5.0
"""For how long nothing was heard of another hub before there is none."""


class Neighbours:
    """Knows the other hubs by what each says of itself once in HELLO_SECONDS. Pure, no I/O.

    Who errs on the side of being alone costs the others a second or two, until their next check of the streams' tails;
    so only a hub that hears itself believes the silence.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._others_until = self._ours_until = 0.0

    def hear(self, *, is_own: bool) -> None:
        """A hub says that it is there, this one (`is_own`) or another."""
        now = self._clock()
        # Where the line is new or was cut, whoever else is there has had no chance to say so.
        if not is_own or now > self._ours_until:
            self._others_until = now + SILENCE_SECONDS
        if is_own:
            self._ours_until = now + 3 * HELLO_SECONDS

    @property
    def is_alone(self) -> bool:
        """May be asked from any thread."""
        return self._others_until < self._clock() < self._ours_until
