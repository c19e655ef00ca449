"""The ways to reach people, a folder each."""

from notifications.channels.base import Channel
from notifications.channels.email.adapter import EmailChannel
from notifications.channels.push.adapter import PushChannel
from notifications.channels.sms.adapter import SmsChannel

_CHANNELS: dict[str, Channel] = {channel.name: channel for channel in (EmailChannel(), SmsChannel(), PushChannel())}


def get(name: str) -> Channel:
    """The channel of that name. Raises KeyError."""
    return _CHANNELS[name]
