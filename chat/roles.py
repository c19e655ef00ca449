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
    STAFF = "staff"
    """Runs the site and is not in the room; of a public room only, where staff who are in it count as owners."""


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


_INSIDE = {Standing.OWNER, Standing.MODERATOR, Standing.MEMBER, Standing.MUTED}
_READING = _INSIDE | {Standing.VISITOR, Standing.STAFF}
_WRITING = _INSIDE - {Standing.MUTED}
_CALLING = {Standing.OWNER, Standing.MODERATOR}
_KEEPING = _CALLING | {Standing.STAFF}
_OWNING = {Standing.OWNER, Standing.STAFF}

TABLE: dict[Action, set[Standing]] = {
    Action.READ: _READING,
    Action.SEARCH: _READING,
    Action.REPORT: _READING,
    Action.JOIN: {Standing.VISITOR, Standing.STAFF},
    Action.LEAVE: _INSIDE,
    Action.POST: _WRITING,
    Action.REACT: _WRITING,
    Action.EDIT_OWN: _WRITING,
    Action.DELETE_OWN: _INSIDE,
    Action.UPLOAD: _WRITING,
    Action.INVITE: _WRITING,
    Action.MENTION_ROOM: _CALLING,
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


_RANK = {"banned": 0, "member": 1, "moderator": 2, "owner": 3}
_STAFF_RANK = 4


def standing_of(role: str | None, *, is_muted: bool, is_staff: bool) -> Standing:
    """How a role counts: None is that of someone who is not in the room, `is_staff` is for public rooms alone.

    Staff keep every public room, so that one of which nobody is an owner (about a problem or a contest, or left behind
    by a closed account) is kept all the same. A muted moderator counts as muted; an owner cannot be muted.
    """
    if is_staff:
        return Standing.STAFF if role in (None, Standing.BANNED) else Standing.OWNER
    if role is None:
        return Standing.VISITOR
    return Standing.MUTED if is_muted and role in (Standing.MODERATOR, Standing.MEMBER) else Standing(role)


def rank(role: str | None, *, is_staff: bool) -> int:
    """One mutes and bans only those of a lower rank than one's own."""
    return _STAFF_RANK if is_staff else _RANK[role or Standing.MEMBER]
