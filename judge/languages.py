"""The languages: what compiles and runs a program, and how to see that it works. One entry each."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from judge.sandbox import BOX, MIB

CPP_FLAGS = ("-O2", "-pipe", "-Wall", "-DONLINE_JUDGE", "-fdiagnostics-color=never")
VERSION_SECONDS = 20
STARTERS_DIR = Path(__file__).with_name("starters")
OUT = "/tmp/out"  # noqa: S108  # in the sandbox, where /tmp is the run's own
"""Where compilers leave what is kept."""


def _starter(name: str) -> str:
    return (STARTERS_DIR / name).read_text()


@dataclass(frozen=True, slots=True)
class Language:
    """How to compile and run one language.

    Commands name programs by `{name}`, found by `programs`; the source lies in the box as `source_name`, what the
    compiler left in OUT lies there when it runs.
    """

    code: str
    name: str
    source_name: str
    programs: Mapping[str, tuple[str, ...]]
    """Name in the commands → candidates, a name on PATH or a whole path."""
    run: tuple[str, ...]
    compile: tuple[str, ...] = ()
    out: str = ""
    """What to keep of a compile: a file, or a folder; else the source itself is run."""
    version: tuple[str, ...] = ()
    install: str = ""
    """The package that brings it, for those who miss it."""
    hello: str = ""
    """Prints the sum of the two numbers on its input: the self-test, and the start of an empty editor."""
    time_factor: float = 1.0
    """How much longer than the problem's limit it may take."""
    memory_extra_bytes: int = 0
    """What its runtime needs for itself, beyond the problem's limit."""
    environment: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Globs of folders it needs besides the system's."""
    headers: tuple[str, ...] = ()
    """Headers that are compiled beforehand, each with the language's own flags."""
    needs_proc: bool = False
    compiler_needs_proc: bool = False
    bounded_address_space: bool = True
    editor: str = "text"
    pygments: str = "text"
    suffixes: tuple[str, ...] = ()
    compile_memory_bytes: int = 1024 * MIB

    @property
    def is_compiled(self) -> bool:
        return bool(self.compile)


# Says what is wrong as the interpreter would, without running anything of the program.
_CHECK_PYTHON = (
    "import sys\n"
    f"path = '{BOX}/main.py'\n"
    "try:\n"
    "    compile(open(path, 'rb').read(), 'main.py', 'exec')\n"
    "except (SyntaxError, ValueError, RecursionError, MemoryError) as error:\n"
    "    import traceback\n"
    "    sys.stderr.writelines(traceback.format_exception_only(error))\n"
    "    sys.exit(1)\n"
)

# Runs the program as the interpreter would, but without the module `site`, which takes a third of its start (DMOJ's
# judge does the same): `exit` and installed packages are there all the same, and a traceback begins in the program.
_RUN_PYTHON = f"""
def start():
    import builtins, sys
    builtins.exit = builtins.quit = sys.exit
    version = "python%d.%d" % sys.version_info[:2]
    sys.path += ["/usr/local/lib/" + version + "/dist-packages", "/usr/lib/python3/dist-packages",
                 sys.prefix + "/lib/" + version + "/site-packages"]
    own = globals()
    del own["start"]
    own["__file__"] = sys.argv[0] = "{BOX}/main.py"
    try:
        with open(sys.argv[0], "rb") as file:
            text = file.read()
        exec(compile(text, sys.argv[0], "exec", dont_inherit=True), own)
    except Exception as error:
        error = error.with_traceback(error.__traceback__.tb_next)
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)
start()
"""


def _cpp(standard: int) -> Language:
    return Language(
        code=f"cpp{standard}",
        name=f"C++{standard}",
        source_name="main.cpp",
        programs={"g++": ("g++", "clang++")},
        compile=("{g++}", f"-std=gnu++{standard}", *CPP_FLAGS, "-o", OUT, f"{BOX}/main.cpp"),
        headers=("bits/stdc++.h", "iostream"),
        out=OUT,
        run=(f"{BOX}/main",),
        version=("{g++}", "--version"),
        install="g++",
        hello=_starter("sum.cpp"),
        editor="cpp",
        pygments="cpp",
        suffixes=(".cpp", ".cc", ".cxx") if standard == 17 else (),
        compile_memory_bytes=1536 * MIB,
    )


