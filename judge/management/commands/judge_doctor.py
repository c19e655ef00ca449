from typing import Any

from django.core.management.base import BaseCommand, CommandError

from judge import languages
from judge.grader import Compiled, RunLimits, by_checker, compile_program, run_test, sandboxes_for
from judge.sandbox import SandboxError, SandboxUnavailable, SealedFile, health
from judge.verdicts import Verdict


class Command(BaseCommand):
    """Say what of the judge works on this machine, and what to install for the rest."""

    help = "Check the sandbox and run the self-test of every language."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sandbox = health.check()
        except SandboxUnavailable as error:
            raise CommandError(f"The sandbox does not work, so nothing is judged here: {error}") from error
        self.stdout.write(f"Sandbox: works; memory limited by {sandbox.memory_by}; programs run as {sandbox.user}")
        broken = 0
        for language in languages.ALL:
            trouble = self_test(language)
            broken += bool(trouble) and languages.is_installed(language.code)
            version = languages.toolchain_version(language.code) if not trouble else ""
            self.stdout.write(f"{language.name:20} {trouble or 'works'}{f'  ({version})' if version else ''}")
        if broken:
            raise CommandError(f"{broken} installed languages do not work in the sandbox.")


def self_test(language: languages.Language) -> str:
    """What is wrong with the language here; empty where its self-test passes."""
    try:
        languages.locate(language.code)
        program, said = compile_program(language, language.hello)
        if not isinstance(program, Compiled):
            return f"does not compile: {said.strip()[-200:]}"
        limits = RunLimits.of(language, time_limit_ms=5000, memory_limit_mib=256)
        with sandboxes_for(program, limits) as sandboxes:
            judged = run_test(
                sandboxes, limits, stdin=SealedFile(b"1 2\n"), judgement=by_checker("tokens", {}, b"3\n")
            )
    except languages.ToolchainMissing as error:
        return f"missing: {error}"
    except SandboxError as error:
        return f"fails: {error}"
    return "" if judged.verdict == Verdict.ACCEPTED else f"fails: {judged.verdict} {judged.detail}"
