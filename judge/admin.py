from contextlib import suppress

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from judge import services
from judge.errors import NotCancellable
from judge.models import (
    Contest,
    ContestProblem,
    CustomRun,
    Participation,
    PastVerdict,
    Problem,
    Program,
    Submission,
    Test,
    TestGroup,
    TestResult,
    Turn,
)


class ReadOnly(admin.ModelAdmin):
    """What the judge writes by itself: to look at, not to change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class TestGroupInline(admin.TabularInline):
    model = TestGroup
    extra = 0
    fields = ("number", "name", "points", "is_sample")


class ProgramInline(admin.TabularInline):
    model = Program
    extra = 0
    fields = ("kind", "name", "language", "expected")
    show_change_link = True


@admin.register(Problem)
class ProblemAdmin(admin.ModelAdmin):
    list_display = ("title", "slug", "difficulty", "time_limit_ms", "memory_limit_mib", "checker", "is_published")
    list_filter = ("is_published", "difficulty", "checker", "is_interactive")
    list_editable = ("is_published",)
    search_fields = ("title", "slug")
    readonly_fields = ("tests_version", "created_at", "updated_at")
    prepopulated_fields = {"slug": ("title",)}
    inlines = (TestGroupInline, ProgramInline)
    actions = ("rejudge_chosen",)

    @admin.action(description="Judge all submissions again (old verdicts are kept)", permissions=["change"])
    def rejudge_chosen(self, request: HttpRequest, queryset: QuerySet[Problem]) -> None:
        count = sum(services.rejudge_problem(problem) for problem in queryset)
        self.message_user(request, f"{count} submissions are judged again.")


@admin.register(TestGroup)
class TestGroupAdmin(admin.ModelAdmin):
    list_display = ("problem", "number", "name", "points", "is_sample")
    list_filter = ("is_sample",)
    search_fields = ("problem__title", "problem__slug", "name")
    autocomplete_fields = ("problem",)


@admin.register(Test)
class TestAdmin(admin.ModelAdmin):
    list_display = ("problem", "number", "name", "group")
    list_filter = ("group__is_sample",)
    list_select_related = ("problem", "group")
    search_fields = ("problem__title", "problem__slug", "name")
    autocomplete_fields = ("problem", "group")


@admin.register(Program)
class ProgramAdmin(admin.ModelAdmin):
    list_display = ("problem", "kind", "name", "language", "expected")
    list_filter = ("kind", "language")
    list_select_related = ("problem",)
    search_fields = ("problem__title", "problem__slug", "name")
    autocomplete_fields = ("problem",)


class TestResultInline(admin.TabularInline):
    model = TestResult
    extra = 0
    can_delete = False
    fields = ("number", "verdict", "cpu_ms", "wall_ms", "memory_kib", "detail")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Submission)
class SubmissionAdmin(ReadOnly):
    list_display = ("id", "problem", "author", "language", "queue", "state", "verdict", "cpu_ms", "created_at")
    list_filter = ("state", "verdict", "queue", "language", "created_at")
    list_select_related = ("problem", "author")
    search_fields = ("author__username", "problem__title", "problem__slug", "=id")
    date_hierarchy = "created_at"
    inlines = (TestResultInline,)
    actions = ("rejudge_chosen", "cancel_chosen")

    def has_rejudge_permission(self, request: HttpRequest) -> bool:
        """The rows are read-only; what is done with them goes by the right to change."""
        return request.user.has_perm("judge.change_submission")

    @admin.action(description="Judge again (the old verdict is kept)", permissions=["rejudge"])
    def rejudge_chosen(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        count = sum(services.rejudge(submission) for submission in queryset.order_by("id"))
        self.message_user(request, f"{count} submissions are judged again.")

    @admin.action(description="Cancel", permissions=["rejudge"])
    def cancel_chosen(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        count = 0
        for submission in queryset:
            with suppress(NotCancellable):
                services.cancel_submission(submission=submission)
                count += 1
        self.message_user(request, f"{count} submissions are cancelled.")


@admin.register(TestResult)
class TestResultAdmin(ReadOnly):
    list_display = ("submission", "number", "verdict", "cpu_ms", "wall_ms", "memory_kib")
    list_filter = ("verdict", "is_sample")
    search_fields = ("=submission__id",)


@admin.register(PastVerdict)
class PastVerdictAdmin(ReadOnly):
    list_display = ("submission", "verdict", "points", "judged_at", "replaced_at")
    list_filter = ("verdict",)
    search_fields = ("=submission__id", "submission__author__username")


class ContestProblemInline(admin.TabularInline):
    model = ContestProblem
    extra = 1
    autocomplete_fields = ("problem",)


@admin.register(Contest)
class ContestAdmin(admin.ModelAdmin):
    list_display = ("title", "starts_at", "ends_at", "scoring", "is_published", "closed_at")
    list_filter = ("scoring", "is_published")
    search_fields = ("title", "slug")
    readonly_fields = ("closed_at",)
    prepopulated_fields = {"slug": ("title",)}
    inlines = (ContestProblemInline,)


@admin.register(ContestProblem)
class ContestProblemAdmin(admin.ModelAdmin):
    list_display = ("contest", "letter", "problem")
    list_select_related = ("contest", "problem")
    search_fields = ("contest__title", "problem__title")
    autocomplete_fields = ("contest", "problem")


@admin.register(Participation)
class ParticipationAdmin(ReadOnly):
    list_display = ("contest", "user", "is_virtual", "starts_at", "ends_at")
    list_filter = ("is_virtual", "contest")
    list_select_related = ("contest", "user")
    search_fields = ("user__username", "contest__title")


@admin.register(CustomRun)
class CustomRunAdmin(ReadOnly):
    list_display = ("id", "author", "language", "queue", "state", "verdict", "cpu_ms", "created_at")
    list_filter = ("state", "verdict", "queue", "language")
    list_select_related = ("author",)
    search_fields = ("author__username", "=id", "context")


@admin.register(Turn)
class TurnAdmin(ReadOnly):
    list_display = ("author", "served_at")
    search_fields = ("author__username",)
