"""Imports point one way; packages export what they say; light packages stay light."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import isegformer

ROOT = Path(isegformer.__file__).parent

CHAIN = ("volume", "slicing", "clicks", "models", "runtimes", "interaction", "propagation", "session")
"""Each package may import from those to its left."""

BELOW_ALL = {"errors", "types", "atomic", "scratch", "freed_memory"}
"""Modules that everything may import."""

MAY_IMPORT = {
    **dict.fromkeys(BELOW_ALL, frozenset()),
    "slicing": set(),
    "volume": set(),
    "clicks": {"slicing", "volume"},
    "models": set(CHAIN[:3]),
    "runtimes": {"models"},
    "interaction": set(CHAIN[:5]),
    "propagation": set(CHAIN[:5]),
    "session": {"volume", "slicing", "clicks"},
    "exports": {"volume"},
    "workflow": {"volume", "slicing", "session"},
    "datasets": {"volume", "slicing"},
    "evaluation": {*CHAIN, "datasets"},
    "training": {"volume", "slicing", "clicks", "models", "interaction", "datasets", "evaluation"},
    "deployment": set(CHAIN[:7]),
    "adaptation": {*CHAIN, "datasets", "evaluation", "training"},
    "demo": {"volume", "slicing", "clicks", "session", "evaluation"},
    "cli": {
        *CHAIN,
        "exports",
        "workflow",
        "datasets",
        "evaluation",
        "training",
        "adaptation",
        "deployment",
        "demo",
        "server",
    },
    "server": {*CHAIN, "evaluation", "exports", "workflow"},
}
"""What a package imports of the others, besides `BELOW_ALL`."""

LIGHT = ("volume", "slicing", "clicks", "datasets", "session", "exports", "workflow")
"""Packages that work without torch."""


def _modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def _package(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import in line {node.lineno}"
            assert node.module is not None
            assert all(alias.name != "*" for alias in node.names), f"{path} has a star import"
            if node.module == "isegformer":
                yield from (f"isegformer.{alias.name}" for alias in node.names)
            else:
                yield node.module


def _packages_of_ours(path: Path) -> set[str]:
    names = (name.split(".") for name in _imported(path))
    return {parts[1] for parts in names if parts[0] == "isegformer" and len(parts) > 1}


def _subprocess(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def _public_packages() -> list[str]:
    return [info.name for info in pkgutil.walk_packages([str(ROOT)], "isegformer.") if info.ispkg]


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_down_only(path):
    package = _package(path)
    if package == "__init__":
        assert _packages_of_ours(path) == set()
        return
    allowed = MAY_IMPORT[package] | BELOW_ALL | {package, "__version__"}
    assert _packages_of_ours(path) <= allowed


def test_packages_do_not_import_each_other_in_circles():
    found = {name: set() for name in MAY_IMPORT}
    for path in _modules():
        if _package(path) != "__init__":
            found[_package(path)] |= _packages_of_ours(path) - {_package(path)}
    while leaves := [name for name, needs in found.items() if not needs & set(found)]:
        for name in leaves:
            del found[name]
    assert found == {}


@pytest.mark.parametrize("package", LIGHT)
def test_light_packages_do_not_import_torch(package):
    code = f"import sys, isegformer.{package}; sys.exit('torch' in sys.modules)"
    done = _subprocess(code)
    assert done.returncode == 0, done.stderr


def test_help_imports_neither_torch_nor_simpleitk():
    code = (
        "import sys\nfrom isegformer.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'SimpleITK')))"
    )
    done = _subprocess(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", _public_packages())
def test_what_a_package_exports_can_be_imported(package):
    module = importlib.import_module(package)
    exported = getattr(module, "__all__", [])
    assert list(exported) == sorted(exported, key=_export_order)
    assert len(set(exported)) == len(exported)
    assert all(hasattr(module, name) for name in exported)


@pytest.mark.parametrize("package", _public_packages())
def test_what_a_package_imports_it_exports(package):
    module = importlib.import_module(package)
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("isegformer")
        for alias in node.names
    ]
    assert set(imported) <= set(getattr(module, "__all__", ()))


def test_no_module_has_a_name_that_says_nothing():
    assert [path for path in _modules() if path.stem in ("utils", "helpers", "misc", "common")] == []


def _export_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions: the order that the linter keeps."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
