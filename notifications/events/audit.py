"""The audit: every event in a chain of hashes. To change, remove or insert an entry breaks the chain from there."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from notifications.models import AuditEntry, DomainEvent

GENESIS = "0" * 64


def keep(news: Sequence[DomainEvent]) -> None:
    """Add the events to the chain. Those already in it (after a replay) are passed over."""
    last = AuditEntry.objects.order_by("-position").values_list("position", "hash").first()
    position, previous = last if last is not None else (0, GENESIS)
    entries = []
    for event in news:
        if event.position is None or event.position <= position:
            continue
        entry = AuditEntry(
            position=event.position,
            name=event.name,
            at=event.at,
            actor_id=event.actor_id,
            data=event.data,
            about=event.about,
            previous_hash=previous,
        )
        entry.hash = previous = hash_of(entry)
        entries.append(entry)
    AuditEntry.objects.bulk_create(entries)


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 over the previous hash and the entry as canonical JSON."""
    content: dict[str, Any] = {
        "position": entry.position,
        "name": entry.name,
        "at": entry.at.isoformat(),
        "actor_id": entry.actor_id,
        "data": entry.data,
        "about": entry.about,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{entry.previous_hash}\n{text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found: `broken_at` is the position of the first entry that does not fit, or None."""

    checked: int
    broken_at: int | None
    head: str


def verify() -> Verdict:
    """Walk the chain from the start. Keep `head` elsewhere to notice a chain that was cut off at its end."""
    previous, expected, checked = GENESIS, 1, 0
    for entry in AuditEntry.objects.order_by("position").iterator(chunk_size=1000):
        if entry.position != expected or entry.previous_hash != previous or entry.hash != hash_of(entry):
            return Verdict(checked, entry.position, previous)
        previous, expected, checked = entry.hash, expected + 1, checked + 1
    return Verdict(checked, None, previous)
