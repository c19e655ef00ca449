"""Search, only within rooms that the person may read."""

from chat import search
from chat.models import Membership, Message, Room
from chat.queries.rooms import Person, Seat
from chat.roles import Action

FOUND_AT_MOST = 50


def search_messages(user: Person, words: str, *, seat: Seat | None = None) -> list[Message]:
    """Messages with all of the words, the newest first: in one room, else in all of the person's rooms."""
    if seat is not None:
        seat.require(Action.SEARCH)
        room_ids = [seat.room.pk]
    elif user.is_authenticated:
        mine = Membership.objects.filter(user=user).exclude(role=Membership.Role.BANNED)
        room_ids = list(mine.values_list("room_id", flat=True))
    else:
        room_ids = []
    ids = search.matching(words, room_ids, FOUND_AT_MOST)
    found = Message.objects.filter(pk__in=ids).select_related("room", "author").order_by("-pk")
    return list(found)


def room_of_topic(key: str) -> Room | None:
    """The room of a thing elsewhere in the house, where it was opened already."""
    return Room.objects.filter(key=key).first()
