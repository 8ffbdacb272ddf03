"""Time grows with the length of a file and no faster: bounds so generous that only a quadratic reader misses them."""

import contextlib

import pytest

from peep.errors import RequirementsErrors
from peep.requirements.port import port_to_comments, port_to_pip
from support.cpu import assert_linear
from support.requirements_files import BASE64_A, HEX_A, HEX_B, parse, pins_of

SMALL, LARGE = 2_000, 20_000


def in_options(count):
    return "".join(
        f"p{n}==1.{n} \\\n    --hash=sha256:{HEX_A} \\\n    --hash=sha256:{HEX_B}\n" for n in range(count // 3)
    )


def of_one_project(count):
    options = "".join(f" \\\n    --hash=sha256:{n:064x}" for n in range(count // 2))
    return f"a==1{options}\na==1{options}\n"


def in_comments(count):
    return "".join(f"# sha256: {BASE64_A}\np{n}==1.{n}\n" for n in range(count // 2))


@pytest.mark.slow
@pytest.mark.parametrize("text_of", [in_options, in_comments, of_one_project])
def test_pinning_grows_with_the_number_of_lines(text_of):
    assert_linear(lambda count: pins_of(text_of(count)), SMALL, LARGE)


@pytest.mark.slow
def test_porting_grows_with_the_number_of_lines():
    assert_linear(lambda count: port_to_pip(in_comments(count), "r.txt"), SMALL, LARGE)
    assert_linear(lambda count: port_to_comments(in_options(count), "r.txt"), SMALL, LARGE)
    assert_linear(lambda count: port_to_comments(of_one_project(count), "r.txt"), SMALL, LARGE)


@pytest.mark.parametrize(
    "text_of",
    [
        lambda count: f"# sha256: {BASE64_A}\n" * count + "a==1\n",
        lambda count: "a==1 \\\n" + f"    --hash=sha256:{HEX_A} \\\n" * count,
        lambda count: "# " + "#egg=" * count,
        lambda count: f"# sha256: {BASE64_A}\n# " + "x#egg=" * count + "\na==1",
        lambda count: "#" + " " * count + "sha256: x",
        lambda count: "# sha256: " + "# " * count,
        lambda count: "a==1 \\\n" * count,
        lambda count: " " * count + "a==1",
        lambda count: "a[" + "x," * count + "]==1",
        lambda count: "a==" + "1." * count + "1",
        lambda count: "https://x.example/" + "${X}" * count,
        lambda count: "a" + "-" * count + "==1",
        lambda count: "--hash=" * count,
        lambda count: "a ; " + "(" * count,
        lambda count: "\\\n" * count,
        lambda count: "a @ https://x.example/a.zip" + " ;" * count,
        lambda count: "a==1 # \\\n" * count,
        lambda count: "./" + "[" * count,
    ],
    ids=range(18),
)
def test_no_shape_of_text_is_slower_than_its_length(text_of):
    def read(count):
        with contextlib.suppress(RequirementsErrors):
            parse(text_of(count))

    assert_linear(read, SMALL, LARGE)
