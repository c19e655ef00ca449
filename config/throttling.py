"""The API's pace: one person's, over the whole fleet."""

import redis
from django.http import HttpRequest
from ninja.throttling import AuthRateThrottle

from notifications.pace import Pace


class FleetRateThrottle(AuthRateThrottle):
    """So many calls a second by one person, whichever server takes them. With Redis away nobody is kept waiting."""

    def __init__(self, rate: str) -> None:
        super().__init__(rate)
        self._pace = Pace("api", at_most=self.num_requests or 0, seconds=self.duration or 1)

    def allow_request(self, request: HttpRequest) -> bool:
        try:
            return self._pace.take(str(request.user.pk or self.get_ident(request)))
        except redis.RedisError:
            return True

    def wait(self) -> float:
        """Until the window has passed. All threads share one throttle, so it keeps nothing of the call it refused."""
        return float(self.duration or 1)
