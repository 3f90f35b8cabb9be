"""`make setup` on machines of several kinds: which Python it takes, and where torch is from."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts/setup"
TOOLS = ("sh", "dirname", "grep", "timeout")


class Machine:
    """A folder with the script in it, and a path with the few programs that it uses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "scripts").mkdir()
        shutil.copy(SCRIPT, folder / "scripts")
        self.programs = folder / "bin"
        self.programs.mkdir()
        for tool in TOOLS:
            (self.programs / tool).symlink_to(shutil.which(tool) or "")

    def add_python(self, name: str, version: str, venv: bool = True) -> None:
        """A Python that says what it is and has, and makes no environment."""
        text = f"""\
#!/bin/sh
case "$*" in
*version_info*) echo {version} ;;
*ensurepip*) {"exit 0" if venv else "exit 1"} ;;
--version) echo Python {version}.1 ;;
*) exit 1 ;;
esac
"""
        self.write(self.programs / name, text)

    def add_environment(self) -> None:
        """A .venv that is whole."""
        (self.folder / ".venv/bin").mkdir(parents=True)
        text = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
        self.write(self.folder / ".venv/bin/python", text)

    def write(self, file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o755)

    def setup(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """It ends where pip looks for a project: there is none in the folder."""
        kept = {name: value for name, value in os.environ.items() if name != "TORCH_INDEX"}
        environment = kept | {"PATH": str(self.programs), **variables}
        command = [self.folder / "scripts/setup"]
        return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Address of an index of packages with a page for torch."""
    (tmp_path / "index/torch").mkdir(parents=True)
    serve = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "index"))
    with HTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_newest_supported_python_with_venv_is_taken(machine: Machine) -> None:
    machine.add_python("python3.13", "3.13", venv=False)
    machine.add_python("python3.12", "3.12")
    machine.add_python("python3.11", "3.11")
    assert "Making .venv with Python 3.12.1." in machine.setup().stdout


def test_python_of_another_name_is_taken_when_it_is_supported(machine: Machine) -> None:
    machine.add_python("python3", "3.13")
    assert "Making .venv with Python 3.13.1." in machine.setup().stdout


def test_the_python_that_is_named_is_taken(machine: Machine) -> None:
    machine.add_python("python3.13", "3.13")
    machine.add_python("mine", "3.11")
    assert "Making .venv with Python 3.11.1." in machine.setup(PYTHON="mine").stdout


@pytest.mark.parametrize(
    ("version", "venv", "reason"),
    [
        ("3.11", False, "python3 has no venv"),
        ("3.10", True, "python3 is 3.10"),
        ("3.14", True, "python3 is 3.14"),
    ],
)
def test_one_sentence_says_what_to_install(
    machine: Machine, version: str, venv: bool, reason: str
) -> None:
    machine.add_python("python3", version, venv)
    done = machine.setup()
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr == (
        f"Python 3.11, 3.12 or 3.13 with venv is needed; {reason}: on Debian 12, Debian 13 or "
        "Ubuntu 24.04 run apt-get install python3-venv, elsewhere name one by "
        "PYTHON=/path/to/python3.\n"
    )


def test_an_environment_that_was_left_half_made_is_made_again(machine: Machine) -> None:
    half = [sys.executable, "-m", "venv", "--without-pip", machine.folder / ".venv"]
    subprocess.run(half, check=True)
    (machine.programs / "python3").symlink_to(sys.executable)
    assert "Making .venv" in machine.setup(TORCH_INDEX="").stdout
    pip = [machine.folder / ".venv/bin/python", "-m", "pip", "--version"]
    subprocess.run(pip, check=True, capture_output=True)


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has an NVIDIA device")
def test_torch_is_a_cpu_build_where_there_is_no_nvidia_device(machine: Machine, index: str) -> None:
    machine.add_environment()
    assert f"torch from {index};" in machine.setup(CPU_BUILDS=index).stdout


def test_an_index_that_does_not_answer_is_done_without(machine: Machine) -> None:
    machine.add_environment()
    done = machine.setup(CPU_BUILDS="http://127.0.0.1:9")
    assert "torch from the package index;" in done.stdout


def test_an_nvidia_device_means_torch_as_the_package_index_has_it(
    machine: Machine, index: str
) -> None:
    machine.add_environment()
    machine.write(machine.programs / "nvidia-smi", "#!/bin/sh\n")
    assert "torch from the package index;" in machine.setup(CPU_BUILDS=index).stdout


@pytest.mark.parametrize("choice", ["", "http://127.0.0.1:9/cu130"])
def test_the_index_that_is_named_is_taken(machine: Machine, index: str, choice: str) -> None:
    machine.add_environment()
    done = machine.setup(CPU_BUILDS=index, TORCH_INDEX=choice)
    assert f"torch from {choice or 'the package index'};" in done.stdout
