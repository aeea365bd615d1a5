from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.discovery import Skipped, discover, location_of
from ingest.errors import UnknownName
from ingest.media import media_type_of
from ingest.model import SourceFile

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Mapping

    from ingest.discovery import Placed

unix = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix file types")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is absent")


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def names(*roots: Path) -> list[str]:
    return [found.path for found in discover(roots).found if isinstance(found, SourceFile)]


def skipped(*roots: Path) -> dict[str, str]:
    return {found.path: found.reason for found in discover(roots).found if isinstance(found, Skipped)}


@pytest.fixture(params=["walk", pytest.param("git", marks=needs_git)])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An empty folder, once plain and once a Git repository."""
    root = tmp_path / "root"
    root.mkdir()
    if request.param == "git":
        git(root, "init")
    return root


def test_a_source_names_what_was_found(tree: Path) -> None:
    write(tree, {"a/b.md": "text"})
    (source,) = discover([tree]).found
    assert isinstance(source, SourceFile)
    status = (tree / "a/b.md").stat()
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    assert source == SourceFile(
        "a/b.md", (tree / "a/b.md").resolve(), "text/markdown", status.st_size, changed
    )


def test_files_come_sorted_by_path(tree: Path) -> None:
    write(tree, dict.fromkeys(["b.txt", "a/z.txt", "a.txt", "Z.txt", "a/b/c.txt"], "x"))
    assert names(tree) == ["Z.txt", "a.txt", "a/b/c.txt", "a/z.txt", "b.txt"]


def test_what_nobody_wrote_is_passed_over(tree: Path) -> None:
    write(
        tree,
        {
            "src/main.py": "x",
            "dist/kept.py": "x",
            "venv/kept.py": "x",
            "node_modules/a/index.js": "x",
            "a/__pycache__/x.py": "x",
            ".venv/lib/x.py": "x",
            "environment/pyvenv.cfg": "x",
            "environment/lib/x.py": "x",
            "package-lock.json": "{}",
            "web/app.min.js": "x",
            "film.mp4": "x",
            "tool": "x",
        },
    )
    assert names(tree) == ["dist/kept.py", "src/main.py", "venv/kept.py"]
    assert skipped(tree) == {}


def test_gitignore_is_honoured(tree: Path) -> None:
    write(
        tree,
        {
            ".gitignore": "*.log.txt\nout/\n/top.txt\n!keep.log.txt\n",
            "a.log.txt": "x",
            "keep.log.txt": "x",
            "out/x.txt": "x",
            "sub/out/x.txt": "x",
            "top.txt": "x",
            "sub/top.txt": "x",
            "sub/.gitignore": "only.txt\n!b.log.txt",
            "sub/only.txt": "x",
            "sub/b.log.txt": "x",
            "only.txt": "x",
        },
    )
    assert names(tree) == ["keep.log.txt", "only.txt", "sub/b.log.txt", "sub/top.txt"]


def test_lecternignore_is_honoured_even_for_tracked_files(tree: Path) -> None:
    write(
        tree,
        {
            ".lecternignore": "drafts/\n*.csv\n[\n!\n",
            "drafts/a.md": "x",
            "drafts/deep/a.md": "x",
            "data.csv": "x",
            "sub/.lecternignore": "!data.csv",
            "sub/data.csv": "x",
            "kept.md": "x",
        },
    )
    if (tree / ".git").exists():
        git(tree, "add", ".")
    assert names(tree) == ["kept.md", "sub/data.csv"]


@pytest.mark.parametrize("name", ["a b.txt", "договор.txt", "合同.md", 'quote".txt', "-n.txt", "é\u0301.md"])
def test_any_name_is_found(tree: Path, name: str) -> None:
    write(tree, {name: "x"})
    assert names(tree) == [name]


@unix
def test_names_with_newlines_and_broken_bytes_are_found(tree: Path) -> None:
    write(tree, {"new\nline.txt": "x"})
    (tree / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    (tree / "\u202etxt.fdp.txt").write_text("x")
    shown = ["\\u202etxt.fdp.txt", "caf\\xe9.txt", "new\\x0aline.txt"]
    assert names(tree) == shown, "no name moves a terminal's cursor"
    for found in discover([tree]).found:
        assert isinstance(found, SourceFile)
        assert found.location.read_text() == "x"
        found.path.encode()


@unix
def test_links_are_not_followed(tree: Path) -> None:
    outside = write(tree.parent / "outside", {"secret.txt": "x"})
    write(tree, {"real.md": "x", "folder/a.md": "x"})
    (tree / "inside.md").symlink_to("real.md")
    (tree / "loop").symlink_to(".", target_is_directory=True)
    (tree / "self.md").symlink_to("self.md")
    (tree / "nowhere.md").symlink_to("missing.md")
    (tree / "leak.txt").symlink_to(outside / "secret.txt")
    (tree / "leak").symlink_to(outside, target_is_directory=True)
    assert names(tree) == ["folder/a.md", "real.md"]
    assert skipped(tree) == {
        "leak": "outside",
        "leak.txt": "outside",
        "nowhere.md": "unreadable",
        "self.md": "unreadable",
    }


@unix
def test_special_files_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    os.mkfifo(tmp_path / ".gitignore")
    with socket.socket(socket.AF_UNIX) as listener, chdir(tmp_path):
        listener.bind("socket.md")
    assert skipped(tmp_path) == {
        ".gitignore": "special_file",
        "pipe.txt": "special_file",
        "socket.md": "special_file",
    }
    assert skipped(tmp_path / "pipe.txt") == {"pipe.txt": "special_file"}
    assert skipped(Path("/dev/zero")) == {"zero": "special_file"}


def test_empty_and_oversized_files_are_reported(tree: Path) -> None:
    write(tree, {"empty.txt": "", "big.txt": "x" * 11, "fits.txt": "x" * 10})
    found = {entry.path: entry for entry in discover([tree], max_bytes=10).found}
    big, empty = found["big.txt"], found["empty.txt"]
    assert isinstance(found["fits.txt"], SourceFile)
    assert isinstance(empty, Skipped)
    assert empty.reason == "empty"
    assert isinstance(big, Skipped)
    assert (big.reason, "11 bytes" in big.detail) == ("too_large", True)


@contextmanager
def as_nobody() -> Generator[None]:
    """Drop the rights that let root read everything."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Unix permissions and setresuid")
