from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from judge.models.problems import Problem


class Contest(models.Model):
    """Problems to be solved between two moments, against others."""

    class Scoring(models.TextChoices):
        ICPC = "icpc", "ICPC: problems solved, then penalty minutes"
        POINTS = "points", "Points: the best submission for each problem"

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True, help_text="Markdown.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    scoring = models.CharField(max_length=8, choices=Scoring, default=Scoring.ICPC)
    freeze_minutes = models.PositiveIntegerField(
        default=0, help_text="For so long before the end the scoreboard does not move."
    )
    prizes_paise = models.JSONField(
        default=list, blank=True, help_text="For the first, the second, …; equal ranks share theirs."
    )
    is_published = models.BooleanField(default=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When the result stood and prizes were paid.")

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="contest_ends_after_start"),
        ]
        indexes = [
            # Serves the clock: which contests are over and not closed.
            models.Index(fields=["ends_at"], condition=Q(closed_at__isnull=True), name="contest_open"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("judge:contest", args=[self.slug])

    @property
    def stream(self) -> str:
        return f"contest:{self.pk}"

    @property
    def freezes_at(self) -> datetime:
        return self.ends_at - timedelta(minutes=self.freeze_minutes)

    def has_started(self, now: datetime) -> bool:
        return self.starts_at <= now

    def is_over(self, now: datetime) -> bool:
        return self.ends_at <= now

    def is_running(self, now: datetime) -> bool:
        return self.has_started(now) and not self.is_over(now)

    def is_frozen(self, now: datetime) -> bool:
        """Whether the scoreboard stands still; until the result stands."""
        return bool(self.freeze_minutes) and self.freezes_at <= now and self.closed_at is None


class ContestProblem(models.Model):
    """A problem in a contest, by its letter."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="entries")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="contest_entries")
    letter = models.CharField(max_length=2)

    class Meta:
        ordering = ["contest_id", "letter"]
        constraints = [
            models.UniqueConstraint(fields=["contest", "letter"], name="contest_letter_once"),
            models.UniqueConstraint(fields=["contest", "problem"], name="contest_problem_once"),
        ]

    def __str__(self) -> str:
        return f"{self.letter} of contest {self.contest_id}"


class Participation(models.Model):
    """Someone's part in a contest; a virtual one is run by itself, on a clock of its own, after the contest."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="participations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="participations")
    is_virtual = models.BooleanField(default=False)
    starts_at = models.DateTimeField(help_text="The contest's start, or one's own.")
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "user"], name="contest_participation_once"),
        ]
        indexes = [
            # Serves handing in: the contests that one is in now.
            models.Index(fields=["user", "ends_at"], name="participation_of_user"),
        ]

    def __str__(self) -> str:
        return f"User {self.user_id} in contest {self.contest_id}"
