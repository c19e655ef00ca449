"""The way out to one socket, without a server."""

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from notifications.streams.daphne import DaphneOutlet


def test_no_data_follows_a_close_frame() -> None:
    async def scenario() -> None:
        sent: list[bytes] = []
        socket = SimpleNamespace(setsockopt=Mock(), send=lambda frame: sent.append(frame) or len(frame))
        transport: Any = Mock(socket=socket, _tempDataBuffer=[], dataBuffer=b"", connected=True)
        protocol = SimpleNamespace(STATE_OPEN=3, STATE_CLOSING=2, state=3)
        outlet = DaphneOutlet(protocol, transport)
        assert outlet.write_text(b"before")
        protocol.state = protocol.STATE_CLOSING  # the client's close frame was answered, by autobahn
        assert not outlet.write_text(b"after")
        assert [frame[2:] for frame in sent] == [b"before"]
        transport.write.assert_not_called()

    asyncio.run(scenario())
