"""Who may do what in a room: the one table, shown in docs/chat.md too."""

from enum import StrEnum


class Standing(StrEnum):
    """A person's role as it counts at this moment."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"
    MUTED = "muted"
    VISITOR = "visitor"
    """Signed in and not a member; of a public room only, since others do not show themselves to visitors."""
    BANNED = "banned"


class Action(StrEnum):
    """What can be done in a room."""

    READ = "read"
    SEARCH = "search"
    REPORT = "report"
    JOIN = "join"
    LEAVE = "leave"
    POST = "post"
    REACT = "react"
    EDIT_OWN = "edit_own"
    DELETE_OWN = "delete_own"
    UPLOAD = "upload"
    INVITE = "invite"
    MENTION_ROOM = "mention_room"
    PIN = "pin"
    DELETE_ANY = "delete_any"
    SEE_HISTORY = "see_history"
    MUTE = "mute"
    BAN = "ban"
    SLOW_MODE = "slow_mode"
    SEE_AUDIT = "see_audit"
    HANDLE_REPORTS = "handle_reports"
    DESCRIBE = "describe"
    ARCHIVE = "archive"
    SET_ROLE = "set_role"
    MANAGE_WEBHOOKS = "manage_webhooks"


_READING = {Standing.OWNER, Standing.MODERATOR, Standing.MEMBER, Standing.MUTED, Standing.VISITOR}
_INSIDE = _READING - {Standing.VISITOR}
_WRITING = _INSIDE - {Standing.MUTED}
_KEEPING = {Standing.OWNER, Standing.MODERATOR}
_OWNING = {Standing.OWNER}

TABLE: dict[Action, set[Standing]] = {
    Action.READ: _READING,
    Action.SEARCH: _READING,
    Action.REPORT: _READING,
    Action.JOIN: {Standing.VISITOR},
    Action.LEAVE: _INSIDE,
    Action.POST: _WRITING,
    Action.REACT: _WRITING,
    Action.EDIT_OWN: _WRITING,
    Action.DELETE_OWN: _INSIDE,
    Action.UPLOAD: _WRITING,
    Action.INVITE: _WRITING,
    Action.MENTION_ROOM: _KEEPING,
    Action.PIN: _KEEPING,
    Action.DELETE_ANY: _KEEPING,
    Action.SEE_HISTORY: _KEEPING,
    Action.MUTE: _KEEPING,
    Action.BAN: _KEEPING,
    Action.SLOW_MODE: _KEEPING,
    Action.SEE_AUDIT: _KEEPING,
    Action.HANDLE_REPORTS: _KEEPING,
    Action.DESCRIBE: _OWNING,
    Action.ARCHIVE: _OWNING,
    Action.SET_ROLE: _OWNING,
    Action.MANAGE_WEBHOOKS: _OWNING,
}

READ_ONLY_ACTIONS = {Action.READ, Action.SEARCH, Action.LEAVE, Action.SEE_HISTORY, Action.SEE_AUDIT, Action.ARCHIVE}
"""What stays possible in an archived room (archiving is also what takes it out of the archive)."""


def may(standing: Standing, action: Action) -> bool:
    return standing in TABLE[action]
