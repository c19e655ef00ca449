import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from judge.models.contests import Participation
from judge.models.problems import Problem
from judge.verdicts import State, Verdict


class Submission(models.Model):
    """Code that someone handed in, and what became of it. This row decides; jobs on the queues only wake workers."""

    class Queue(models.TextChoices):
        PREMIUM = "judge-premium", "Premium"
        FREE = "judge-free", "Free"

    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="submissions")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions")
    participation = models.ForeignKey(
        Participation, on_delete=models.SET_NULL, null=True, blank=True, related_name="submissions"
    )
    language = models.CharField(max_length=20)
    source = models.TextField()
    queue = models.CharField(max_length=20, choices=Queue)
    idempotency_key = models.CharField(max_length=64, blank=True, help_text="Of the call: a retry adds none.")
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    waiting_reason = models.CharField(max_length=200, blank=True, help_text="Why no worker can take it.")
    claim = models.UUIDField(null=True, blank=True, help_text="The run that may write the verdict.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Afterwards the run counts as lost.")
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)

    tests_total = models.PositiveSmallIntegerField(default=0)
    tests_done = models.PositiveSmallIntegerField(default=0)
    verdict = models.CharField(max_length=3, choices=Verdict, blank=True)
    failed_test = models.PositiveSmallIntegerField(null=True, blank=True)
    points = models.PositiveSmallIntegerField(default=0)
    points_total = models.PositiveSmallIntegerField(default=0)
    cpu_ms = models.PositiveIntegerField(null=True, blank=True, help_text="Of the slowest test.")
    memory_kib = models.PositiveIntegerField(null=True, blank=True, help_text="Of the hungriest test.")
    detail = models.CharField(max_length=200, blank=True, help_text="The signal or the exit code, in words.")
    compiler_output = models.TextField(blank=True)
    toolchain = models.CharField(max_length=120, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=State.DONE) & ~Q(verdict="") & Q(finished_at__isnull=False)
                | ~Q(state=State.DONE) & Q(verdict="") & Q(finished_at__isnull=True),
                name="submission_done_with_verdict",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.COMPILING, State.RUNNING])
                | Q(claim__isnull=False, lease_until__isnull=False),
                name="submission_started_with_claim",
            ),
            models.CheckConstraint(
                condition=Q(tests_done__lte=F("tests_total")), name="submission_tests_done_bounded"
            ),
            models.UniqueConstraint(
                fields=["author", "idempotency_key"], condition=~Q(idempotency_key=""), name="submission_key_once"
            ),
        ]
        indexes = [
            # Serves "my submissions", of all problems and of one.
            models.Index(fields=["author", "-id"], name="submission_by_author"),
            models.Index(fields=["problem", "verdict", "author"], name="submission_by_problem"),
            # Serves the workers and the sweeper: what is not done yet.
            models.Index(fields=["queue", "id"], condition=~Q(state="done"), name="submission_unfinished"),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("judge:submission", args=[self.pk])

    @property
    def stream(self) -> str:
        return f"submission:{self.pk}"

    @property
    def is_done(self) -> bool:
        return self.state == State.DONE

    def is_claimed_by(self, claim: uuid.UUID) -> bool:
        return self.claim == claim and not self.is_done


class TestResult(models.Model):
    """What one test gave."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="results")
    number = models.PositiveSmallIntegerField()
    is_sample = models.BooleanField(default=False)
    verdict = models.CharField(max_length=3, choices=Verdict)
    cpu_ms = models.PositiveIntegerField()
    wall_ms = models.PositiveIntegerField()
    memory_kib = models.PositiveIntegerField()
    detail = models.CharField(max_length=200, blank=True)
    output = models.TextField(blank=True, help_text="The start of what it wrote; kept for samples alone.")
    stderr = models.TextField(blank=True, help_text="The start of its complaints; kept for samples alone.")

    class Meta:
        ordering = ["submission_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "number"], name="test_result_once"),
        ]

    def __str__(self) -> str:
        return f"Test {self.number} of submission {self.submission_id}"


class PastVerdict(models.Model):
    """A verdict from before a rejudge."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="past_verdicts")
    verdict = models.CharField(max_length=3, choices=Verdict)
    points = models.PositiveSmallIntegerField(default=0)
    failed_test = models.PositiveSmallIntegerField(null=True, blank=True)
    cpu_ms = models.PositiveIntegerField(null=True, blank=True)
    memory_kib = models.PositiveIntegerField(null=True, blank=True)
    judged_at = models.DateTimeField()
    replaced_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verdict} of submission {self.submission_id}, before a rejudge"


class Turn(models.Model):
    """When a person's code was last taken up: the queues serve those first who waited longest for a turn."""

    author = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="judge_turn")
    served_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Turn of user {self.author_id}"
