import pytest

from peep.formats.file_columns import FileColumns, FileUrls
from peep.model import Digest, IndexFile

SHA, LONG = Digest("sha256", "a" * 64), Digest("sha512", "b" * 128)
INDEX = "https://index.example/simple"
FILES = (
    IndexFile("a-1.tar.gz", "https://files.example/a-1.tar.gz", (), index=INDEX),
    IndexFile(
        "a-2.tar.gz", "https://files.example/a-2.tar.gz", (SHA, LONG), 5, "then", ">=3", "", INDEX, (), "https://p"
    ),
    IndexFile("a-3.tar.gz", "https://files.example/a-3.tar.gz", (SHA,), None, None, ">=3", "why", INDEX, (SHA, LONG)),
)


def test_columns_are_the_files_that_they_were_made_of():
    columns = FileColumns.of(FILES, INDEX)
    assert len(columns) == 3
    assert tuple(columns) == FILES == columns
    assert columns[1:] == FILES[1:]
    assert columns[-1] == FILES[-1]
    assert columns[0] is columns[0]
    assert FILES[2] in columns
    assert FileColumns.of(columns, INDEX) is columns
    assert hash(columns) == hash(FILES)
    assert columns != FILES[:2]


def test_an_index_beyond_the_end_is_an_error():
    with pytest.raises(IndexError):
        FileColumns.of(FILES, INDEX)[3]


def test_columns_of_several_lengths_are_refused():
    with pytest.raises(ValueError, match="several lengths"):
        FileColumns(["a-1.zip"], FileUrls("https://files.example/", ["a-1.zip"]), [[""], *[[None]] * 4, []], "", [""])
