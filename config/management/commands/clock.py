"""Runs the clock."""

import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from config.clock import Clock, all_tasks

STOP_SECONDS = 3.0
"""How long a task in the middle of its work may take to finish when the clock is stopped."""


class Command(BaseCommand):
    help = "Run the timed tasks of every app: sweep lost work, trim logs. Several clocks share the work."

    def handle(self, *args: Any, **options: Any) -> None:
        tasks = all_tasks()
        clock = Clock(tasks)

        def stop(signum: int, frame: FrameType | None) -> None:
            clock.stop()

        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, stop)
        threads = clock.start()
        self.stdout.write(f"The clock runs {len(tasks)} tasks: {', '.join(task.name for task in tasks) or 'none'}.")
        self.stdout.flush()
        clock.wait()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))
