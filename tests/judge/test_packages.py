"""Problem packages: those that ship, those that come, and those that mean harm."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from judge.demo import PROBLEMS_DIR, load_problems
from judge.errors import PackageError
from judge.models import Problem
from judge.packages import parse_package, read_folder, read_zip, sources
from judge.packages.checking import check_problem
from judge.packages.latex import to_markdown
from judge.packages.writing import VERSIONS, write_zip
from judge.sandbox import health
from judge.services.problems import import_package
from judge.verdicts import Verdict

GOOD = {
    "problem.yaml": "name: Sum\nlimits: {time_limit: 0.5, memory: 64}\nkeywords: [maths]\n",
    "problem_statement/problem.en.md": "Add.",
    "data/sample/1.in": "1 2\n",
    "data/sample/1.ans": "3\n",
    "data/secret/01.in": "2 2\n",
    "data/secret/01.ans": "4\n",
    "submissions/accepted/a.py": "print(sum(map(int, input().split())))\n",
    "submissions/wrong_answer/b.py": "print(3)\n",
}


def make_zip(files: dict[str, str], *, folder: str = "") -> bytes:
    """The same bytes each time: a file's date is not now, for tests are named after their parameters."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(folder + name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def test_there_are_at_least_twenty_problems_and_each_is_a_package() -> None:
    folders = [folder for folder in PROBLEMS_DIR.iterdir() if folder.is_dir()]
    packages = [parse_package(read_folder(folder), slug=folder.name) for folder in folders]

    assert len(packages) >= 20
    assert {package.difficulty for package in packages} == {1, 2, 3}
    for package in packages:
        tests = sum(len(group.tests) for group in package.groups)
        assert tests >= 7, package.slug
        assert package.editorial, package.slug
        assert "validator" in {program.kind for program in package.programs}, package.slug
        assert {program.expected for program in package.programs} > {Verdict.ACCEPTED}, package.slug


@pytest.mark.django_db
def test_loading_the_problems_twice_makes_them_once() -> None:
    assert len(load_problems()) >= 20
    assert load_problems() == []


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["a-plus-b", "guess-the-number", "two-squares", "rangoli-rows", "wedding-seats"])
def test_packaged_solutions_get_their_verdicts(slug: str, sandbox: health.Health) -> None:
    problem = import_package(parse_package(read_folder(PROBLEMS_DIR / slug), slug=slug))

    assert list(check_problem(problem)) == []


