from __future__ import annotations

import json
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.media import language_of, media_type_of
from ingest.readers.code import LARGEST_PROGRAM, NOT_IN_TIME, read_code
from ingest.readers.grammars import LANGUAGES
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from ingest.model import Document, Symbol

PYTHON = '''\
#!/usr/bin/env python
"""Talk to a server."""
from __future__ import annotations
import os  # noqa
# for bodies
import json

# seconds
TIMEOUT = 3
LIMIT: int = 4

print("é")

# Above,
# in two lines.
def plain(a,  # first
          b: int = 3) -> int:
    def inner(): pass
    return 1

@decorated
@twice(a=1)
class Session(Base):
    """Sends.

        Indented.
    """
    retries = 1

    async def send(self):
        # why
        """One request."""
    # on close
    @property
    def closed(self): return 1  # tail
    class Pool:
        def take(self): pass
if __name__ == "__main__":
    plain()
'''

TYPESCRIPT = """\
import a from "a";
import {b} from 'b';
/** Adds. */
export default class Foo extends Bar {
  x = 1;
  /**
   * Sends it.
   * @param a what
   */
  @log()
  async send<T>(a: T): Promise<T> { return a; }
  handler = (e: Event) => { go(); };
}
// helper
export const add = (a: number): number => a + 1;
const z = 1, g = function() {};
exports.run = function run() { function inner() {} };
namespace N { export function q(): void {} }
interface I { m(): void; p: string }
it("works", () => { const local = 1; });
"""

GO = """\
package x
import "fmt"
// Do does.
//
// It really does.
func (c *Client[T]) Do(r Req) (Resp, error) { return nil }
type C struct { a int }
type (
  // D doc
  D interface { M(int) error }
)
const X = 1
var (
  a = 1
)
func main() {}
"""

JAVA = """\
package a.b;
import java.util.*;
/**
 * Session.
 */
@Service
public class Session<T> implements X {
  private int a;
  /** Makes. */
  public Session(int a) { this.a = a; }
  @Override
  public void send(String s) throws IOException { run(); }
  interface In { void q(); }
}
"""

C = """\
#include <a.h>
#define MAX(a, b) ((a) > (b))
struct point { int x; };
typedef struct { int q; } Q;
/* Makes one. */
static struct point *
make(int x)
{
  int fake(int);
  return 0;
}
int declared(char *s);
"""

CPP = """\
#ifndef X_H
#define X_H
#include <a>
namespace a::b {
/// A thing.
/// Big.
template<class T>
class A : public B {
 public:
  A();
  ~A() {}
  int f() const;
  T& g() { return x_; }
 private:
  int x_;
};
}  // namespace
int& A<int>::f() const { return 1; }
void A::operator()(int x) {}
#endif
"""

RUST = """\
use std::io;
/// A doc.
/// More.
#[derive(Debug)]
pub struct A<T> { x: T }
impl<T> Foo for A<T> {
    /// new one
    pub fn new() -> Self { 1 }
    fn b(&self) {}
}
mod m { pub fn f() {} }
const X: u8 = 1;
trait Z { fn q(&self); }
"""


def symbols(text: str, language: str) -> dict[str, Symbol]:
    return {symbol.name: symbol for symbol in read_code(text, "file", language).symbols}


def names(text: str, language: str) -> list[tuple[str, str]]:
    return [(symbol.kind, symbol.name) for symbol in read_code(text, "file", language).symbols]


def blocks(text: str, language: str) -> list[str]:
    return [" ".join(element.text.split()) for element in read_code(text, "file", language).elements]


def assert_elements_hold_the_text(document: Document) -> None:
    end = 0
    for element in document.elements:
        assert element.text == document.text[element.start : element.end]
        assert element.text.rstrip() == element.text != ""
        assert element.text.split("\n")[0].strip()
        assert not document.text[end : element.start].strip()
        end = element.end
    assert not document.text[end:].strip()
    for symbol in document.symbols:
        assert 0 <= symbol.start <= symbol.name_start < symbol.end <= len(document.text)
        assert "\n" not in symbol.signature


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (
            PYTHON,
            "python",
            (
                "variable TIMEOUT, variable LIMIT, function plain, function plain.inner, class Session,"
                " method Session.send, method Session.closed, class Session.Pool, method Session.Pool.take"
            ),
        ),
        (
            TYPESCRIPT,
            "typescript",
            (
                "class Foo, method Foo.send, method Foo.handler, function add, variable z, function g,"
                " method exports.run, function exports.run.inner, module N, function N.q, class I, method I.m"
            ),
        ),
        (
            GO,
            "go",
            "method Client.Do, class C, class D, method D.M, variable X, variable a, function main",
        ),
        (
            JAVA,
            "java",
            (
                "class Session, method Session.Session, method Session.send, class Session.In,"
                " method Session.In.q"
            ),
        ),
        (C, "c", "function MAX, class point, class Q, function make, function declared"),
        (
            CPP,
            "cpp",
            (
                "module a.b, class a.b.A, method a.b.A.A, method a.b.A.~A, method a.b.A.f, method a.b.A.g,"
                " method A.f, method A.operator()"
            ),
        ),
        (
            RUST,
            "rust",
            "class A, method A.new, method A.b, module m, function m.f, variable X, class Z, method Z.q",
        ),
        (
            "export const View = () => <p/>;\nclass A { render() { return <b>x</b>; } }",
            "tsx",
            "function View, class A, method A.render",
        ),
        (
            "class A { #p() {} }\nfunction* g() {}\nconst o = { run: () => 1 };",
            "javascript",
            "class A, method A.#p, function g, variable o, function o.run",
        ),
    ],
    ids=lambda value: value if value in LANGUAGES else "",
)
def test_definitions_are_found(text: str, language: str, expected: str) -> None:
    assert ", ".join(" ".join(pair) for pair in names(text, language)) == expected
    assert_elements_hold_the_text(read_code(text, "file", language))


