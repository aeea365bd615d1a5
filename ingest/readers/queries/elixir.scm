(call target: (identifier) @_define (arguments . (alias) @name .) (do_block) @body
  (#any-of? @_define "defmodule" "defprotocol" "defimpl")) @module
(call target: (identifier) @_define
  (arguments . (alias) @name . (keywords . (pair value: (alias) @name) .) .) (do_block) @body
  (#eq? @_define "defimpl")) @module
(call target: (identifier) @_define (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(identifier) @name (call target: (identifier) @name)])])
  (do_block)? @body
  (#any-of? @_define "def" "defp" "defmacro" "defmacrop" "defguard" "defguardp" "defdelegate" "defn"
    "defnp")) @clause
(call target: (identifier) @_define (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(identifier) @name (call target: (identifier) @name)])] . (keywords) @body .)
  (#any-of? @_define "def" "defp" "defmacro" "defmacrop")) @clause
(do_block (unary_operator operator: "@" operand: (call target: (identifier) @name (arguments))
  (#not-match? @name "^((module|type)?doc|spec|impl|(macro)?callback|typep?|opaque|behaviour|derive|deprecated|dialyzer|(module)?tag)$"))
  @variable)
(unary_operator operator: "@" operand: (call target: (identifier) @_doc (arguments [(string) (sigil)]))
  (#any-of? @_doc "doc" "typedoc")) @comment
(unary_operator operator: "@" operand: (call target: (identifier) @_attribute)
  (#any-of? @_attribute "spec" "impl" "deprecated" "tag")) @attribute
(call (do_block . (unary_operator operator: "@" operand: (call target: (identifier) @_doc
    (arguments [(string) (sigil)] @docstring))))
  (#eq? @_doc "moduledoc")) @documented
(call target: (identifier) @_import (arguments . (alias) @source)
  (#any-of? @_import "use" "import" "alias" "require")) @import
(call target: (identifier) @_import (arguments . (dot left: (_) @source right: (tuple (_) @imported)))
  (#any-of? @_import "use" "import" "alias" "require")) @import
(comment) @comment