@pytest.mark.django_db
def test_the_check_finds_what_is_wrong(sandbox: health.Health) -> None:
    files = {**GOOD, "data/secret/01.ans": "5\n", "input_validators/v.py": "import sys\nsys.exit(43)\n"}
    problem = import_package(parse_package(read_zip(make_zip(files)), slug="sum"))

    assert list(check_problem(problem)) == [
        "v.py refuses the input of test 1 (1).",
        "v.py refuses the input of test 2 (01).",
        "accepted/a.py got WA on test 2, not AC.",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("slug", [folder.name for folder in sorted(PROBLEMS_DIR.iterdir()) if folder.is_dir()])
def test_what_is_exported_can_be_imported(slug: str, version: str) -> None:
    package = parse_package(read_folder(PROBLEMS_DIR / slug), slug=slug)
    problem = import_package(package)

    again = parse_package(read_zip(write_zip(problem, version)), slug="other")

    assert again.source_note == package.source_note
    assert (again.slug, again.title, again.statement) == (package.slug, package.title, package.statement)
    assert again.groups == package.groups
    assert (again.checker, again.is_interactive) == (package.checker, package.is_interactive)
    assert again.checker_args == package.checker_args
    assert (again.time_limit_ms, again.memory_limit_mib) == (package.time_limit_ms, package.memory_limit_mib)
    assert {p.name: p.source for p in again.programs} == {p.name: p.source for p in package.programs}


NEWER = {
    "problem.yaml": "problem_format_version: 2023-07-draft\ntype: [interactive, scoring]\nname: {en: Sum, hi: Yog}\n"
    "uuid: 7d3a8e0c-6f1d-4c5f-9a39-3f1f8a1f7d55\nlimits: {time_limit: 1.5}\n",
    "statement/problem.en.md": "Add.",
    "data/test_group.yaml": "output_validator_args: [strict, '7']\n",
    "data/sample/1.in": "1 2\n",
    "data/sample/1.ans": "3\n",
    "data/secret/small/1.in": "2 2\n",
    "data/secret/small/1.ans": "4\n",
    "data/secret/small/test_group.yaml": "max_score: 30\n",
    "data/secret/large/1.in": "5 5\n",
    "data/secret/large/1.ans": "10\n",
    "data/secret/large/test_group.yaml": "max_score: 70\n",
    "output_validator/validate.py": "import sys\nsys.exit(42)\n",
    "submissions/rejected/a.py": "print(1)\n",
}


def test_the_newer_version_where_it_differs() -> None:
    package = parse_package(read_zip(make_zip(NEWER)), slug="sum")

    assert (package.title, package.time_limit_ms, package.is_interactive) == ("Sum", 1500, True)
    assert {program.kind for program in package.programs} == {"interactor", "solution"}
    assert package.checker_args == {"flags": ["strict", "7"]}
    assert {group.name: group.points for group in package.groups} == {
        "sample": 0, "secret/small": 30, "secret/large": 70
    }  # fmt: skip
    assert [program.expected for program in package.programs if program.expected] == ["WA TLE RTE MLE OLE"]


def test_the_legacy_version_where_it_differs() -> None:
    files = {
        **GOOD,
        "problem.yaml": "name: Sum\nvalidation: custom interactive\n",
        ".timelimit": "3\n",
        "output_validators/judge/validate.py": "import sys\nsys.exit(42)\n",
        "data/secret/g1/1.in": "1 1\n",
        "data/secret/g1/1.ans": "2\n",
        "data/secret/g1/testdata.yaml": "accept_score: 25\nrange: 0 25\n",
    }
    package = parse_package(read_zip(make_zip(files)), slug="sum")

    assert (package.is_interactive, package.time_limit_ms) == (True, 3000)
    assert [group.points for group in package.groups] == [0, 0, 25]
    words = {**GOOD, "data/testdata.yaml": "output_validator_flags: float_tolerance 1e-4\n"}
    assert parse_package(read_zip(make_zip(words)), slug="sum").checker_args == {"absolute": 1e-4, "relative": 1e-4}
    # Upper and lower case are the same to the format's own validator unless it is told otherwise.
    assert parse_package(read_zip(make_zip(GOOD)), slug="sum").checker_args == {"case_sensitive": False}


def test_a_zip_with_a_folder_around_it() -> None:
    package = parse_package(read_zip(make_zip(GOOD, folder="sum/")), slug="Sum of two")

    assert (package.slug, package.time_limit_ms, package.memory_limit_mib) == ("sum-of-two", 500, 64)
    assert [group.name for group in package.groups] == ["sample", "secret"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"problem.yaml": None}, "no problem.yaml"),
        ({"problem.yaml": "a: [1"}, "not YAML"),
        ({"problem.yaml": "- 1\n- 2\n"}, "not a list of names"),
        ({"problem.yaml": "a: &a [x]\nb: *a\n"}, "aliases"),
        ({"problem.yaml": "limits: {time_limit: never}\n"}, "not a number of seconds"),
        ({"problem.yaml": "limits: {time_limit: 1e9}\n"}, "between 0.1 and 60"),
        ({"problem.yaml": "limits: {memory: 100000}\n"}, "limits.memory"),
        ({"problem.yaml": "chowk: {checker: telepathy}\n"}, "no checker"),
        ({"problem.yaml": "validator_flags: float_tolerance much\n"}, "float_tolerance"),
        ({"problem.yaml": "!!python/object/apply:os.system ['id']\n"}, "not YAML"),
        ({"problem.yaml": "name: 2023-99-99\n"}, "not YAML: month"),
        ({"problem.yaml": "name: 0x_\n"}, "not YAML"),
        ({"problem.yaml": "name: " + "9" * 6000}, "not YAML"),
        ({"problem.yaml": "name: !!timestamp x\n"}, "not YAML"),
        ({"problem.yaml": "name: " + "[" * 20_000}, "not YAML"),
        ({"problem.yaml": 'name: "a\\0b"\n'}, "NUL or half a character"),
        ({"problem.yaml": 'chowk: {slug: ["\\ud800"]}\n'}, "NUL or half a character"),
        ({"problem.yaml": "type: multi-pass\n"}, "type multi-pass"),
        ({"output_validators/a.cpp": "int main() {}", "output_validators/b.cpp": "int x;"}, "more than one file"),
        ({"data/testdata.yaml": "a: [1"}, "data/testdata.yaml is not YAML"),
        ({"data/sub/1.in": "1", "data/sub/1.ans": "1", "data/sub/testdata.yaml": "range: a b"}, "points of sub"),
        ({"problem_statement/problem.en.md": None}, "no statement"),
        ({"problem_statement/problem.en.md": "\x00"}, "NUL"),
        ({"data/secret/01.ans": None}, "no answer beside"),
        ({"data/secret/01.in": None, "data/sample/1.in": None}, "no tests"),
    ],
)
def test_what_is_wrong_with_a_package_is_said(change: dict[str, str | None], complaint: str) -> None:
    files = {name: content for name, content in {**GOOD, **change}.items() if content is not None}

    with pytest.raises(PackageError, match=complaint):
        parse_package(read_zip(make_zip(files)), slug="sum")


