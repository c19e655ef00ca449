from datetime import timedelta

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from anymail.signals import tracking

        from notifications import audiences, kinds, streams
        from notifications.channels.email.bounces import note_tracking
        from notifications.events import Subscriber, audit, describe, metrics, register
        from notifications.queries import may_read_inbox
        from notifications.webhooks import fanning

        streams.register("inbox", may_read_inbox)
        audiences.register(audiences.groups())
        tracking.connect(note_tracking, dispatch_uid="notifications.bounces")
        describe("announcement.sent", "An announcement went out", staff_only=True)
        register(Subscriber(name="audit", queue="audit", handle=audit.keep))
        register(
            Subscriber(name="metrics", queue="metrics", handle=metrics.count_events, forget=metrics.forget_events)
        )
        register(Subscriber(name="webhooks", queue="webhooks", handle=fanning.fan_out))
        kinds.register(
            kinds.Kind(
                name="test_message",
                label="Test message",
                channels=kinds.CHANNELS,
                templates="notifications/notify/test_message",
                sample={"subject": "A test message from Chowk", "text": "If you can read it, this channel works."},
            )
        )
        kinds.register(
            kinds.Kind(
                name="phone_code",
                label="Code for a phone number",
                channels=("sms",),
                templates="notifications/notify/phone_code",
                sample={"to": "+91 98765 43210", "code": "123456"},
                security=True,
                secret=True,
                address_key="to",
                expires_after=timedelta(minutes=10),
            )
        )
        kinds.register(
            kinds.Kind(
                name="email_code",
                label="Code for an e-mail address",
                channels=("email",),
                templates="notifications/notify/email_code",
                sample={"to": "asha@example.com", "code": "123456"},
                security=True,
                secret=True,
                address_key="to",
                expires_after=timedelta(minutes=10),
            )
        )
        kinds.register(
            kinds.Kind(
                name="digest",
                label="The day in one e-mail",
                channels=("email",),
                templates="notifications/notify/digest",
                sample={
                    "items": [
                        {
                            "title": "Ravi Kumar sent you ₹250.00",
                            "text": "Chai",
                            "url": "https://chowk.example/wallet/",
                        },
                        {"title": "Meera mentioned you in General", "text": "Shall we?", "url": ""},
                    ]
                },
            )
        )
        kinds.register(
            kinds.Kind(
                name="announcement",
                label="Announcement",
                channels=kinds.CHANNELS,
                templates="notifications/notify/announcement",
                sample={"title": "Contest on Sunday", "text": "Ten problems, three hours.\n\nCome early."},
            )
        )
