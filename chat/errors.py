"""What chat refuses, each with its code."""

from notifications.errors import AppError


class ChatError(AppError):
    """Base of the refusals of `chat`."""


class RoomNotFound(ChatError):
    """No such room, or one that this person may not know of: the two answer alike."""

    code = "room_not_found"
    status = 404
    message = "There is no such room."


class MessageNotFound(ChatError):
    code = "message_not_found"
    status = 404
    message = "There is no such message."


class Banned(ChatError):
    code = "banned"
    status = 403
    message = "You are banned from this room."


class NotAllowed(ChatError):
    """The person's role does not cover the action: see `chat.roles.TABLE`."""

    code = "not_allowed"
    status = 403
    message = "Your role in this room does not allow that."


class NotAMember(ChatError):
    code = "not_a_member"
    status = 403
    message = "Join the room to write in it."


class Muted(ChatError):
    """Details: `until`, the time (ISO 8601) at which writing is allowed again."""

    code = "muted"
    status = 403
    message = "You are muted in this room."


class RoomArchived(ChatError):
    code = "room_archived"
    status = 409
    message = "This room is archived: it can be read, not written in."


class EmptyMessage(ChatError):
    code = "message_empty"
    status = 422
    message = "Write something first."


class MessageTooLong(ChatError):
    """Details: `max_bytes`."""

    code = "message_too_long"
    status = 422
    message = "That message is too long: at most 8 KiB of text."


class InvalidMessage(ChatError):
    """A field of the call is missing or of the wrong shape; the message names it."""

    code = "message_invalid"
    status = 422
    message = "That message is not well formed."


class ClientIdReused(ChatError):
    """The sender used this client_id for a message in another room."""

    code = "client_id_reused"
    status = 409
    message = "This client_id belongs to another message."


class TooFast(ChatError):
    """Details: `retry_after_seconds`."""

    code = "too_fast"
    status = 429
    message = "You are sending too fast."


class TooManyMentions(ChatError):
    """Details: `max_mentions`."""

    code = "too_many_mentions"
    status = 422
    message = "That message mentions too many people at once."


class MessageDeleted(ChatError):
    code = "message_deleted"
    status = 409
    message = "That message was deleted."


class UnknownEmoji(ChatError):
    code = "unknown_emoji"
    status = 422
    message = "That is not one of the reactions."


class TooManyReactions(ChatError):
    code = "too_many_reactions"
    status = 409
    message = "That message has as many different reactions as it can hold."


class TooManyPins(ChatError):
    code = "too_many_pins"
    status = 409
    message = "The room has as many pins as it can hold. Unpin something first."


class InvalidRoom(ChatError):
    """A name, description or setting of a room is not acceptable; the message says which."""

    code = "room_invalid"
    status = 422
    message = "That is not a valid room."


class InvitationInvalid(ChatError):
    """It was never made, has expired, was revoked or used up, or is someone else's: all answer alike."""

    code = "invitation_invalid"
    status = 404
    message = "This invitation does not work any more. Ask for a new one."


class PersonNotFound(ChatError):
    code = "person_not_found"
    status = 404
    message = "There is no one of that name."


class LastOwner(ChatError):
    code = "last_owner"
    status = 409
    message = "A room needs an owner. Make someone else an owner first."


class AlreadyReported(ChatError):
    code = "already_reported"
    status = 409
    message = "You reported this message already."


class FileTooLarge(ChatError):
    """Details: `max_bytes`."""

    code = "file_too_large"
    status = 413
    message = "That file is too large."


class FileTypeRefused(ChatError):
    code = "file_type_refused"
    status = 415
    message = "Files of this type cannot be attached."


class FileNotFound(ChatError):
    code = "file_not_found"
    status = 404
    message = "There is no such file."


class WebhookInvalid(ChatError):
    """The address was never made, or was disabled."""

    code = "webhook_invalid"
    status = 404
    message = "There is no such webhook."


class UnknownCommand(ChatError):
    code = "unknown_command"
    status = 422
    message = "There is no such command. Type / to see those there are."


class InvalidCommand(ChatError):
    """The command's arguments are not of its form; the message says what they look like."""

    code = "command_invalid"
    status = 422
    message = "The command is not complete."


class InvalidCall(ChatError):
    """A parameter of a call is missing or of the wrong form; the message names it."""

    code = "invalid_params"
    status = 422
    message = "A parameter is missing or not well formed."