def test_a_block_keeps_its_indentation() -> None:
    for indent in ("    ", "\t"):
        text = f"class A:\n{indent}x = 1\n\n{indent}def f(self):\n{indent * 2}return 1\nx = 1\n"
        document = read_code(text, "a.py", "python")
        begin = [element.text.split("\n")[0] for element in document.elements]
        assert begin == ["class A:", f"{indent}def f(self):", "x = 1"]


@pytest.mark.parametrize(
    ("text", "language", "name", "signature", "docstring"),
    [
        (PYTHON, "python", "plain", "def plain(a, b: int = 3) -> int", "Above,\nin two lines."),
        (PYTHON, "python", "Session", "class Session(Base)", "Sends.\n\nIndented."),
        (PYTHON, "python", "Session.send", "async def send(self)", "One request."),
        (PYTHON, "python", "Session.closed", "def closed(self)", "on close"),
        (PYTHON, "python", "TIMEOUT", "TIMEOUT = 3", "seconds"),
        (TYPESCRIPT, "typescript", "Foo", "export default class Foo extends Bar", "Adds."),
        (TYPESCRIPT, "typescript", "Foo.send", "async send<T>(a: T): Promise<T>", "Sends it.\n@param a what"),
        (TYPESCRIPT, "typescript", "add", "export const add = (a: number): number =>", "helper"),
        (GO, "go", "Client.Do", "func (c *Client[T]) Do(r Req) (Resp, error)", "Do does.\n\nIt really does."),
        (GO, "go", "D", "D interface { M(int) error }", "D doc"),
        (JAVA, "java", "Session", "@Service public class Session<T> implements X", "Session."),
        (JAVA, "java", "Session.Session", "public Session(int a)", "Makes."),
        (C, "c", "make", "static struct point * make(int x)", "Makes one."),
        (C, "c", "declared", "int declared(char *s)", ""),
        (CPP, "cpp", "a.b.A", "template<class T> class A : public B", "A thing.\nBig."),
        (CPP, "cpp", "A.f", "int& A<int>::f() const", ""),
        (RUST, "rust", "A", "pub struct A<T>", "A doc.\nMore."),
        (RUST, "rust", "A.new", "pub fn new() -> Self", "new one"),
    ],
)
def test_signatures_and_documentation(
    text: str, language: str, name: str, signature: str, docstring: str
) -> None:
    symbol = symbols(text, language)[name]
    assert (symbol.signature, symbol.docstring) == (signature, docstring)
    assert text.startswith(name.rpartition(".")[2], symbol.name_start)


def test_a_definition_includes_its_decorators() -> None:
    session = symbols(PYTHON, "python")["Session"]
    assert PYTHON[session.start : session.end].startswith("@decorated\n@twice(a=1)\nclass Session")
    assert PYTHON[session.start : session.end].endswith("def take(self): pass")


def test_python_is_cut_as_it_was_written() -> None:
    assert blocks(PYTHON, "python") == [
        '#!/usr/bin/env python """Talk to a server."""',
        "from __future__ import annotations import os # noqa # for bodies import json",
        "# seconds TIMEOUT = 3 LIMIT: int = 4",
        'print("é")',
        "# Above, # in two lines. def plain(a, # first b: int = 3) -> int: def inner(): pass return 1",
        '@decorated @twice(a=1) class Session(Base): """Sends. Indented. """ retries = 1',
        'async def send(self): # why """One request."""',
        "# on close @property def closed(self): return 1 # tail",
        "class Pool:",
        "def take(self): pass",
        'if __name__ == "__main__": plain()',
    ]


