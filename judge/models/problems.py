from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse


class Problem(models.Model):
    """A task with its limits; its tests are rows of their own."""

    class Difficulty(models.IntegerChoices):
        EASY = 1, "Easy"
        MEDIUM = 2, "Medium"
        HARD = 3, "Hard"

    class Checker(models.TextChoices):
        TOKENS = "tokens", "Tokens: white space does not count"
        LINES = "lines", "Lines: trailing white space does not count"
        FLOATS = "floats", "Tokens, numbers within a tolerance"
        UNORDERED = "unordered", "Lines in any order"
        CUSTOM = "custom", "A program of the problem's own"

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    statement = models.TextField(help_text="Markdown, with $maths$.")
    editorial = models.TextField(blank=True, help_text="Markdown; shown to those who solved the problem.")
    difficulty = models.PositiveSmallIntegerField(choices=Difficulty, default=Difficulty.EASY)
    tags = models.JSONField(default=list, blank=True)
    time_limit_ms = models.PositiveIntegerField(
        default=1000, validators=[MinValueValidator(100), MaxValueValidator(60_000)]
    )
    memory_limit_mib = models.PositiveIntegerField(
        default=256, validators=[MinValueValidator(16), MaxValueValidator(2048)]
    )
    output_limit_mib = models.PositiveIntegerField(default=8, validators=[MinValueValidator(1), MaxValueValidator(64)])
    checker = models.CharField(max_length=12, choices=Checker, default=Checker.TOKENS)
    checker_args = models.JSONField(default=dict, blank=True, help_text="Tolerances and flags of the checker.")
    is_interactive = models.BooleanField(default=False)
    is_published = models.BooleanField(default=True)
    source_note = models.CharField(max_length=200, blank=True, help_text="Author and licence.")
    tests_version = models.PositiveIntegerField(default=1, help_text="Rises when tests or limits change.")
    check_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when its package waits to be checked by its own solutions."
    )
    check_report = models.TextField(blank=True, help_text="What the last check found; what is good is published.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["difficulty", "title"]
        constraints = [
            models.CheckConstraint(
                condition=Q(time_limit_ms__gte=100, time_limit_ms__lte=60_000), name="problem_time_limit_sane"
            ),
            models.CheckConstraint(
                condition=Q(memory_limit_mib__gte=16, memory_limit_mib__lte=2048), name="problem_memory_limit_sane"
            ),
            models.CheckConstraint(
                condition=Q(output_limit_mib__gte=1, output_limit_mib__lte=64), name="problem_output_limit_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("judge:problem", args=[self.slug])


class TestGroup(models.Model):
    """Tests that are scored together: all of them right give its points."""

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="groups")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    points = models.PositiveSmallIntegerField(default=0)
    is_sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["problem_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["problem", "number"], name="test_group_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.problem_id}"


class Test(models.Model):
    """One input with its answer; both are hidden unless the group is the samples'."""

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="tests")
    group = models.ForeignKey(TestGroup, on_delete=models.CASCADE, related_name="tests")
    number = models.PositiveSmallIntegerField(help_text="From 1, in the order of running.")
    name = models.CharField(max_length=60)
    input = models.BinaryField()
    answer = models.BinaryField()
    explanation = models.TextField(blank=True)

    class Meta:
        ordering = ["problem_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["problem", "number"], name="test_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="test_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"Test {self.number} of {self.problem_id}"


class Program(models.Model):
    """Code that belongs to a problem: its checker, its interactor, its validators, and solutions to check it by."""

    class Kind(models.TextChoices):
        CHECKER = "checker", "Output validator"
        INTERACTOR = "interactor", "Interactor"
        VALIDATOR = "validator", "Input validator"
        SOLUTION = "solution", "Solution"

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="programs")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=20)
    source = models.TextField()
    expected = models.CharField(
        max_length=40, blank=True, help_text="For a solution: the verdict codes it may get, separated by blanks."
    )

    class Meta:
        ordering = ["problem_id", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["problem", "kind", "name"], name="program_name_once"),
            models.UniqueConstraint(
                fields=["problem"], condition=Q(kind__in=["checker", "interactor"]), name="one_judging_program"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.problem_id}"