BLANK = bytes(50 * 1024 * 1024)


def hostile(kind: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "bomb":
            for number in range(6):  # 300 MiB from a zip of 300 KiB
                archive.writestr(f"data/secret/{number}.in", BLANK)
        elif kind == "link":
            info = zipfile.ZipInfo("problem.yaml")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        elif kind == "device":
            info = zipfile.ZipInfo("problem.yaml")
            info.external_attr = (stat.S_IFCHR | 0o600) << 16
            archive.writestr(info, "")
        elif kind == "many":
            for number in range(10_000):
                archive.writestr(f"f{number}", "")
        elif kind == "lzma":
            archive.writestr("problem.yaml", "name: x", zipfile.ZIP_LZMA)
        elif kind == "twice":
            archive.writestr("problem.yaml", "a")
            archive.writestr("./problem.yaml", "b")
        else:
            archive.writestr(kind, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("bomb", "more than 256 MiB"),
        ("link", "symbolic link"),
        ("device", "neither a file nor a folder"),
        ("many", "10000 files"),
        ("lzma", "packed otherwise"),
        ("twice", "twice"),
        ("../../etc/cron.d/x", "not a path inside"),
        ("/etc/passwd", "not a path inside"),
        ("a/../../b", "not a path inside"),
        ("..\\..\\x", "not a path inside"),
        ("C:\\x", "not a path inside"),
        ("x" * 300, "not a path inside"),
        ("a\nb", "not a path inside"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_zips_are_refused(kind: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(PackageError, match=complaint):
        read_zip(hostile(kind))
    assert list(tmp_path.iterdir()) == []


def test_a_zip_that_lies_about_its_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "FILE_BYTES", 1000)
    data = bytearray(make_zip({"problem.yaml": "x" * 5000}))
    # The central directory's and the local header's uncompressed size: 5000 → 10.
    data = data.replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little"))

    with pytest.raises(PackageError):
        read_zip(bytes(data))


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"not a zip", make_zip(GOOD)[:-30], make_zip(GOOD)[:100]],
    ids=["empty", "magic only", "text", "without its end", "only its start"],
)
def test_damaged_zips(data: bytes) -> None:
    with pytest.raises(PackageError, match="damaged"):
        read_zip(data)


@pytest.mark.django_db
def test_the_command_publishes_what_is_right_alone(tmp_path: Path, sandbox: health.Health) -> None:
    good, bad = tmp_path / "good-sum.zip", tmp_path / "bad-sum.zip"
    good.write_bytes(make_zip(GOOD))
    bad.write_bytes(make_zip({**GOOD, "data/secret/01.ans": "5\n"}))

    call_command("import_problem", good)
    with pytest.raises(CommandError, match="1 of 2"):
        call_command("import_problem", good, bad)

    assert Problem.objects.get(slug="good-sum").is_published
    assert Problem.objects.get(slug="good-sum").tests_version == 2
    assert not Problem.objects.get(slug="bad-sum").is_published


def test_statements_in_latex() -> None:
    text = r"\problemname{Sum} % a comment" "\n" r"\section*{Input} Read \emph{two} numbers \texttt{a} ~and \(b\)."
    text += "\n" r"\begin{itemize}\item one \item two\end{itemize}"

    assert to_markdown(text) == "## Input\n Read *two* numbers `a`  and $b$.\n\n- one\n- two\n"
