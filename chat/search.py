"""Full-text search over messages: PostgreSQL's search and SQLite's FTS5 behind `matching` alone.

PostgreSQL keeps a generated tsvector column with a GIN index, SQLite a table of FTS5 whose content is chat_message
and which triggers keep in step (migration 0003). Both find whole words, and the last word by its beginning.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from django.db import connection

MAX_WORDS = 8

_POSTGRESQL = """
    SELECT id FROM chat_message
    WHERE search @@ to_tsquery('simple', %s) AND room_id = ANY(%s) AND deleted_at IS NULL
"""
_RECENT = """
    SELECT id FROM chat_message
    WHERE search @@ to_tsquery('simple', %s) AND room_id = ANY(%s) AND deleted_at IS NULL
        AND id > (SELECT max(id) FROM chat_message) - %s
    ORDER BY id DESC LIMIT %s
"""
RECENT_ROWS = 20_000
"""The newest rows, which are looked through first: a common word fills a page there, and its index is not asked."""
RARE = 2000
"""Up to so many matches are fetched by the words' index and sorted; common words are found from the newest row on."""
_SQLITE = """
    SELECT m.id FROM chat_message_search s JOIN chat_message m ON m.id = s.rowid
    WHERE chat_message_search MATCH %s AND m.room_id IN ({rooms}) AND m.deleted_at IS NULL
    ORDER BY s.rowid DESC LIMIT %s
"""


def matching(words: str, room_ids: Sequence[int], limit: int) -> list[int]:
    """The ids of the messages in these rooms with all of the words, the newest first."""
    terms = words_in(words)[:MAX_WORDS]
    if not terms or not room_ids:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            query = " & ".join([*terms[:-1], f"{terms[-1]}:*"])
            cursor.execute(_RECENT, [query, list(room_ids), RECENT_ROWS, limit])
            ids = [row[0] for row in cursor.fetchall()]
            if len(ids) == limit:
                return ids
            # Asked for the newest at once, PostgreSQL walks the whole table back for a word that is rare.
            cursor.execute(f"{_POSTGRESQL} LIMIT %s", [query, list(room_ids), RARE + 1])
            ids = [row[0] for row in cursor.fetchall()]
            if len(ids) <= RARE:
                return sorted(ids, reverse=True)[:limit]
            cursor.execute(f"{_POSTGRESQL} ORDER BY id DESC LIMIT %s", [query, list(room_ids), limit])
        else:
            query = " ".join([*(f'"{term}"' for term in terms[:-1]), f'"{terms[-1]}"*'])
            rooms = ", ".join(["%s"] * len(room_ids))
            cursor.execute(_SQLITE.format(rooms=rooms), [query, *room_ids, limit])
        return [row[0] for row in cursor.fetchall()]


def passage(text: str, words: str, *, max_chars: int = 220) -> list[tuple[str, bool]]:
    """The part of a text around the first of the words found in it, in pieces; True marks those that were found."""
    text = " ".join(text.split())
    terms = words_in(words)[:MAX_WORDS]
    if not terms:
        return [(text[:max_chars], False)]
    last = re.escape(terms[-1]) + r"\w*"
    wanted = re.compile(rf"(?<!\w)(?:{'|'.join([*map(re.escape, terms[:-1]), last])})(?!\w)", re.IGNORECASE)
    first = wanted.search(text)
    start = max(0, first.start() - max_chars // 3) if first else 0
    part = ("…" if start else "") + text[start : start + max_chars] + ("…" if start + max_chars < len(text) else "")
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in wanted.finditer(part):
        pieces += [(part[end : found.start()], False), (found[0], True)]
        end = found.end()
    return [piece for piece in (*pieces, (part[end:], False)) if piece[0]]


def words_in(text: str) -> list[str]:
    """Runs of letters, digits and marks, which is what many scripts write their vowels as."""
    runs = groupby(text.lower(), key=lambda letter: unicodedata.category(letter)[0] in "LNM")
    return ["".join(letters) for is_word, letters in runs if is_word]