def test_what_may_not_be_read_is_reported() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write(Path(folder), {"closed/a.txt": "x", "secret.txt": "x", "open.txt": "x"})
        root.chmod(0o755)
        (root / "secret.txt").chmod(0)
        (root / "closed").chmod(0)
        with as_nobody():
            assert names(root) == ["open.txt"]
            assert skipped(root) == {"closed": "unreadable", "secret.txt": "unreadable"}
        (root / "closed").chmod(0o755)


def test_a_file_named_by_itself_is_never_passed_over(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"package-lock.json": "{}", "x.mp4": "x", "node_modules/m.js": "x", ".gitignore": "m.js", "e.md": ""},
    )
    assert names(tmp_path / "package-lock.json", tmp_path / "node_modules/m.js") == [
        "m.js",
        "package-lock.json",
    ]
    assert skipped(tmp_path / "x.mp4", tmp_path / "e.md") == {"x.mp4": "unsupported", "e.md": "empty"}


@needs_git
def test_images_are_read_unless_a_repository_keeps_them(tmp_path: Path) -> None:
    write(tmp_path, {"scans/page.png": "x", "project/logo.png": "x", "project/main.py": "x"})
    git(tmp_path / "project", "init")
    assert names(tmp_path) == ["project/main.py", "scans/page.png"]
    assert names(tmp_path / "project/logo.png") == ["logo.png"]


