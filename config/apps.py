from django.apps import AppConfig


class ChowkConfig(AppConfig):
    """The house itself: what joins the apps, and the commands that run it."""

    name = "config"
    verbose_name = "Chowk"

    def ready(self) -> None:
        from config import checks, unavailable, wiring  # noqa: F401  (importing the checks registers them)

        wiring.register()
        unavailable.register()
