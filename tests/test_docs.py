"""The documentation says what there is: settings, commands, tables, links, and the words used."""

import ast
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from test_architecture import MAY_IMPORT

import errors
from cli.main import app
from cli.places import VIDEO_ENDINGS
from faces.engines.deepface_models import DETECTORS, RECOGNISERS
from report.column import Column
from report.columns import APPEARANCE, CANDIDATE, HIT, PACKAGED, SEEN, VECTOR
from review.access import ACCESS
from settings import Settings
from storage.access.accounts import Role
from storage.tables import Table

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")])
SETTINGS = (ROOT / "docs/settings.md").read_text()
COMMANDS = (ROOT / "docs/commands.md").read_text()
MODELS = (ROOT / "docs/models.md").read_text()
API = (ROOT / "docs/api.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()


def rows(page: str, heading: str = "") -> Iterator[list[str]]:
    """The cells of every table's rows below a heading, up to the next."""
    begin = page.index(heading) + len(heading)
    for line in page[begin:].partition("\n## ")[0].splitlines() if heading else page.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def code(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def commands(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its words."""
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, *path, name)
    if not hasattr(command, "commands"):
        yield " ".join(path), command


def section(command: str) -> str:
    """What docs/commands.md says of a command."""
    found = re.search(rf"^## `nightreel {command}\b[^\n]*\n(.*?)(?=^## )", COMMANDS, re.M | re.S)
    assert found, f"docs/commands.md has no section on nightreel {command}"
    return found[1]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained_with_its_default(name: str) -> None:
    told = {cells[0]: cells[1] for cells in rows(SETTINGS)}
    field = Settings.model_fields[name]
    default = told[f"`NIGHTREEL_{name.upper()}`"].strip("`")
    if field.default_factory is not None:
        assert default == "the number of cores"
    else:
        known = getattr(field.default, "get_secret_value", lambda: field.default)()
        assert default == (str(known).lower() if isinstance(known, bool) else str(known) or "empty")


def test_no_setting_is_explained_that_does_not_exist() -> None:
    known = {f"NIGHTREEL_{name.upper()}" for name in Settings.model_fields}
    in_compose = {"NIGHTREEL_FOOTAGE"}
    for page in PAGES:
        assert set(re.findall(r"NIGHTREEL_[A-Z0-9_]*[A-Z]", page.read_text())) <= known | in_compose


def test_every_settings_file_that_is_shown_can_be_used(tmp_path: Path) -> None:
    shown = [
        file
        for page in PAGES
        for file in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.M | re.S)
    ]
    assert shown
    for number, text in enumerate(shown):
        home = tmp_path / str(number)
        home.mkdir(mode=0o700)
        (home / "nightreel.toml").write_text(text)
        assert Settings(home=home)


@pytest.mark.parametrize("command", [name for name, _ in commands(app)])
def test_every_command_has_a_section(command: str) -> None:
    assert section(command)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (words, name)
        for words, command in commands(app)
        for parameter in command.loaded.params
        for name in (
            [parameter.name.upper()] if parameter.param_type_name == "argument" else parameter.opts
        )
    ],
)
def test_every_option_and_argument_is_explained(command: str, name: str) -> None:
    told = {word.removesuffix("...") for cells in rows(section(command)) for word in code(cells[0])}
    assert name in told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_reader_may_type_exists(page: Path) -> None:
    known = {name for name, _ in commands(app)}
    for line in typed(page.read_text()):
        first, second = (*re.findall(r"[a-z]+", line)[:2], "")[:2]
        assert known & {first, f"{first} {second}"}, f"{page.name}: nightreel {line}"


def typed(page: str) -> list[str]:
    """What follows `nightreel` in code, in blocks and between backticks."""
    blocks = re.findall(r"^```\n(.*?)^```", page, re.M | re.S)
    prose = code(re.sub(r"^```.*?^```", "", page, flags=re.M | re.S))
    return re.findall(r"(?:^|[ /])nightreel ([a-z].*)", "\n".join([*blocks, *prose]), re.M)


@pytest.mark.parametrize(
    ("heading", "columns", "told_elsewhere"),
    [
        ("Of what was seen:", SEEN, ()),
        ("Of a candidate, further:", CANDIDATE, SEEN),
        ("Of a hit, further:", HIT, SEEN),
        ("Of an exported appearance, further:", (*APPEARANCE, VECTOR), SEEN),
        ("Of a packaged candidate, further:", PACKAGED, CANDIDATE),
    ],
)
def test_every_column_of_a_list_is_explained_in_its_own_words(
    heading: str, columns: Sequence[Column], told_elsewhere: Sequence[Column]
) -> None:
    table = COMMANDS.partition(heading)[2].strip().partition("\n\n")[0]
    told = {code(name)[0]: sentence for name, sentence in rows(table) if code(name)}
    known = {one.name for one in told_elsewhere}
    assert told == {one.name: one.sentence for one in columns if one.name not in known}


def test_every_exit_code_is_explained() -> None:
    told = {int(cells[0]) for cells in rows(COMMANDS, "## Exit codes") if cells[0].isdigit()}
    raised = {
        each.exit_code
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.NightreelError)
    }
    assert told == raised | {0, 3, 130}


def test_every_status_of_an_error_is_explained() -> None:
    told = {int(status) for status in re.findall(r"^  \| (\d+) \|", API, re.M)}
    raised = {
        int(each.http_status)
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.NightreelError)
    }
    assert told == raised


def test_every_ending_that_is_taken_from_a_folder_is_named() -> None:
    assert set(code(section("process"))) >= VIDEO_ENDINGS


@pytest.mark.parametrize("name", [*RECOGNISERS, *DETECTORS])
def test_every_model_is_listed_with_its_licence(name: str) -> None:
    part = {**DETECTORS, **RECOGNISERS}[name]
    told = [cells for cells in rows(MODELS) if cells[0] == f"`{name}`"]
    assert any(part.licence in cells for cells in told)


@pytest.mark.parametrize("name", [name for name in ACCESS if "/api/v1/" in name])
def test_every_route_of_the_api_is_explained_with_its_roles(name: str) -> None:
    told = {code(cells[0])[0]: cells[2] for cells in rows(API, "## The routes") if code(cells[0])}
    access = ACCESS[name]
    roles = "any" if access.roles == set(Role) else ", ".join(r for r in Role if r in access.roles)
    assert access.public or told[name.replace("/api/v1", "")] == roles


def test_the_glossary_names_every_table_and_no_other() -> None:
    told = {word for cells in rows(GLOSSARY, "## Words") for word in code(cells[-1])}
    assert told == set(Table.metadata.tables)


def test_every_class_in_the_glossary_exists() -> None:
    places = [place for cells in rows(GLOSSARY, "## Words") for place in code(cells[2])]
    assert places
    for place in places:
        module, _, name = place.rpartition(".")
        assert isinstance(getattr(import_module(module), name), type), place


def test_who_may_import_whom_is_what_the_architecture_test_holds() -> None:
    told = {
        code(first)[0]: set(code(last))
        for first, _, last in rows(ARCHITECTURE, "## Who may import whom")
        if code(first)
    }
    assert told == MAY_IMPORT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    for link in links:
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_mentioned_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    used = re.findall(r"(?:^|`|&& )make ([a-z-]+)", page.read_text(), re.M)
    assert set(used) <= targets


def test_the_readme_begins_with_the_two_commands() -> None:
    block = (ROOT / "README.md").read_text().split("```")[1]
    assert re.findall(r"^make (\w+)", block, re.M) == ["demo", "test"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_says_that_somebody_was_identified(page: Path) -> None:
    """The word may be quoted, to say that it is never said."""
    said = re.sub(r'"[^"\n]*"', "", page.read_text())
    assert not re.findall(r"\b(?:re-?)?identif\w*", said, re.I)


@pytest.mark.parametrize(
    "path",
    [path for room in ("cli", "review", "pipeline", "faces") for path in ROOT.glob(f"{room}/**/*")
     if path.suffix in (".py", ".j2")],
    ids=lambda path: str(path.relative_to(ROOT)),
)  # fmt: skip
def test_no_text_of_the_program_says_that_somebody_was_identified(path: Path) -> None:
    text = path.read_text()
    said = text if path.suffix == ".j2" else "\n".join(strings(text))
    assert not re.findall(r"\bidentif(?:y|ied|ies|ication)\b", said, re.I)


def strings(program: str) -> Iterator[str]:
    """Every text in a program, docstrings too."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