@unix
def test_a_link_named_by_itself_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"real/text": "x"})
    (tmp_path / "link.txt").symlink_to("real/text")
    (tmp_path / "folder").symlink_to("real", target_is_directory=True)
    (tmp_path / "gone.txt").symlink_to("missing")
    assert names(tmp_path / "link.txt") == ["link.txt"]
    assert skipped(tmp_path / "gone.txt") == {"gone.txt": "unreadable"}
    write(tmp_path, {"real/a.md": "x"})
    assert names(tmp_path / "folder") == ["a.md"]


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as error:
        discover([tmp_path, tmp_path / "missing"])
    assert (error.value.kind, error.value.name) == ("path", str(tmp_path / "missing"))


def test_roots_are_told_apart_only_when_they_must_be(tmp_path: Path) -> None:
    write(tmp_path, {"x/docs/a.md": "1", "y/docs/a.md": "2", "y/docs/b.md": "3", "z/c.md": "4"})
    assert names(tmp_path / "x/docs", tmp_path / "z") == ["a.md", "c.md"]
    assert names(tmp_path / "x/docs", tmp_path / "y/docs") == ["x/docs/a.md", "y/docs/a.md", "y/docs/b.md"]
    assert names(tmp_path / "x/docs/a.md", tmp_path / "y") == ["a.md", "docs/a.md", "docs/b.md"]


def known_of(*roots: Path) -> dict[str, str]:
    return {found.path: location_of(found) for found in discover(roots).found}


def placed_so(known: Mapping[str, str]) -> Placed:
    """These paths, whoever asks."""

    def placed(_lying: Collection[str], _paths: Iterable[str]) -> Mapping[str, str]:
        return known

    return placed


def renamed(root: Path, known: Mapping[str, str]) -> list[str]:
    return [found.path for found in discover([root], placed=placed_so(known)).found]


def test_a_path_that_another_file_goes_by_is_not_given_again(tmp_path: Path) -> None:
    write(tmp_path, {"one/README.md": "1", "two/README.md": "2", "two/b.md": "3"})
    known = known_of(tmp_path / "one")
    assert renamed(tmp_path / "two", known) == ["b.md", "two/README.md"]
    known |= {"two/README.md": str(tmp_path / "two/README.md"), "b.md": str(tmp_path / "two/b.md")}
    assert renamed(tmp_path / "two", known) == ["b.md", "two/README.md"]
    assert renamed(tmp_path / "one", known) == ["README.md"]


def test_a_longer_name_may_be_taken_too(tmp_path: Path) -> None:
    write(tmp_path, {"x/docs/a.md": "1", "y/docs/a.md": "2", "z/docs/a.md": "3"})
    known = {"a.md": str(tmp_path / "x/docs/a.md"), "docs/a.md": str(tmp_path / "y/docs/a.md")}
    assert renamed(tmp_path / "z/docs", known) == ["z/docs/a.md"]


def test_two_new_files_never_get_one_path(tmp_path: Path) -> None:
    write(tmp_path, {"old/a.md": "1", "p/docs/a.md": "2", "q/docs/a.md": "3"})
    known = known_of(tmp_path / "old")
    found = discover([tmp_path / "p/docs", tmp_path / "q"], placed=placed_so(known)).found
    # "a.md" is taken, so the one wants "docs/a.md": the other's name below its own folder.
    assert [file.path for file in found] == ["docs/a.md", "q/docs/a.md"]


