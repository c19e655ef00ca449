from django.apps import AppConfig


class JudgeConfig(AppConfig):
    name = "judge"

    def ready(self) -> None:
        from judge import queries, scoreboards
        from judge.services.callbacks import EVENT
        from notifications import events, streams

        streams.register("submission", queries.may_read_submission)
        streams.register("contest", scoreboards.may_read_contest)
        streams.register("run", queries.may_read_run)
        events.describe(EVENT, "A submission has its verdict")
