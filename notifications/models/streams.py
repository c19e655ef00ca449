from django.db import models


class Stream(models.Model):
    """A named, numbered log of events. Its row's lock is what puts writers in order."""

    name = models.CharField(max_length=120, unique=True)
    last_seq = models.BigIntegerField(default=0, help_text="The number of the newest event.")
    trimmed_seq = models.BigIntegerField(default=0, help_text="Events up to this number are no longer kept.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(trimmed_seq__gte=0, trimmed_seq__lte=models.F("last_seq")),
                name="stream_trimmed_within_log",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """One event of a stream. Rows are only ever added, and trimmed from the oldest."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="events")
    seq = models.BigIntegerField()
    type = models.CharField(max_length=60)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            # Serves every read: what follows `after` in one stream, in order.
            models.UniqueConstraint(fields=["stream", "seq"], name="event_seq_unique_in_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.stream_id}#{self.seq} {self.type}"
