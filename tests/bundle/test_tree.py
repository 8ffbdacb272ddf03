"""Trees of a bundle's files."""

from peep.bundle.tree import CountedTree, FolderTree
from peep.reporting import SilentReporter


class Counting(SilentReporter):
    def __init__(self) -> None:
        self.told: list[str] = []

    def worked(self, what: str) -> None:
        self.told.append(what)


def test_each_file_that_is_opened_is_counted_for_whoever_waits(tmp_path):
    (tmp_path / "README.txt").write_bytes(b"read me")
    reporter = Counting()
    tree = CountedTree(FolderTree(str(tmp_path)), reporter, "files compared")
    assert (tree.label, [entry.path for entry in tree.entries()]) == (str(tmp_path), ["README.txt"])
    with tree.open("README.txt") as file:
        assert file.read() == b"read me"
    assert reporter.told == ["files compared"]
