from django.apps import AppConfig


class JudgeConfig(AppConfig):
    name = "judge"

    def ready(self) -> None:
        from judge import queries, scoreboards
        from notifications import streams

        streams.register("submission", queries.may_read_submission)
        streams.register("contest", scoreboards.may_read_contest)
        streams.register("run", queries.may_read_run)
