"""Small programs in many languages, and the names that a reader must find in them."""

from __future__ import annotations

import pytest

from ingest.readers.code import read_code
from tests.unit.ingest.readers.test_code import assert_elements_hold_the_text

PROGRAMS: dict[str, tuple[str, list[str], list[tuple[str, ...]]]] = {
    "bash": (
        (
            "#!/bin/bash\n"
            "source lib.sh\n"
            ". ./other.sh\n"
            "# Limit.\n"
            "LIMIT=3\n"
            "export PATH_X=4\n"
            "# Builds.\n"
            "build() {\n"
            "  local a=1\n"
            '  echo "$a"\n'
            "}\n"
            "function deploy {\n"
            "  echo hi\n"
            "}\n"
            "build\n"
        ),
        ["variable LIMIT", "variable PATH_X", "function build", "function deploy"],
        [("lib.sh",), ("./other.sh",)],
    ),
    "clojure": (
        (
            "(ns shop.basket\n"
            '  "Doc."\n'
            "  (:require [clojure.string :as str]\n"
            "            [a.b :refer [c d]])\n"
            "  (:import (java.util List)))\n"
            ";; Limit.\n"
            "(def limit 3)\n"
            "(defn add\n"
            '  "Adds."\n'
            "  [a b]\n"
            "  (+ a b))\n"
            "(defn- helper [x] x)\n"
            "(defmacro m [x] x)\n"
            "(defprotocol Face (q [x]))\n"
            "(defrecord Basket [a] Face (q [x] 1))\n"
            "(defmulti area :shape)\n"
            "(defmethod area :circle [x] 1)\n"
        ),
        [
            "module shop.basket",
            "variable shop.basket.limit",
            "function shop.basket.add",
            "function shop.basket.helper",
            "function shop.basket.m",
            "class shop.basket.Face",
            "method shop.basket.Face.q",
            "class shop.basket.Basket",
            "method shop.basket.Basket.q",
            "function shop.basket.area",
            "function shop.basket.area",
        ],
        [("clojure.string",), ("a.b", "c", "d"), ("java.util", "List")],
    ),
    "cmake": (
        (
            "cmake_minimum_required(VERSION 3.1)\n"
            "project(Shop)\n"
            "include(CTest)\n"
            "find_package(Boost REQUIRED)\n"
            "# Limit.\n"
            "set(LIMIT 3)\n"
            "# Adds.\n"
            "function(add_thing name)\n"
            '  message("x")\n'
            "endfunction()\n"
            "macro(mm a)\n"
            "endmacro()\n"
            "add_library(shop a.c)\n"
            "add_executable(app main.c)\n"
            "add_subdirectory(src)\n"
            "if(X)\n"
            "  add_test(NAME t COMMAND app)\n"
            "endif()\n"
        ),
        ["variable LIMIT", "function add_thing", "function mm", "function shop", "function app"],
        [("CTest",), ("Boost",), ("src",)],
    ),
    "commonlisp": (
        (
            "(defpackage :shop (:use :cl))\n"
            "(in-package :shop)\n"
            ";; Adds.\n"
            '(defun add (a b) "Adds." (+ a b))\n'
            "(defclass basket () ((a)))\n"
            "(defvar *limit* 3)\n"
            "(defmacro m (x) x)\n"
            "(defmethod q ((b basket)) 1)\n"
        ),
        ["function add", "class basket", "variable *limit*", "function m", "function q"],
        [],
    ),
    "csharp": (
        (
            "using System;\n"
            "using static System.Math;\n"
            "using Json = Newtonsoft.Json;\n"
            "namespace Shop.Cart {\n"
            "  /// <summary>Holds items.</summary>\n"
            "  [Serializable]\n"
            "  public class Basket<T> : IBasket where T : Item {\n"
            "    private int count;\n"
            "    public const int Limit = 3;\n"
            "    /// <summary>Makes.</summary>\n"
            "    public Basket(int a) { }\n"
            "    public int Total { get; set; }\n"
            "    // adds\n"
            "    public async Task<int> Add(T item) => await Go(item);\n"
            "    public static Basket<T> operator +(Basket<T> a, Basket<T> b) { return a; }\n"
            "    public enum Kind { A, B }\n"
            "    public event Action Changed;\n"
            "    ~Basket() { }\n"
            "  }\n"
            "  public interface IBasket { int Count(); }\n"
            "  public record Point(int X, int Y);\n"
            "  public struct S { }\n"
            "  public delegate void Handler(int a);\n"
            "}\n"
        ),
        [
            "module Shop.Cart",
            "class Shop.Cart.Basket",
            "method Shop.Cart.Basket.Basket",
            "variable Shop.Cart.Basket.Total",
            "method Shop.Cart.Basket.Add",
            "method Shop.Cart.Basket.+",
            "class Shop.Cart.Basket.Kind",
            "method Shop.Cart.Basket.~",
            "class Shop.Cart.IBasket",
            "method Shop.Cart.IBasket.Count",
            "class Shop.Cart.Point",
            "class Shop.Cart.S",
            "class Shop.Cart.Handler",
        ],
        [("System",), ("System.Math",), ("Newtonsoft.Json",)],
    ),
    "css": (
        (
            '@import url("a.css");\n'
            '@import "b.css";\n'
            "/* Root. */\n"
            ":root { --x: 1; }\n"
            ".btn, .btn:hover > a { color: red; }\n"
            "@media (min-width: 1px) {\n"
            "  #main .a { color: blue; }\n"
            "}\n"
            "@keyframes spin { from { a: 1 } to { a: 2 } }\n"
            "@font-face { font-family: x; }\n"
        ),
        ["class :root", "class .btn, .btn:hover > a", "class #main .a", "class spin"],
        [("a.css",), ("b.css",)],
    ),
    "dart": (
        (
            "import 'package:a/b.dart' as b show C;\n"
            "export 'c.dart';\n"
            "library shop;\n"
            "/// Holds items.\n"
            "@immutable\n"
            "class Basket<T> extends Base with M implements Face {\n"
            "  final int count = 1;\n"
            "  /// Makes.\n"
            "  Basket(this.a);\n"
            "  Basket.named(int a) : a = a;\n"
            "  factory Basket.of() { return Basket(1); }\n"
            "  int add(T item) { return 1; }\n"
            "  static int make() => 1;\n"
            "  int get total => 1;\n"
            "  set total(int v) {}\n"
            "  bool operator ==(Object o) => true;\n"
            "}\n"
            "abstract class Face { void q(); }\n"
            "mixin M { void n() {} }\n"
            "enum Kind { a, b }\n"
            "extension Ext on String { String shout() => this; }\n"
            "void free(int a) {}\n"
            "const limit = 3;\n"
            "typedef Name = String;\n"
        ),
        [
            "class Basket",
            "method Basket.Basket",
            "method Basket.named",
            "method Basket.of",
            "method Basket.add",
            "method Basket.make",
            "method Basket.total",
            "method Basket.total",
            "method Basket.==",
            "class Face",
            "method Face.q",
            "class M",
            "method M.n",
            "class Kind",
            "class Ext",
            "method Ext.shout",
            "function free",
            "variable limit",
            "class Name",
        ],
        [("package:a/b.dart", "C"), ("c.dart",)],
    ),
    "elisp": (
        (
            "(require 'cl-lib)\n"
            ";; Adds.\n"
            '(defun add (a b) "Adds." (+ a b))\n'
            '(defvar limit 3 "Doc")\n'
            "(defmacro m (x) x)\n"
            '(defcustom c 1 "d")\n'
        ),
        ["function add", "variable limit", "function m", "variable c"],
        [("cl-lib",)],
    ),
    "elixir": (
        (
            "defmodule Shop.Basket do\n"
            '  @moduledoc """\n'
            "  Holds items.\n"
            '  """\n'
            "  use GenServer\n"
            "  import Enum, only: [map: 2]\n"
            "  alias A.{B, C}\n"
            "  alias D.E, as: F\n"
            "  require Logger\n"
            "  @limit 3\n"
            "  defstruct [:a]\n"
            '  @doc """\n'
            "  Adds.\n"
            '  """\n'
            "  @spec add(integer) :: integer\n"
            "  def add(a, b \\\\ 1) when a > 1 do\n"
            "    a\n"
            "  end\n"
            "  defp helper(x), do: x\n"
            "  defmacro m(x) do\n"
            "    x\n"
            "  end\n"
            "  def none, do: 1\n"
            "end\n"
            "defprotocol Face do\n"
            "  def q(x)\n"
            "end\n"
            "defimpl Face, for: Integer do\n"
            "  def q(x), do: x\n"
            "end\n"
        ),
        [
            "module Shop.Basket",
            "variable Shop.Basket.limit",
            "function Shop.Basket.add",
            "function Shop.Basket.helper",
            "function Shop.Basket.m",
            "function Shop.Basket.none",
            "module Face",
            "function Face.q",
            "module Face.Integer",
            "function Face.Integer.q",
        ],
        [("GenServer",), ("Enum",), ("A", "B", "C"), ("D.E",), ("Logger",)],
    ),
    "elm": (
        (
            "module Shop.Cart exposing (..)\n"
            "import Html exposing (div, text)\n"
            "import Json.Decode as D\n"
            "{-| Holds. -}\n"
            "type Kind = A | B\n"
            "type alias Basket = { a : Int }\n"
            "{-| Adds. -}\n"
            "add : Int -> Int\n"
            "add x =\n"
            "    x + 1\n"
            "limit = 3\n"
        ),
        ["class Kind", "class Basket", "function add", "function limit"],
        [("Html", "div", "text"), ("Json.Decode",)],
    ),
    "erlang": (
        (
            "-module(shop).\n"
            "-export([add/2]).\n"
            "-import(lists, [map/2]).\n"
            '-include("a.hrl").\n'
            '-include_lib("b/c.hrl").\n'
            "-record(basket, {a, b}).\n"
            "-define(LIMIT, 3).\n"
            "-type name() :: string().\n"
            "%% @doc Adds.\n"
            "-spec add(integer(), integer()) -> integer().\n"
            "add(0, B) -> B;\n"
            "add(A, B) ->\n"
            "    A + B.\n"
            "go() -> ok.\n"
        ),
        [
            "module shop",
            "class shop.basket",
            "variable shop.LIMIT",
            "class shop.name",
            "function shop.add",
            "function shop.go",
        ],
        [("lists", "map"), ("a.hrl",), ("b/c.hrl",)],
    ),
    "fortran": (
        (
            "module shop\n"
            "  use iso_fortran_env, only: real64\n"
            "  implicit none\n"
            "  type :: basket\n"
            "    integer :: a\n"
            "  end type\n"
            "contains\n"
            "  ! Adds.\n"
            "  subroutine add(a)\n"
            "    integer :: a\n"
            "  end subroutine add\n"
            "  function total(x) result(y)\n"
            "    y = x\n"
            "  end function\n"
            "end module shop\n"
            "program main\n"
            "  use shop\n"
            "end program\n"
        ),
        ["module shop", "class shop.basket", "function shop.add", "function shop.total", "module main"],
        [("iso_fortran_env", "real64"), ("shop",)],
    ),
    "gdscript": (
        (
            "class_name Basket\n"
            "extends Node\n"
            "const LIMIT = 3\n"
            "signal done\n"
            "# Adds.\n"
            "func add(a: int) -> int:\n"
            "\treturn a\n"
            "class Inner:\n"
            "\tfunc q(): pass\n"
            "enum Kind { A }\n"
        ),
        ["variable LIMIT", "function add", "class Inner", "method Inner.q", "class Kind"],
        [],
    ),
    "graphql": (
        (
            '"""\n'
            "A basket.\n"
            '"""\n'
            'type Basket implements Face @key(fields: "id") {\n'
            '  "The id."\n'
            "  id: ID!\n"
            "  items(first: Int): [Item!]\n"
            "}\n"
            "interface Face { id: ID! }\n"
            "enum Kind { A B }\n"
            "input In { a: Int }\n"
            "union U = A | B\n"
            "scalar Date\n"
            "directive @key(fields: String) on OBJECT\n"
            "extend type Query { q: Int }\n"
            "query Get($a: Int) { item(id: $a) { ...F } }\n"
            "mutation Do { x }\n"
            "fragment F on Item { a }\n"
            "schema { query: Query }\n"
        ),
        [
            "class Basket",
            "method Basket.id",
            "method Basket.items",
            "class Face",
            "method Face.id",
            "class Kind",
            "class In",
            "class U",
            "class Date",
            "function key",
            "method Query.q",
            "function Get",
            "function Do",
            "function F",
        ],
        [],
    ),
    "groovy": (
        (
            "package shop\n"
            "import groovy.json.JsonSlurper\n"
            "import static a.B.c\n"
            "/** Holds items. */\n"
            "@Canonical\n"
            "class Basket extends Base {\n"
            "    int count\n"
            "    /** Adds. */\n"
            "    def add(int a) { return 1 }\n"
            "    static void make() { }\n"
            "    Basket(int a) { }\n"
            "}\n"
            "interface Face { void q() }\n"
            "def free(x) { x }\n"
            "task build { doLast { } }\n"
        ),
        ["class Basket", "method Basket.add", "method Basket.make", "class Face", "function free"],
        [("groovy.json.JsonSlurper",), ("a.B.c",)],
    ),
    "haskell": (
        (
            "module Shop.Cart (add) where\n"
            "import Data.List\n"
            "import qualified Data.Map as M (lookup, insert)\n"
            "-- | Holds items.\n"
            "data Basket a = Basket { count :: Int } | Empty deriving (Show)\n"
            "newtype N = N Int\n"
            "type Name = String\n"
            "-- | Face.\n"
            "class Face a where\n"
            "  q :: a -> Int\n"
            "instance Face N where\n"
            "  q (N x) = x\n"
            "-- | Adds.\n"
            "add :: Int -> Int\n"
            "add 0 = 0\n"
            "add x = x + 1\n"
            "limit = 3\n"
        ),
        [
            "module Shop.Cart",
            "class Shop.Cart.Basket",
            "class Shop.Cart.N",
            "class Shop.Cart.Name",
            "class Shop.Cart.Face",
            "method Shop.Cart.Face.q",
            "method Shop.Cart.Face.q",
            "function Shop.Cart.add",
            "function Shop.Cart.limit",
        ],
        [("Data.List",), ("Data.Map", "lookup", "insert")],
    ),
    "hcl": (
        (
            "terraform {\n"
            '  required_version = ">= 1"\n'
            "}\n"
            "# Bucket.\n"
            'resource "aws_s3_bucket" "logs" {\n'
            '  bucket = "x"\n'
            "  versioning {\n"
            "    enabled = true\n"
            "  }\n"
            "}\n"
            'variable "name" {\n'
            "  type = string\n"
            "}\n"
            'module "vpc" {\n'
            '  source = "./vpc"\n'
            "}\n"
            "locals {\n"
            "  a = 1\n"
            "}\n"
            'data "aws_ami" "u" {}\n'
            'output "o" { value = 1 }\n'
        ),
        [
            "class terraform",
            "class resource.aws_s3_bucket.logs",
            "class variable.name",
            "class module.vpc",
            "class locals",
            "class data.aws_ami.u",
            "class output.o",
        ],
        [("./vpc",)],
    ),
    "julia": (
        (
            "module Shop\n"
            "using LinearAlgebra\n"
            "using A.B: c, d\n"
            "import Base: show\n"
            'include("a.jl")\n'
            '"""\n'
            "Holds items.\n"
            '"""\n'
            "struct Basket{T} <: Base\n"
            "    a::T\n"
            "end\n"
            "mutable struct M end\n"
            "abstract type Face end\n"
            "# Adds.\n"
            "function add(a::Int, b=1)::Int\n"
            "    a\n"
            "end\n"
            '"Short."\n'
            "short(x) = x + 1\n"
            "Base.show(io::IO, b) = 1\n"
            "macro m(x) end\n"
            "const LIMIT = 3\n"
            "f(x::T) where {T} = x\n"
            "end\n"
        ),
        [
            "module Shop",
            "class Shop.Basket",
            "class Shop.M",
            "class Shop.Face",
            "function Shop.add",
            "function Shop.short",
            "method Shop.Base.show",
            "function Shop.m",
            "variable Shop.LIMIT",
            "function Shop.f",
        ],
        [("LinearAlgebra",), ("A.B", "c", "d"), ("Base", "show"), ("a.jl",)],
    ),
    "kotlin": (
        (
            "package shop.cart\n"
            "import kotlin.math.abs\n"
            "import a.b.*\n"
            "import c.d as e\n"
            "/** Holds items. */\n"
            "@Serializable\n"
            "class Basket<T>(val a: Int) : Base() {\n"
            "    private val count = 1\n"
            "    /** Adds. */\n"
            "    @Throws(IOException::class)\n"
            "    suspend fun add(item: T): Int { return 1 }\n"
            "    fun short() = 3\n"
            "    companion object { fun make() {} }\n"
            "    inner class In\n"
            "    constructor(b: String) : this(1) { }\n"
            "}\n"
            "object Single { val x = 1 }\n"
            "interface Face { fun q() }\n"
            "enum class Kind { A, B; fun k() {} }\n"
            "fun String.shout(): String = uppercase()\n"
            "const val LIMIT = 3\n"
            "typealias Name = String\n"
            "data class P(val x: Int)\n"
        ),
        [
            "class Basket",
            "method Basket.add",
            "method Basket.short",
            "method Basket.make",
            "class Basket.In",
            "method Basket.constructor",
            "class Single",
            "class Face",
            "method Face.q",
            "class Kind",
            "method Kind.k",
            "function shout",
            "variable LIMIT",
            "class Name",
            "class P",
        ],
        [("kotlin.math.abs",), ("a.b", "*"), ("c.d",)],
    ),
    "lua": (
        (
            'local json = require("json")\n'
            'require "a.b"\n'
            "local M = {}\n"
            "-- Adds.\n"
            "function M.add(a, b)\n"
            "  return a\n"
            "end\n"
            "function M:close() end\n"
            "local function helper() end\n"
            "M.run = function(x) return x end\n"
            "local go = function() end\n"
            "function free() end\n"
            "LIMIT = 3\n"
            "local t = { f = function() end }\n"
            "return M\n"
        ),
        [
            "variable json",
            "variable M",
            "method M.add",
            "method M.close",
            "function helper",
            "method M.run",
            "function go",
            "function free",
            "variable LIMIT",
            "variable t",
            "function t.f",
        ],
        [("json",), ("a.b",)],
    ),
    "make": (
        (
            "include a.mk\n"
            "-include b.mk\n"
            "# Compiler.\n"
            "CC := gcc\n"
            "export X = 1\n"
            "# Builds.\n"
            "build: a.o b.o\n"
            "\t$(CC) -o $@ $^\n"
            ".PHONY: clean\n"
            "%.o: %.c\n"
            "\tx\n"
            "define FOO\n"
            "x\n"
            "endef\n"
            "ifdef X\n"
            "clean:\n"
            "\trm\n"
            "endif\n"
        ),
        ["variable CC", "variable X", "function build", "function %.o", "variable FOO", "function clean"],
        [("a.mk",), ("b.mk",)],
    ),
    "objc": (
        (
            "#import <Foundation/Foundation.h>\n"
            '#include "a.h"\n'
            "@import UIKit;\n"
            "/** Holds items. */\n"
            "@interface Basket : NSObject <Face>\n"
            "@property (nonatomic) int count;\n"
            "/// Adds.\n"
            "- (int)addItem:(id)item with:(int)b;\n"
            "+ (instancetype)make;\n"
            "@end\n"
            "@implementation Basket\n"
            "- (int)addItem:(id)item with:(int)b {\n"
            "  return 1;\n"
            "}\n"
            "+ (instancetype)make { return nil; }\n"
            "@end\n"
            "@protocol Face\n"
            "- (void)q;\n"
            "@end\n"
            "static int helper(int a) { return a; }\n"
            "@interface Basket (More)\n"
            "- (void)more;\n"
            "@end\n"
        ),
        [
            "class Basket",
            "method Basket.addItem",
            "method Basket.make",
            "method Basket.addItem",
            "method Basket.make",
            "class Face",
            "method Face.q",
            "function helper",
            "class Basket",
            "method Basket.more",
        ],
        [("Foundation/Foundation.h",), ("a.h",), ("UIKit",)],
    ),
    "ocaml": (
        (
            "open Base\n"
            "open! Core.List\n"
            "include Foo\n"
            "(** Holds items. *)\n"
            "type basket = { a : int }\n"
            "type kind = A | B\n"
            "(** Adds. *)\n"
            "let add a b = a + b\n"
            "let rec go x = go x\n"
            "let limit = 3\n"
            "module M = struct\n"
            "  let inner x = x\n"
            "  type t = int\n"
            "end\n"
            "module type S = sig\n"
            "  val f : int -> int\n"
            "end\n"
            "exception Bad of string\n"
            "class c = object method m = 1 end\n"
            "let f = fun x -> x\n"
        ),
        [
            "class basket",
            "class kind",
            "function add",
            "function go",
            "variable limit",
            "module M",
            "function M.inner",
            "class M.t",
            "module S",
            "function S.f",
            "class Bad",
            "class c",
            "method c.m",
            "function f",
        ],
        [("Base",), ("Core.List",), ("Foo",)],
    ),
    "perl": (
        (
            "package Shop::Basket;\n"
            "use strict;\n"
            "use List::Util qw(first sum);\n"
            "require Foo::Bar;\n"
            "our $LIMIT = 3;\n"
            "# Adds.\n"
            "sub add {\n"
            "  my ($self) = @_;\n"
            "  return 1;\n"
            "}\n"
            "=head1 NAME\n"
            "\n"
            "doc\n"
            "\n"
            "=cut\n"
            "sub close { }\n"
            "package Other { sub q { } }\n"
            "1;\n"
        ),
        [
            "module Shop.Basket",
            "variable Shop.Basket.LIMIT",
            "function Shop.Basket.add",
            "function Shop.Basket.close",
            "module Other",
            "function Other.q",
        ],
        [("strict",), ("List::Util", "first", "sum"), ("Foo::Bar",)],
    ),
    "php": (
        (
            "<?php\n"
            "namespace Shop\\Cart;\n"
            "use A\\B\\C;\n"
            "use A\\{D, E as F};\n"
            "use function G\\h;\n"
            "require_once 'a.php';\n"
            "const LIMIT = 3;\n"
            "/** Holds items. */\n"
            "#[Attr]\n"
            "final class Basket extends Base implements Face {\n"
            "    use Countable;\n"
            "    const X = 1;\n"
            "    private $count = 0;\n"
            "    /** Makes. */\n"
            "    public function __construct(int $a) { }\n"
            "    public static function make(): self { return 1; }\n"
            "    abstract function q();\n"
            "}\n"
            "interface Face { public function q(); }\n"
            "trait Countable { function n() {} }\n"
            "enum Kind: string { case A = 'a'; }\n"
            "function free(int $a) { return 1; }\n"
            "define('Z', 1);\n"
        ),
        [
            "module Shop.Cart",
            "variable Shop.Cart.LIMIT",
            "class Shop.Cart.Basket",
            "variable Shop.Cart.Basket.X",
            "method Shop.Cart.Basket.__construct",
            "method Shop.Cart.Basket.make",
            "method Shop.Cart.Basket.q",
            "class Shop.Cart.Face",
            "method Shop.Cart.Face.q",
            "class Shop.Cart.Countable",
            "method Shop.Cart.Countable.n",
            "class Shop.Cart.Kind",
            "function Shop.Cart.free",
        ],
        [("A\\B\\C",), ("A", "D", "E"), ("G\\h",), ("a.php",)],
    ),
    "powershell": (
        (
            "using module Foo\n"
            "Import-Module Bar\n"
            ". ./a.ps1\n"
            "# Adds.\n"
            "function Add-Item([int]$a) {\n"
            "  return 1\n"
            "}\n"
            "<#\n"
            ".SYNOPSIS\n"
            "Gets.\n"
            "#>\n"
            "function Get-It {\n"
            "  param($x)\n"
            "  $x\n"
            "}\n"
            "class Basket : Base {\n"
            "  [int]$Count\n"
            "  Basket([int]$a) { }\n"
            "  [int] Total() { return 1 }\n"
            "}\n"
            "enum Kind { A; B }\n"
            "$limit = 3\n"
            "filter F { $_ }\n"
        ),
        [
            "function Add-Item",
            "function Get-It",
            "class Basket",
            "method Basket.Basket",
            "method Basket.Total",
            "class Kind",
            "function F",
        ],
        [("Foo",), ("Bar",), ("./a.ps1",)],
    ),
    "prisma": (
        ('/// User.\nmodel User {\n  id Int @id\n}\nenum Role { A }\ndatasource db { provider = "x" }\n'),
        ["class User", "class Role", "class db"],
        [],
    ),
    "proto": (
        (
            'syntax = "proto3";\n'
            "package shop.cart;\n"
            'import "google/a.proto";\n'
            'import public "b.proto";\n'
            'option x = "y";\n'
            "// Basket.\n"
            "message Basket {\n"
            "  int32 a = 1;\n"
            "  enum Kind { A = 0; }\n"
            "  message Inner { int32 b = 1; }\n"
            "  oneof z { int32 q = 2; }\n"
            "}\n"
            "enum Top { B = 0; }\n"
            "// Serves.\n"
            "service Shop {\n"
            "  // Adds.\n"
            "  rpc Add(Basket) returns (Basket);\n"
            "  rpc Two(Basket) returns (Basket) { option a = 1; }\n"
            "}\n"
        ),
        [
            "class Basket",
            "class Basket.Kind",
            "class Basket.Inner",
            "class Top",
            "class Shop",
            "method Shop.Add",
            "method Shop.Two",
        ],
        [("google/a.proto",), ("b.proto",)],
    ),
    "r": (
        (
            "library(dplyr)\n"
            'require("stats")\n'
            'source("a.R")\n'
            "#' Adds.\n"
            "#' @param a what\n"
            "add <- function(a, b = 1) {\n"
            "  inner <- function() 1\n"
            "  a\n"
            "}\n"
            "limit = 3\n"
            "f = function(x) x\n"
            'setClass("Person", representation(name = "character"))\n'
            'setMethod("show", "Person", function(object) 1)\n'
            'Stack <- R6Class("Stack", public = list(push = function(x) 1))\n'
        ),
        [
            "function add",
            "function add.inner",
            "variable limit",
            "function f",
            "class Person",
            "function show",
            "class Stack",
            "method Stack.push",
        ],
        [("dplyr",), ("stats",), ("a.R",)],
    ),
    "ruby": (
        (
            'require "json"\n'
            "require_relative 'a/b'\n"
            "# Shop.\n"
            "module Shop\n"
            "  # Holds items.\n"
            "  class Basket < Base\n"
            "    LIMIT = 3\n"
            "    include Comparable\n"
            "    attr_reader :count\n"
            "    # Adds.\n"
            "    def add(item, by: 1)\n"
            "      1\n"
            "    end\n"
            "    def self.make = new\n"
            "    def ==(o); end\n"
            "    class << self\n"
            "      def build; end\n"
            "    end\n"
            "  end\n"
            "end\n"
            "class A::B\n"
            "  def empty?; end\n"
            "end\n"
            "def free; end\n"
        ),
        [
            "module Shop",
            "class Shop.Basket",
            "variable Shop.Basket.LIMIT",
            "method Shop.Basket.add",
            "method Shop.Basket.make",
            "method Shop.Basket.==",
            "method Shop.Basket.build",
            "class A.B",
            "method A.B.empty?",
            "function free",
        ],
        [("json",), ("a/b",)],
    ),
    "scala": (
        (
            "package shop.cart\n"
            "import scala.util.{Try, Success}\n"
            "import a.b._\n"
            "import c.D\n"
            "/** Holds items. */\n"
            "@inline\n"
            "class Basket[T](a: Int) extends Base with Face {\n"
            "  private val count = 1\n"
            "  /** Adds. */\n"
            "  def add(item: T): Int = { 1 }\n"
            "  type X = Int\n"
            "}\n"
            "object Basket { def make() = new Basket(1) }\n"
            "trait Face { def q(): Unit }\n"
            "case class P(x: Int)\n"
            "enum Kind { case A, B }\n"
            "val limit = 3\n"
            "def free(a: Int) = a\n"
        ),
        [
            "class Basket",
            "method Basket.add",
            "class Basket.X",
            "class Basket",
            "method Basket.make",
            "class Face",
            "method Face.q",
            "class P",
            "class Kind",
            "variable limit",
            "function free",
        ],
        [("scala", "Try", "Success"), ("a", "_"), ("c",)],
    ),
    "scss": (
        (
            '@use "sass:math";\n'
            "@import 'a', 'b';\n"
            '@forward "c";\n'
            "// Size.\n"
            "$size: 3px;\n"
            "/// Mix.\n"
            "@mixin box($a: 1) { width: $a; }\n"
            "@function double($x) { @return $x * 2; }\n"
            ".card {\n"
            "  color: red;\n"
            "  &:hover { color: blue; }\n"
            "  .title { @include box(1); }\n"
            "}\n"
            "%ph { a: 1 }\n"
        ),
        [
            "variable $size",
            "function box",
            "function double",
            "class .card",
            "class .card &:hover",
            "class .card .title",
            "class %ph",
        ],
        [("sass:math",), ("b",), ("c",)],
    ),
    "solidity": (
        (
            "// SPDX\n"
            "pragma solidity ^0.8.0;\n"
            'import "./a.sol";\n'
            'import {B, C} from "b.sol";\n'
            "/// @notice Holds items.\n"
            "contract Basket is Base, Face {\n"
            "    uint256 public count;\n"
            "    struct Item { uint a; }\n"
            "    event Added(uint a);\n"
            "    error Bad(uint a);\n"
            "    enum Kind { A, B }\n"
            "    modifier only() { _; }\n"
            "    /// Makes.\n"
            "    constructor(uint a) { }\n"
            "    function add(uint a) public returns (uint) { return a; }\n"
            "    receive() external payable {}\n"
            "}\n"
            "interface Face { function q() external; }\n"
            "library L { function n() internal {} }\n"
            "function free(uint a) pure returns (uint) { return a; }\n"
            "uint constant LIMIT = 3;\n"
        ),
        [
            "class Basket",
            "variable Basket.count",
            "class Basket.Item",
            "method Basket.Added",
            "method Basket.Bad",
            "class Basket.Kind",
            "method Basket.only",
            "method Basket.constructor",
            "method Basket.add",
            "class Face",
            "method Face.q",
            "class L",
            "method L.n",
            "function free",
            "variable LIMIT",
        ],
        [("./a.sol",), ("b.sol", "B", "C")],
    ),
    "sql": (
        (
            "-- Items.\n"
            "CREATE TABLE shop.items (\n"
            "  id INT PRIMARY KEY,\n"
            "  name VARCHAR(20)\n"
            ");\n"
            "CREATE OR REPLACE VIEW v AS SELECT * FROM items;\n"
            "CREATE MATERIALIZED VIEW mv AS SELECT 1;\n"
            "CREATE FUNCTION add_one(i integer) RETURNS integer AS $$\n"
            "BEGIN\n"
            "  RETURN i + 1;\n"
            "END;\n"
            "$$ LANGUAGE plpgsql;\n"
            "CREATE INDEX idx ON items (name);\n"
            "CREATE TRIGGER trg BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION add_one();\n"
            "CREATE TYPE mood AS ENUM ('a');\n"
            "CREATE SCHEMA s;\n"
            "CREATE SEQUENCE sq;\n"
            "CREATE PROCEDURE p() LANGUAGE SQL AS $$ SELECT 1; $$;\n"
            "SELECT 1;\n"
        ),
        [
            "class shop.items",
            "class v",
            "class mv",
            "function add_one",
            "variable idx",
            "function trg",
            "class mood",
            "class s",
            "variable sq",
        ],
        [],
    ),
    "starlark": (
        ('load("//a:b.bzl", "c")\ndef add(a): \n    return a\nX = 1\n'),
        ["function add", "variable X"],
        [("//a:b.bzl", "c")],
    ),
    "swift": (
        (
            "import Foundation\n"
            "import struct UIKit.CGRect\n"
            "/// Holds items.\n"
            "@objc\n"
            "public class Basket<T>: Base {\n"
            "    private var count = 0\n"
            "    /// Makes.\n"
            "    init(a: Int) { }\n"
            "    deinit { }\n"
            "    func add(_ item: T) throws -> Int { return 1 }\n"
            "    var total: Int { return 1 }\n"
            "    enum Kind { case a, b }\n"
            "    struct Inner { func q() {} }\n"
            "    subscript(i: Int) -> Int { return i }\n"
            "}\n"
            "protocol Face { func q(); var x: Int { get } }\n"
            "extension Basket: Face where T: X { func more() {} }\n"
            "func free(a: Int) {}\n"
            "let limit = 3\n"
            "typealias Name = String\n"
            "actor Act { func go() {} }\n"
        ),
        [
            "class Basket",
            "method Basket.init",
            "method Basket.deinit",
            "method Basket.add",
            "variable Basket.total",
            "class Basket.Kind",
            "class Basket.Inner",
            "method Basket.Inner.q",
            "method Basket.subscript",
            "class Face",
            "method Face.q",
            "method Basket.more",
            "function free",
            "variable limit",
            "class Name",
            "class Act",
            "method Act.go",
        ],
        [("Foundation",), ("UIKit.CGRect",)],
    ),
    "tcl": (
        (
            "package require Tk\n"
            "source a.tcl\n"
            "# Adds.\n"
            "proc add {a b} {\n"
            "  return 1\n"
            "}\n"
            "namespace eval shop { proc q {} {} }\n"
        ),
        ["function add", "module shop", "function shop.q"],
        [("Tk",), ("a.tcl",)],
    ),
    "thrift": (
        (
            "namespace py shop\n"
            'include "a.thrift"\n'
            "const i32 LIMIT = 3\n"
            "struct Basket { 1: i32 a }\n"
            "enum Kind { A, B }\n"
            "exception Bad { 1: string m }\n"
            "service Shop { i32 add(1: i32 a), }\n"
            "typedef i32 Id\n"
        ),
        [
            "variable LIMIT",
            "class Basket",
            "class Kind",
            "class Bad",
            "class Shop",
            "method Shop.add",
            "class Id",
        ],
        [("a.thrift",)],
    ),
    "zig": (
        (
            'const std = @import("std");\n'
            'const a = @import("a.zig").b;\n'
            "/// Holds items.\n"
            "pub const Basket = struct {\n"
            "    count: u32,\n"
            "    /// Adds.\n"
            "    pub fn add(self: *Basket, b: u32) u32 { return b; }\n"
            "    const Inner = enum { a, b };\n"
            "};\n"
            "pub fn free(a: u32) void {}\n"
            "const limit = 3;\n"
            'test "adds" { }\n'
            "const U = union(enum) { a: u8 };\n"
        ),
        [
            "variable std",
            "variable a",
            "class Basket",
            "method Basket.add",
            "class Basket.Inner",
            "function free",
            "variable limit",
            "function adds",
            "class U",
        ],
        [("std",), ("a.zig",)],
    ),
    "dockerfile": (
        (
            "# Base.\n"
            "FROM python:3.11 AS build\n"
            "ARG X=1\n"
            "ENV A=b\n"
            "RUN make \\\n"
            "  && x\n"
            "FROM build\n"
            "COPY --from=build a b\n"
            'CMD ["x"]\n'
        ),
        ["module build", "variable build.X", "variable build.A"],
        [("python:3.11",), ("build",)],
    ),
    "fish": (
        ("source a.fish\n# Adds.\nfunction add -a b\n  echo $b\nend\n"),
        ["function add"],
        [("a.fish",)],
    ),
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_names_and_imports(language: str) -> None:
    text, names, imports = PROGRAMS[language]
    document = read_code(text, "file", language)

    assert [f"{symbol.kind} {symbol.name}" for symbol in document.symbols] == names
    assert [(each.module, *each.names) for each in document.imports] == imports
    assert all(document.text[each.start : each.end].strip() for each in document.imports)
    assert_elements_hold_the_text(document)


def test_the_script_of_a_web_page_is_a_program() -> None:
    text = "<p>é</p>\n<script>\nimport {a} from 'b'\n// Adds.\nfunction add() {}\n</script>\n<style></style>"
    document = read_code(text, "a.vue", "vue")

    (add,) = document.symbols
    assert (add.name, add.docstring, text[add.start : add.end]) == ("add", "Adds.", "function add() {}")
    assert [text[each.start : each.end] for each in document.imports] == ["import {a} from 'b'"]
    assert_elements_hold_the_text(document)


def test_clauses_are_one_function() -> None:
    (symbol,) = read_code("add 0 = 0\nadd x = x + 1\n", "a.hs", "haskell").symbols

    assert (symbol.start, symbol.end) == (0, 23)