def test_a_file_keeps_its_path_from_whichever_folder_it_is_reached(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.md": "1", "docs/sub/b.md": "2"})
    known = known_of(tmp_path / "docs")
    assert renamed(tmp_path, known) == ["a.md", "sub/b.md"]
    assert renamed(tmp_path / "docs/sub/b.md", known) == ["sub/b.md"]


def test_a_moved_folder_keeps_its_paths(tmp_path: Path) -> None:
    write(tmp_path, {"old/a.md": "1"})
    known = known_of(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    assert renamed(tmp_path / "new", known) == ["a.md"]


def test_what_was_no_file_keeps_its_path(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.md": "1"})
    assert renamed(tmp_path / "docs", {"a.md": ""}) == ["docs/a.md"]


def test_kinds_without_a_reader_are_counted(tree: Path) -> None:
    write(tree, dict.fromkeys(["a.md", "b.xyzzy", "c.XYZZY", "sub/d.zip", "Nonesuch"], "x"))
    assert discover([tree]).passed_over == {".xyzzy": 2, ".zip": 1, "": 1}


def test_overlapping_roots_list_a_file_once(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.md": "1", "docs/b.md": "2"})
    assert names(tmp_path, tmp_path / "docs", tmp_path / "docs/a.md") == ["docs/a.md", "docs/b.md"]


@needs_git
def test_git_knows_what_is_a_source(tmp_path: Path) -> None:
    write(
        tmp_path, {".gitignore": "ignored*", "tracked.md": "x", "gone.md": "x", "ignored-but-tracked.md": "x"}
    )
    git(tmp_path, "init")
    git(tmp_path, "add", "-f", ".")
    write(tmp_path, {"ignored.md": "x", "untracked.md": "x", "sub/new.md": "x"})
    (tmp_path / "gone.md").unlink()
    assert names(tmp_path) == ["ignored-but-tracked.md", "sub/new.md", "tracked.md", "untracked.md"]
    assert names(tmp_path / "sub") == ["new.md"]
    assert skipped(tmp_path) == {}


@needs_git
def test_an_ignored_folder_that_is_named_is_read(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "out/", "out/a.md": "x", "b.md": "x"})
    git(tmp_path, "init")
    assert names(tmp_path / "out") == ["a.md"]


@needs_git
@pytest.mark.parametrize("outer_is_repository", [False, True])
def test_repositories_inside_list_themselves(tmp_path: Path, outer_is_repository: bool) -> None:
    inner = write(tmp_path / "inner", {".gitignore": "built.md", "built.md": "x", "a.md": "x"})
    write(tmp_path, {"b.md": "x"})
    git(inner, "init")
    if outer_is_repository:
        git(tmp_path, "init")
    assert names(tmp_path) == ["b.md", "inner/a.md"]


@unix
@needs_git
def test_a_repository_cannot_run_programs(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "x", "hook.sh": f"#!/bin/sh\ntouch {tmp_path}/ran\n"})
    (tmp_path / "hook.sh").chmod(0o755)
    git(tmp_path, "init")
    git(tmp_path, "config", "core.fsmonitor", str(tmp_path / "hook.sh"))
    assert "a.md" in names(tmp_path)
    assert not (tmp_path / "ran").exists()


part = st.sampled_from(["a", "b", "src", "out", ".git", "node_modules", "x.py"])
file_name = st.sampled_from(["a.md", "b.txt", "c.py", "d.png", "e", "package-lock.json"])
rule = st.sampled_from(["a", "*.md", "out/", "/b", "!a.md", "src/*", "**/x.py", "# no", ""])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.lists(part, max_size=3), file_name).map(lambda p: "/".join([*p[0], p[1]])),
        st.just("x"),
        max_size=8,
    ),
    st.lists(rule, max_size=4),
)
def test_discovery_is_a_sorted_subset_of_the_files(files: dict[str, str], rules: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in files:
            if not any(other.startswith(name + "/") for other in files):
                write(root, {name: "x"})
        (root / ".lecternignore").write_text("\n".join(rules))
        found = names(root)
        assert found == sorted(set(found))
        assert found == names(root)
        assert all((root / name).is_file() and media_type_of(Path(name)) for name in found)
        assert not any({".git", "node_modules"} & set(name.split("/")) for name in found)


def test_empty_programs_below_a_folder_are_passed_over_but_not_when_named(tmp_path: Path) -> None:
    for name in ("__init__.py", "notes.txt"):
        (tmp_path / name).touch()
    assert [(f.path, f.reason) for f in discover([tmp_path]).found if isinstance(f, Skipped)] == [
        ("notes.txt", "empty")
    ]
    (named,) = discover([tmp_path / "__init__.py"]).found
    assert isinstance(named, Skipped)
    assert named.reason == "empty"
