"""A mail server and an HTTP gateway that take everything at once, so that the senders are what is measured."""

import asyncio
import threading
import time

MAX_MAIL_BYTES = 4 * 1024 * 1024
"""A mail is read in one piece, with its attachments."""


class Sinks:
    """Both servers on one event loop in a thread; `mails` and `posts` hold (id, monotonic time) of what arrived."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, float]] = []
        self.posts: list[tuple[str, float]] = []
        self.mail_connections = 0
        self.smtp_port = self.http_port = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def forget(self) -> None:
        self.mails, self.posts, self.mail_connections = [], [], 0

    def _run(self, started: threading.Event) -> None:
        async def start() -> None:
            smtp = await asyncio.start_server(self._smtp, "127.0.0.1", 0, limit=MAX_MAIL_BYTES)
            http = await asyncio.start_server(self._http, "127.0.0.1", 0)
            self.smtp_port = smtp.sockets[0].getsockname()[1]
            self.http_port = http.sockets[0].getsockname()[1]
            started.set()
            await asyncio.gather(smtp.serve_forever(), http.serve_forever())

        self._loop.run_until_complete(start())

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.mail_connections += 1
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 taken\r\n")
                self.mails.append((_message_id(content), time.monotonic()))
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length, key = 0, ""
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"idempotency-key":
                    key = value.strip().decode()
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            self.posts.append((key, time.monotonic()))
        writer.close()


def _message_id(content: bytes) -> str:
    start = content.find(b"Message-ID: ")
    return content[start + 12 : content.find(b"\r\n", start)].decode() if start >= 0 else ""
