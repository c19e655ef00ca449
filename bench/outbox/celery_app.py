"""The same deliveries as one would write them with Celery: a task for each loads, renders, sends and records."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import requests  # noqa: E402
from celery import Celery  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.mail import EmailMultiAlternatives  # noqa: E402
from django.utils import timezone  # noqa: E402

from notifications import kinds  # noqa: E402
from notifications.models import Delivery, State  # noqa: E402
from notifications.rendering import render  # noqa: E402

app = Celery("bench", broker=f"redis+socket://{os.environ['BENCH_REDIS_SOCKET']}")
app.conf.task_ignore_result = True
app.conf.task_acks_late = True
app.conf.worker_hijack_root_logger = False
app.conf.broker_connection_retry_on_startup = True


@app.task
def deliver_one(delivery_id: int) -> None:
    delivery = Delivery.objects.select_related("notification__user__contact").get(pk=delivery_id)
    if delivery.state != State.PENDING:
        return
    notification = delivery.notification
    user, kind = notification.user, kinds.get(notification.kind)
    words = render(delivery.channel, kind, notification, user.contact)
    if delivery.channel == "email":
        target = user.email
        mail = EmailMultiAlternatives(
            words.subject, words.body, to=[target], headers={"Message-ID": f"<chowk-delivery-{delivery_id}@localhost>"}
        )
        mail.attach_alternative(words.html, "text/html")
        mail.send()
    else:
        target = user.contact.phone
        requests.post(
            settings.SMS_GATEWAY_URL,
            data=json.dumps({"id": delivery_id, "to": target, "text": words.body}),
            headers={"Idempotency-Key": f"chowk-delivery-{delivery_id}"},
            timeout=20,
        ).raise_for_status()
    Delivery.objects.filter(pk=delivery_id).update(
        state=State.SENT,
        due_at=None,
        sent_at=timezone.now(),
        target=target,
        subject=words.subject,
        body=words.body,
        attempt_count=1,
    )
