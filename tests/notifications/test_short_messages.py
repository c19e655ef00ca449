"""The short way for short messages must say the same as autobahn's, and leave to it all that is not one."""

import random
import socket
import struct
import time
from typing import Any

import orjson
import pytest
from websockets.frames import Frame, Opcode

from notifications.streams.daphne import _short_message
from tests.notifications.live import cookie_of, make_reader
from tests.servers.web import WebServer


def masked(payload: bytes, opcode: Opcode = Opcode.TEXT, **flags: Any) -> bytes:
    return Frame(opcode, payload, **flags).serialize(mask=True)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 126, 127, 128, 65_535])
def test_whole_text_frames_are_read(size: int) -> None:
    text = random.Random(size).randbytes(size // 2).hex().encode().ljust(size, b".")
    assert _short_message(masked(text)) == text
    assert _short_message(Frame(Opcode.TEXT, text).serialize(mask=True)[:-1]) is None


def test_letters_of_all_scripts_are_read() -> None:
    text = "नमस्ते 🎉 €".encode()
    assert _short_message(masked(text)) == text


OTHERS = {
    "nothing": b"",
    "one byte": b"\x81",
    "no mask yet": b"\x81\x80",
    "no length yet": b"\x81\xfe\x00",
    "two messages": masked(b"a") + masked(b"b"),
    "a part": masked(b"abc")[:-1],
    "more than one": masked(b"abc") + b"x",
    "not masked": Frame(Opcode.TEXT, b"not masked").serialize(mask=False),
    "bytes": masked(b"bytes", Opcode.BINARY),
    "a beginning": masked(b"beginning", fin=False),
    "an end": masked(b"end", Opcode.CONT),
    "ping": masked(b"", Opcode.PING),
    "close": masked(b"", Opcode.CLOSE),
    "a reserved bit": b"\xc1" + masked(b"with a reserved bit")[1:],
    "no UTF-8": masked(b"\xff no UTF-8"),
    "a surrogate": masked("a surrogate \ud800".encode(errors="surrogatepass")),
    "16 bits for a length of 3": b"\x81\xfe" + struct.pack("!H", 3) + bytes(4) + b"abc",
    "64 bits for a length of 3": b"\x81\xff" + struct.pack("!Q", 3) + bytes(4) + b"abc",
    "64 KiB": masked(b"x" * 65_536),
}


@pytest.mark.parametrize("name", OTHERS)
def test_anything_else_is_not(name: str) -> None:
    assert _short_message(OTHERS[name]) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_calls_cut_into_pieces_of_any_size_are_all_answered(daphne: WebServer, seed: int) -> None:
    chance = random.Random(seed)
    address = ("127.0.0.1", daphne.port)
    with socket.create_connection(address, timeout=10) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = {
            "Host": "{}:{}".format(*address),
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            **cookie_of(make_reader()),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        line.sendall(f"GET /ws/ HTTP/1.1\r\n{lines}\r\n".encode())
        while not line.recv(4096).endswith(b"\r\n\r\n"):
            pass
        stream, frames = bytearray(), 200
        for id_ in range(frames):
            call = orjson.dumps(
                {"jsonrpc": "2.0", "id": id_, "method": "ping", "params": {"x": "é" * chance.choice((0, 9, 99))}}
            )
            cut = chance.randrange(len(call))
            if chance.random() < 0.3:
                pieces = [masked(call[:cut], fin=False), masked(b"", Opcode.PING), masked(call[cut:], Opcode.CONT)]
            else:
                pieces = [masked(call)]
            for piece in pieces:
                stream += piece
                if chance.random() < 0.5:
                    split = chance.randrange(len(stream) + 1)
                    line.sendall(stream[:split])
                    del stream[:split]
                    time.sleep(0.001)
        line.sendall(stream)
        answers = b""
        while answers.count(b'"result"') < frames:
            answers += line.recv(65536)
    places = [answers.index(b'"id":%d,' % id_) for id_ in range(frames)]
    assert places == sorted(places)
