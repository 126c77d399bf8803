"""Exit codes, errors and what `--help` imports."""

import os
import signal
import subprocess
import sys
import time

import pytest
import typer

from isegformer import __version__
from isegformer.cli import main as main_module
from isegformer.errors import VolumeReadError

RUN = [sys.executable, "-W", "error", "-c", "from isegformer.cli.main import main; main()"]
HEAVY = ("torch", "SimpleITK", "numpy", "cv2", "scipy", "transformers", "sqlalchemy", "lightning", "nilearn")


def _raising(error):
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command() -> None:
        raise error

    return app


def test_the_version_is_told(run):
    assert run("--version").out.strip() == __version__


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["segment"],
        ["segment", "volume.nii.gz", "--clicks", "c.json", "-o", "m.nii.gz", "--axis", "3"],
        ["propagate", "volume.nii.gz", "--annotations", "p.nii.gz", "-o", "m.nii.gz", "--method", "magic"],
        ["train", "--data", "d", "--run", "r"],
        ["train", "config.yaml", "--data", "d", "--run", "r", "--resume"],
        ["train", "--data", "d", "--run", "r", "--resume", "--weights", "w"],
        ["demo", "--clicks", "c.json"],
    ],
)
def test_a_command_that_is_not_understood_exits_with_2(run, arguments):
    done = run(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (VolumeReadError("scan.nii.gz is\n  damaged"), "error: scan.nii.gz is damaged\n"),
        (PermissionError(13, "Permission denied", "mask"), "error: [Errno 13] Permission denied: 'mask'\n"),
        (MemoryError("12 GiB"), "error: out of memory"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA"), "error: out of memory"),
    ],
)
def test_a_failure_is_one_line_and_exit_code_1(run, monkeypatch, error, told):
    monkeypatch.setattr(main_module, "app", _raising(error))
    done = run()
    assert done.code == 1
    assert done.err.startswith(told)
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_a_bug_is_not_passed_off_as_a_failure(monkeypatch):
    monkeypatch.setattr(main_module, "app", _raising(RuntimeError("bug")))
    with pytest.raises(RuntimeError, match="bug"):
        main_module.main([])


def test_an_interrupt_exits_with_130(run, monkeypatch):
    monkeypatch.setattr(main_module, "app", _raising(KeyboardInterrupt()))
    done = run()
    assert done.code == 130
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["segment", "propagate", "info", "weights", "train", "demo"])
def test_every_command_explains_itself(run, command):
    done = run(command, "--help")
    assert done.code == 0
    assert "Usage" in done.out


@pytest.mark.parametrize(
    "command",
    [
        ["segment"],
        ["propagate"],
        ["info"],
        ["train"],
        ["demo"],
        *(["weights", c] for c in ("list", "fetch", "inspect")),
    ],
)
def test_every_command_takes_weights_device_and_json(run, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = run(*command, "--help").out
    assert all(option in shown for option in ("--weights", "--device", "--json"))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["segment", "--help"], ["train", "--help"], ["demo", "--help"]]
)
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\n"
        "from isegformer.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert end.code in (0, None), end.code\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(f'imported {found}' if found else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_missing_volume_is_one_line_from_a_real_process(tmp_path):
    clicks = tmp_path / "c.json"
    arguments = ["segment", "no-such.nii.gz", "--clicks", str(clicks), "-o", str(tmp_path / "mask.nii.gz")]
    done = subprocess.run([*RUN, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert (
        done.stderr.strip()
        == "error: no-such.nii.gz does not exist, expected a volume file or a folder of slices"
    )


def test_control_c_ends_a_real_process_quietly(tmp_path):
    pipe = tmp_path / "volume.nii"
    os.mkfifo(pipe)  # reading it waits for ever
    process = subprocess.Popen(
        [sys.executable, "-c", _WAITS_FOR_PIPE, str(pipe)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        deadline = time.monotonic() + 60
        assert process.stdout.readline() == "ready\n"
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                continue
        assert process.returncode == 130
        assert "Traceback" not in process.stderr.read()


_WAITS_FOR_PIPE = """
import sys
from isegformer.cli import info, main
import isegformer.cli.file_facts as facts
def wait(path, **_):
    print("ready", flush=True)
    open(path).read()
facts.read_volume = wait
main.main(["info", sys.argv[1]])
"""
