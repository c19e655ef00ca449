from django.conf import settings
from django.db import models
from django.db.models import Q

from judge.verdicts import State, Verdict


class CustomRun(models.Model):
    """Code run on an input of one's own: the submissions' sandbox and limits, no verdict of a problem."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="custom_runs")
    language = models.CharField(max_length=20)
    source = models.TextField()
    stdin = models.TextField(blank=True)
    queue = models.CharField(max_length=20)
    time_limit_ms = models.PositiveIntegerField()
    memory_limit_mib = models.PositiveIntegerField()
    output_limit_mib = models.PositiveIntegerField(default=8)
    context = models.CharField(
        max_length=200, blank=True, help_text="Who asked, as `<listener>:<key>`; the listener is told of the end."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    verdict = models.CharField(
        max_length=3, choices=Verdict, blank=True, help_text="AC for a run that ended well, whatever it wrote."
    )
    detail = models.CharField(max_length=200, blank=True)
    stdout = models.TextField(blank=True)
    stderr = models.TextField(blank=True)
    compiler_output = models.TextField(blank=True)
    cpu_ms = models.PositiveIntegerField(null=True, blank=True)
    memory_kib = models.PositiveIntegerField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=State.DONE) & ~Q(verdict="") | ~Q(state=State.DONE) & Q(verdict=""),
                name="custom_run_done_with_verdict",
            ),
        ]
        indexes = [
            # Serves the workers and the sweeper.
            models.Index(fields=["queue", "id"], condition=~Q(state="done"), name="custom_run_unfinished"),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def stream(self) -> str:
        return f"run:{self.pk}"

    @property
    def is_done(self) -> bool:
        return self.state == State.DONE
