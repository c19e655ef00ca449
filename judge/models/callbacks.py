from django.db import models
from django.db.models import Q

from judge.models.submissions import Submission


class Callback(models.Model):
    """Where a program wants to be told of a submission's verdict, and what came of the last try."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="callback")
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=100, help_text="Base64 with the prefix whsec_, as standard-webhooks has it.")
    round = models.PositiveIntegerField(default=0, help_text="Verdicts so far: a rejudge brings another.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="When to post; empty before the verdict and after.")
    attempt_count = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The HTTP status last answered.")
    answer = models.CharField(max_length=500, blank=True, help_text="The beginning of what was last answered.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(due_at=None) | Q(sent_at=None), name="callback_sent_or_due"),
        ]
        indexes = [
            # Serves the worker and the sweeper: what is to be posted.
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="callback_due"),
        ]

    def __str__(self) -> str:
        return f"Callback of submission {self.submission_id}"
