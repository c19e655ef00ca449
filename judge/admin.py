from contextlib import suppress
from pathlib import PurePath

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.text import slugify

from judge import services
from judge.errors import NotCancellable, PackageError
from judge.forms import ImportForm
from judge.models import (
    Callback,
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
from judge.packages import parse_package, read_zip
from judge.packages.sources import ZIP_BYTES
from judge.packages.writing import write_zip
from judge.services.problems import ask_for_check, import_package


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
    list_display = (
        "title", "slug", "difficulty", "time_limit_ms", "memory_limit_mib", "checker", "is_published", "self_check"
    )  # fmt: skip
    list_filter = ("is_published", "difficulty", "checker", "is_interactive")
    list_editable = ("is_published",)
    search_fields = ("title", "slug")
    readonly_fields = ("tests_version", "check_asked_at", "check_report", "created_at", "updated_at")
    prepopulated_fields = {"slug": ("title",)}
    inlines = (TestGroupInline, ProgramInline)
    actions = ("rejudge_chosen", "check_chosen", "export_chosen")
    change_list_template = "judge/admin/problems.html"

    @admin.display(description="Self-check")
    def self_check(self, problem: Problem) -> str:
        if problem.check_asked_at:
            return "being checked"
        return problem.check_report.split("\n", 1)[0][:80]

    def get_urls(self) -> list[URLPattern]:
        own = [path("import/", self.admin_site.admin_view(self.import_zip), name="judge_problem_import")]
        return [*own, *super().get_urls()]

    def import_zip(self, request: HttpRequest) -> HttpResponse:
        """Take a package in, unpublished; a worker runs its solutions, and publishes it if they get their verdicts."""
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            upload = form.cleaned_data["package"]
            try:
                package = parse_package(read_zip(upload.read(ZIP_BYTES + 1)), slug=slugify(PurePath(upload.name).stem))
                problem = import_package(package, is_published=False)
            except PackageError as error:
                form.add_error("package", str(error))
            else:
                ask_for_check(problem)
                self.log_addition(request, problem, "Imported from a package.")
                words = f"{problem.title} is imported with {problem.tests.count()} tests, not yet published: its own"
                self.message_user(request, f"{words} solutions are run first. What they get stands here.")
                return redirect("admin:judge_problem_change", problem.pk)
        context = {**self.admin_site.each_context(request), "form": form, "title": "Import a problem package"}
        context["opts"] = self.opts
        return render(request, "judge/admin/import.html", context, status=422 if form.is_bound else 200)

    @admin.action(description="Check by its own solutions, and publish what is good", permissions=["change"])
    def check_chosen(self, request: HttpRequest, queryset: QuerySet[Problem]) -> None:
        for problem in queryset:
            ask_for_check(problem)
        self.message_user(request, "The checks run; what they find stands with the problem.")

    @admin.action(description="Download as a problem package (zip)", permissions=["view"])
    def export_chosen(self, request: HttpRequest, queryset: QuerySet[Problem]) -> HttpResponse | None:
        if len(queryset) != 1:
            self.message_user(request, "Choose one problem to download.", level=messages.WARNING)
            return None
        problem = queryset[0]
        headers = {"Content-Disposition": f'attachment; filename="{problem.slug}.zip"'}
        return HttpResponse(write_zip(problem), content_type="application/zip", headers=headers)

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


@admin.register(Callback)
class CallbackAdmin(ReadOnly):
    list_display = ("submission", "url", "due_at", "attempt_count", "status", "sent_at")
    exclude = ("secret",)
    search_fields = ("=submission__id", "url")
