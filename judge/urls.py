from django.urls import URLPattern, path

from judge.views import contests, problems, runs, submissions

app_name = "judge"
urlpatterns: list[URLPattern] = [
    path("", problems.problems, name="problems"),
    path("problems/<slug:slug>/", problems.problem, name="problem"),
    path("problems/<slug:slug>/submit/", problems.submit, name="submit"),
    path("problems/<slug:slug>/editorial/", problems.editorial, name="editorial"),
    path("problems/<slug:slug>/run/", runs.run, name="run"),
    path("runs/<int:run_id>/", runs.state, name="run_state"),
    path("leaderboard/", problems.leaderboard, name="leaderboard"),
    path("contests/", contests.contests, name="contests"),
    path("contests/<slug:slug>/", contests.contest, name="contest"),
    path("contests/<slug:slug>/join/", contests.join, name="contest_join"),
    path("submissions/", submissions.submissions, name="submissions"),
    path("submissions/<int:submission_id>/", submissions.submission, name="submission"),
    path("submissions/<int:submission_id>/cancel/", submissions.cancel, name="cancel"),
    path("submissions/<int:submission_id>/compare/", submissions.compare, name="compare"),
    path("submissions/<int:submission_id>/rejudge/", submissions.rejudge, name="rejudge"),
]