ALL = (
    Language(
        code="python3",
        name="Python 3",
        source_name="main.py",
        programs={"python3": ("/usr/bin/python3", "/usr/local/bin/python3")},
        compile=("{python3}", "-I", "-S", "-B", "-c", _CHECK_PYTHON),
        run=("{python3}", "-I", "-S", "-B", "-c", _RUN_PYTHON),
        version=("{python3}", "--version"),
        install="python3",
        hello=_starter("sum.py"),
        time_factor=2.0,
        environment={"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},
        editor="python",
        pygments="python",
        suffixes=(".py", ".py3"),
    ),
    _cpp(17),
    _cpp(20),
    Language(
        code="c",
        name="C",
        source_name="main.c",
        programs={"gcc": ("gcc", "clang")},
        compile=("{gcc}", "-std=gnu17", *CPP_FLAGS, "-o", OUT, f"{BOX}/main.c", "-lm"),
        out=OUT,
        run=(f"{BOX}/main",),
        version=("{gcc}", "--version"),
        install="gcc libc6-dev",
        hello=_starter("sum.c"),
        editor="cpp",
        pygments="c",
        suffixes=(".c",),
    ),
    Language(
        code="java",
        name="Java",
        source_name="Main.java",
        programs={"javac": ("javac",), "java": ("java",)},
        compile=(
            "{javac}",
            "-J-Xmx512m",
            "-J-XX:TieredStopAtLevel=1",
            "-J-XX:+UseSerialGC",
            "-encoding",
            "UTF-8",
            "-proc:none",
            "-d",
            OUT,
            f"{BOX}/Main.java",
        ),
        out=OUT,
        run=(
            "{java}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xss64m",
            "-Xmx{memory_mib}m",
            "-XX:-UsePerfData",
            "-XX:ErrorFile=/dev/null",
            # Its warnings would stand among the program's output.
            "-Xlog:disable",
            "-Xlog:all=warning:stderr",
            "-cp",
            BOX,
            "Main",
        ),
        version=("{java}", "-version"),
        install="default-jdk-headless",
        hello=_starter("sum.java"),
        time_factor=2.0,
        memory_extra_bytes=192 * MIB,
        folders=("/etc/java-*",),
        needs_proc=True,
        bounded_address_space=False,
        editor="java",
        pygments="java",
        suffixes=(".java",),
    ),
    Language(
        code="javascript",
        name="JavaScript (Node)",
        source_name="main.js",
        programs={"node": ("node", "nodejs")},
        compile=("{node}", "--check", f"{BOX}/main.js"),
        run=("{node}", "--stack-size=65500", "--max-old-space-size={memory_mib}", f"{BOX}/main.js"),
        version=("{node}", "--version"),
        install="nodejs",
        hello=_starter("sum.js"),
        time_factor=2.0,
        memory_extra_bytes=128 * MIB,
        needs_proc=True,
        bounded_address_space=False,
        editor="javascript",
        pygments="javascript",
        suffixes=(".js", ".mjs"),
    ),
    Language(
        code="rust",
        name="Rust",
        source_name="main.rs",
        programs={"rustc": ("rustc",), "cc": ("gcc", "clang")},
        compile=(
            "{rustc}",
            "--edition=2021",
            "-O",
            "-C",
            "strip=symbols",
            "-C",
            "linker={cc}",
            "--color=never",
            "-o",
            OUT,
            f"{BOX}/main.rs",
        ),
        out=OUT,
        run=(f"{BOX}/main",),
        version=("{rustc}", "--version"),
        install="rustc gcc libc6-dev",
        hello=_starter("sum.rs"),
        editor="rust",
        pygments="rust",
        suffixes=(".rs",),
        compiler_needs_proc=True,
        bounded_address_space=False,
    ),
    Language(
        code="go",
        name="Go",
        source_name="main.go",
        programs={"go": ("go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go")},
        compile=("{go}", "build", "-ldflags=-s -w", "-o", OUT, f"{BOX}/main.go"),
        out=OUT,
        run=(f"{BOX}/main",),
        version=("{go}", "version"),
        install="golang-go",
        hello=_starter("sum.go"),
        environment={"GOCACHE": f"{OUT}.cache", "GOTOOLCHAIN": "local", "GO111MODULE": "off"},
        needs_proc=True,
        bounded_address_space=False,
        editor="go",
        pygments="go",
        suffixes=(".go",),
    ),
    Language(
        code="text",
        name="Plain text",
        source_name="main.txt",
        programs={"cat": ("cat",)},
        run=("{cat}", f"{BOX}/main.txt"),
        install="coreutils",
        hello=_starter("sum.txt"),
        suffixes=(".txt",),
    ),
)

BY_CODE = {language.code: language for language in ALL}


class ToolchainMissing(Exception):
    """A language whose programs are not on this machine."""


def find(code: str) -> Language | None:
    """The language of that code, whether it is installed or not."""
    return BY_CODE.get(code)


def offered() -> list[Language]:
    """The languages whose toolchain is on this machine."""
    return [language for language in ALL if is_installed(language.code)]


def is_installed(code: str) -> bool:
    """Whether the toolchain is on this machine."""
    try:
        locate(code)
    except ToolchainMissing:
        return False
    return True


@lru_cache(maxsize=64)
def locate(code: str) -> dict[str, str]:
    """The paths of the language's programs, links resolved, as the sandbox sees them.

    Raises:
        ToolchainMissing: one of them is not installed.
    """
    language = BY_CODE[code]
    found = {}
    for name, candidates in language.programs.items():
        paths = (shutil.which(candidate, path="/usr/local/bin:/usr/bin:/bin") for candidate in candidates)
        path = next((path for path in paths if path), None)
        if path is None:
            raise ToolchainMissing(f"{language.name} needs {name}: apt-get install {language.install}")
        # Links through /etc/alternatives lead nowhere in the sandbox.
        found[name] = str(Path(path).resolve())
    return found


def fill(command: tuple[str, ...], code: str, *, memory_bytes: int = 0) -> tuple[str, ...]:
    """The command with the paths of the language's programs in it, and the problem's memory where it asks for that."""
    paths = locate(code) | {"memory_mib": str(memory_bytes // MIB)}
    return tuple(_NAME.sub(lambda found: paths.get(found[1], found[0]), word) for word in command)


_NAME = re.compile(r"\{([a-z0-9_+]+)\}")


def folders_of(language: Language) -> tuple[str, ...]:
    """The folders besides the system's which the language needs, as they are on this machine."""
    return tuple(str(path) for glob in language.folders for path in sorted(Path("/").glob(glob.lstrip("/"))))


@lru_cache(maxsize=64)
def toolchain_version(code: str) -> str:
    """What the toolchain says it is, in one line; empty where it says nothing."""
    language = BY_CODE[code]
    if not language.version:
        return ""
    try:
        done = subprocess.run(
            fill(language.version, code), capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired, ToolchainMissing):
        return ""
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0][:120] if lines else ""