def test_headers_are_cut_inside_guards_and_namespaces() -> None:
    assert blocks(CPP, "cpp") == [
        "#ifndef X_H #define X_H",
        "#include <a>",
        "namespace a::b {",
        "/// A thing. /// Big. template<class T> class A : public B { public: A();",
        "~A() {}",
        "int f() const;",
        "T& g() { return x_; }",
        "private: int x_; }; } // namespace",
        "int& A<int>::f() const { return 1; }",
        "void A::operator()(int x) {} #endif",
    ]


def test_offsets_are_code_points() -> None:
    text = "# \U0001f600 合同\nx = 'é'\ndef été(): return 'ё'\n"
    document = read_code(text, "a.py", "python")
    (_, function) = document.symbols
    assert text[function.name_start :].startswith("été()")
    assert text[function.start : function.end] == "def été(): return 'ё'"
    assert_elements_hold_the_text(document)


def test_the_document_is_named_by_its_path() -> None:
    document = read_code("x = 1\n", "src/a.py", "python")
    assert (document.title, document.reader) == ("src/a.py", "code/3")
    assert {element.kind for element in document.elements} == {"code"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff", "}", "def", "\\", "'", "/*", "\x00", "\ufffd\n" * 3])
def test_broken_programs_are_still_text(language: str, text: str) -> None:
    document = read_code(text, "file", language)
    assert document.text == text
    assert_elements_hold_the_text(document)


def test_a_broken_function_does_not_hide_the_others() -> None:
    assert "c" in symbols("def a(): return 1\n\ndef b(:\n\ndef c(): return 2\n", "python")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "(" * 100_000),
        ("c", "{" * 100_000),
        ("rust", "<" * 100_000),
        ("javascript", "function f(){" * 20_000 + "}" * 20_000),
        ("cpp", "namespace a{" * 20_000),
        ("c", "int " + "*" * 100_000 + "f(){}"),
        ("javascript", "function f(a){return a};var x=1;/*c*/g();" * 5_000),
        ("go", "// a\n" * 50_000 + "func a(){}\n"),
        ("python", "@a\n" * 20_000 + "def f(): pass"),
        ("typescript", "(a=>" * 10_000),
    ],
    ids=lambda value: value if value in LANGUAGES else value[:12],
)
def test_deep_and_long_programs_are_read_in_linear_time(language: str, text: str) -> None:
    began = time.process_time()
    document = read_code(text, "file", language)
    assert time.process_time() - began < 5
    assert_elements_hold_the_text(document)


def test_a_program_whose_grammar_runs_wild_is_still_text() -> None:
    text = "a{b:c}\n" + "a:" * 60_000
    began = time.process_time()
    document = read_code(text, "a.css", "css")
    assert time.process_time() - began < 2, "the work was not done apart"
    assert (document.symbols, document.warnings) == ((), (NOT_IN_TIME,))
    assert_elements_hold_the_text(document)


def test_larger_programs_are_read_apart_as_small_ones_are_here() -> None:
    text = "# été\ndef f(): return 1\n\n"
    small, large = read_code(text, "a.py", "python"), read_code(text * 1000, "a.py", "python")
    assert len(large.symbols) == 1000 * len(small.symbols) == 1000
    assert large.symbols[0] == small.symbols[0]
    assert [element.text for element in large.elements] == [small.elements[0].text] * 1000


def test_a_gigantic_program_is_one_block() -> None:
    document = read_code("x = 1\n" * (LARGEST_PROGRAM // 6 + 1), "file", "python")
    assert (len(document.elements), document.symbols) == (1, ())
    assert_elements_hold_the_text(document)


fragments = st.sampled_from(
    [
        *PYTHON.splitlines(keepends=True),
        *TYPESCRIPT.splitlines(keepends=True),
        *CPP.splitlines(keepends=True),
        *RUST.splitlines(keepends=True),
        *GO.splitlines(keepends=True),
        *C.splitlines(keepends=True),
        "\n",
        "合同 ",
        "\u3000",
        "\r\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(LANGUAGES)), st.lists(fragments | st.text(max_size=5), max_size=30).map("".join)
)
def test_elements_always_hold_the_text(language: str, text: str) -> None:
    text = text.encode(errors="replace").decode()
    document = read_code(text, "file", language)
    assert document.text == text
    assert_elements_hold_the_text(document)


@needs_shared
@pytest.mark.parametrize("collection", ["sweqa", "repo-history"])
def test_real_programs(collection: str) -> None:
    found = 0
    with shared(f"{collection}/documents.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            entry = json.loads(line) if number % 25 == 0 else {"path": ""}
            media_type = media_type_of(PurePosixPath(entry["path"]))
            language = language_of(media_type) if media_type else None
            if language:
                document = read_code(entry["text"], entry["path"], language)
                assert_elements_hold_the_text(document)
                found += len(document.symbols)
    assert found > 500
