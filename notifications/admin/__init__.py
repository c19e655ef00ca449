"""What staff see of `notifications`."""

from notifications.admin import deliveries, events

__all__ = ["deliveries", "events"]
