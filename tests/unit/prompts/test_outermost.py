"""What a program defines for others."""

from __future__ import annotations

import pytest

from ingest.reading import read_text
from prompts.outermost import outermost_names


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("a.py", "class A:\n    def f(self):\n        class L:\n            pass\n\ndef g(): pass\n", "A g"),
        (
            "a.cs",
            "namespace Acme.Billing\n{\n  class Invoice\n  {\n    int Total() => 1;\n  }\n}\n",
            "Invoice",
        ),
        ("b.cs", "namespace Acme.Billing;\nclass Invoice\n{\n  class Line {}\n}\n", "Invoice"),
        ("a.php", "<?php\nnamespace Acme\\Billing;\nclass A { function f() {} }\nfunction g() {}\n", "A g"),
        ("a.ex", "defmodule Acme.Billing do\n  def total(x), do: x\nend\n", "total"),
        ("b.ex", "defmodule Acme.Billing do\n  use Acme\nend\n", "Billing"),
        (
            "a.cpp",
            "namespace acme { namespace b {\nclass A { int f(); };\nint A::f() { return 1; }\n}\n}\n",
            "A",
        ),
        ("a.rb", "module Acme\n  module B\n    class A\n      def f; end\n    end\n  end\nend\n", "A"),
        ("b.rb", "class A\n  module B\n    def f; end\n  end\nend\n", "A"),
        ("c.rb", "class Acme::Invoice\n  def total; end\nend\n", "Acme.Invoice"),
        ("a.ts", "export namespace Acme { export class A { f(): number { return 1 } } }\n", "A"),
        ("a.js", "exports.f = () => 2\nmodule.exports.g = () => 1\nK.prototype.h = () => 1\n", "f g"),
        ("a.rs", "struct A;\nmod inner { fn f() {} }\nmod tests { fn adds() {} }\n", "A f tests"),
        ("a.go", "package a\n\ntype A struct{}\n\nfunc (a *A) F() {}\n\nfunc (b *B) F() {}\n", "A"),
        ("a.sql", "create table acme.invoices (id int);\n", "acme.invoices"),
        ("a.css", ".a.b { color: red }\nbody { color: red }\n", "body"),
    ],
)
def test_modules_are_transparent(path: str, text: str, names: str) -> None:
    assert outermost_names(read_text(text, path).symbols) == tuple(names.split())
