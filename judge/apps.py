from django.apps import AppConfig


class JudgeConfig(AppConfig):
    name = "judge"

    def ready(self) -> None:
        from judge import queries, scoreboards
        from judge.services.callbacks import EVENT
        from notifications import events, streams

        streams.register("submission", queries.may_read_submission, scope="judge:read")
        streams.register("contest", scoreboards.may_read_contest, scope="judge:read")
        streams.register("run", queries.may_read_run, scope="judge:read")
        events.describe(EVENT, "A submission has its verdict")
