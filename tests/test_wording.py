"""A machine's result is a candidate: words that say more, or say it of a person, do not appear."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from report import calibration

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted(ROOT.glob("re*/templates/*.j2"))
ROOMS = (
    "cli",
    "review",
    "report",
    "pipeline",
    "storage",
    "faces",
    "footage",
    "tasks",
    "worker",
    "monitor",
)
PROGRAMS = sorted([ROOT / "errors.py", *(p for r in ROOMS for p in ROOT.glob(f"{r}/**/*.py"))])
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
RESULT = re.compile(
    r"\b(?:re-?)?identif\w*"
    r"|\bconfidence\b(?! interval)|\bculprit\w*|\bperpetrator\w*|\boffender\w*|\bguilt\w*"
    r"|\bhit rate\b|\bpositive id\b",
    re.IGNORECASE,
)
"""Nobody says this to a user, whatever about."""
SURE = re.compile(r"\bprobab(?:ly|ility)\b|\bcertainty\b|\blikelihood\b", re.IGNORECASE)
"""Documents explain that no distance is one; pages and messages do not speak of it."""
MATCH = re.compile(r"\b(?:a|the|no|an?other|\d+|positive|possible) match(?:es)?\b", re.IGNORECASE)
"""To match is what a task does; a match is what nobody has found."""
TO_USERS = re.compile(r"[A-Z][^.]* .*|.*[.?!]", re.DOTALL)


GLOSSARY = (ROOT / "docs/glossary.md").read_text()
RETIRED = [
    word
    for row in re.findall(r"^\| (.+?) \|", GLOSSARY.partition("## Retired words")[2], re.M)
    for word in row.split(", ")
    if word not in ("retired", "---")
]
"""What nobody reads any more on a page, in a help text or in a message."""


def retired(text: str) -> list[str]:
    """The retired words in a text, however its lines break; code in it is let through."""
    flat = " ".join(re.sub(r"`[^`\n]*`", "", text).split())
    words = "|".join(sorted(map(re.escape, RETIRED), key=len, reverse=True))
    return re.findall(rf"\b(?:{words})\b", flat, re.IGNORECASE)


def said(path: Path) -> Iterator[str]:
    """Texts of a program that may reach a user: its sentences, without comments; in `cli/` the
    docstrings of functions too, which are the commands' help."""
    tree = ast.parse(path.read_text())
    in_cli = path.is_relative_to(ROOT / "cli")
    help_texts = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and in_cli and isinstance(node.body[0], ast.Expr)
    }
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} - help_texts
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in bare and TO_USERS.fullmatch(node.value):
            yield node.value


def visible(template: str) -> str:
    """What a template shows, without its code."""
    return re.sub(
        r"\{[%#].*?[%#]\}|\{\{.*?\}\}|<style.*?</style>|<[^>]*>", " ", template, flags=re.S
    )


def wrong(text: str, *more: re.Pattern[str]) -> list[str]:
    """The words in it that must not appear; what stands in quotes is spoken of, not said."""
    unquoted = re.sub(r'"[^"\n]*"|`[^`\n]*`', "", text)
    return [word for words in (RESULT, MATCH, *more) for word in words.findall(unquoted)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_page_says_more_than_that_there_is_a_candidate(path: Path) -> None:
    assert not wrong(visible(path.read_text()), SURE)


def test_no_message_of_the_program_says_more() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text[:60]}": wrong(text, SURE)
        for path in PROGRAMS
        for text in said(path)
        if wrong(text, SURE)
    }
    assert found == {}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_says_more(path: Path) -> None:
    assert not wrong(path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_page_uses_a_retired_word(path: Path) -> None:
    assert not retired(visible(path.read_text()))


@pytest.mark.parametrize("room", ("errors.py", *ROOMS))
def test_no_message_of_the_program_uses_a_retired_word(room: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text[:80]}": retired(text)
        for path in PROGRAMS
        if path.is_relative_to(ROOT / room)
        for text in said(path)
        if retired(text)
    }
    assert found == {}


def test_every_retired_word_is_noticed() -> None:
    assert len(RETIRED) > 20
    assert all(retired(f"A text with {word.title()}\n in it.") for word in RETIRED)


@pytest.mark.parametrize(
    "text",
    ["3 matches were found.", "The man was identified.", "Confidence: 93 %", "No match."],
)
def test_a_sentence_that_says_more_is_noticed(text: str) -> None:
    assert wrong(text)


def test_a_result_is_said_to_be_uncalibrated_wherever_it_is_listed() -> None:
    assert "uncalibrated" in calibration.UNCALIBRATED.lower()
    for place in ("cli/results.py", "cli/search.py"):
        assert "said" in (ROOT / place).read_text(), place
    for page in ("candidate", "candidates", "report", "search", "statement"):
        (template,) = ROOT.glob(f"re*/templates/{page}.html.j2")
        text = template.read_text()
        assert "calibration" in text, page
