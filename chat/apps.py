from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import queries
        from notifications import kinds, streams

        streams.register("room", queries.may_read_room)
        kinds.register(
            kinds.Kind(
                name="chat_mention",
                label="Mentions and answers",
                channels=(),
                templates="chat/notify/mention",
                sample={"author": "Ravi", "room": "General", "text": "@asha shall we?"},
            )
        )
        kinds.register(
            kinds.Kind(
                name="chat_report",
                label="Reports to moderators",
                channels=(),
                templates="chat/notify/report",
                sample={
                    "reporter": "Meera",
                    "author": "Ravi",
                    "room": "General",
                    "reason": "Advertising",
                    "text": "Buy now!",
                },
            )
        )
        kinds.register(
            kinds.Kind(
                name="chat_invitation",
                label="Invitations to rooms",
                channels=("email",),
                templates="chat/notify/invitation",
                sample={"inviter": "Ravi", "room": "Rust readers"},
            )
        )
        kinds.register(
            kinds.Kind(
                name="chat_digest",
                label="What you missed in chat",
                channels=("email",),
                templates="chat/notify/digest",
                sample={
                    "count": 3,
                    "rooms": ["General", "Rust readers"],
                    "items": [{"author": "Ravi", "room": "General", "text": "@asha shall we?"}],
                },
            )
        )
