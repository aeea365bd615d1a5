"""What counts as a definition in each programming language, in tree-sitter's query syntax.

Captures:
    class, function, method, variable, module: a definition, with its ``name``, or with the ``declarator``
        that wraps its name in pointers and parameters. ``owner`` is the type that a method belongs to;
        ``body`` is where the signature ends, where that is not the node's own field of that name.
    prototype: a function that is only declared.
    documented: a definition that holds its ``docstring``.
    scope: qualifies what it holds, without being a definition.
    container: holds definitions, without qualifying them.
    wrapper: stands around a definition and belongs to it, such as ``export``; ``decorated`` likewise, but is
        left out of its signature.
    attribute: stands before a definition and belongs to it.
    import, comment: as they are called.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PYTHON = """
(class_definition name: (identifier) @name) @class
(function_definition name: (identifier) @name) @function
(module (assignment left: (identifier) @name) @variable)
(module (expression_statement (assignment left: (identifier) @name) @variable))
(type_alias_statement left: (type (identifier) @name)) @variable
(class_definition body: (block . (comment)* . (string) @docstring)) @documented
(function_definition body: (block . (comment)* . (string) @docstring)) @documented
(decorated_definition) @decorated
[(import_statement) (import_from_statement) (future_import_statement)] @import
(comment) @comment
"""

_JAVASCRIPT = """
(class_declaration name: (_) @name) @class
[(function_declaration name: (_) @name) (generator_function_declaration name: (_) @name)] @function
(method_definition name: [(property_identifier) (private_property_identifier)] @name) @method
(variable_declarator name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(program (lexical_declaration (variable_declarator name: (identifier) @name) @variable))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @variable)))
(expression_statement (assignment_expression left: (member_expression) @name
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])
  (#match? @name "^[A-Za-z0-9_$.]+$")) @function
(pair key: (property_identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
[(lexical_declaration) (variable_declaration) (export_statement)] @wrapper
(import_statement) @import
(comment) @comment
"""

_JAVASCRIPT_FIELDS = """
(field_definition property: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @method
"""

_TYPESCRIPT = (
    _JAVASCRIPT
    + """
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @class
(enum_declaration name: (_) @name) @class
(type_alias_declaration name: (_) @name) @class
(internal_module name: (_) @name) @module
(module name: (_) @name) @module
(function_signature name: (_) @name) @function
[(method_signature name: (_) @name) (abstract_method_signature name: (_) @name)] @method
(public_field_definition name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @method
(expression_statement (internal_module)) @wrapper
(ambient_declaration) @wrapper
(class_body (decorator) @attribute)
"""
)

_GO = """
(function_declaration name: (identifier) @name) @function
(method_declaration receiver: (parameter_list (parameter_declaration type: [
  (type_identifier) @owner
  (generic_type type: (type_identifier) @owner)
  (pointer_type [(type_identifier) @owner (generic_type type: (type_identifier) @owner)])]))
  name: (field_identifier) @name) @method
(type_spec name: (type_identifier) @name) @class
(type_alias name: (type_identifier) @name) @class
(method_elem name: (field_identifier) @name) @method
(source_file (const_declaration (const_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @variable)))
[(type_declaration) (const_declaration) (var_declaration)] @wrapper
[(import_declaration) (package_clause)] @import
(comment) @comment
"""

_JAVA = """
[(class_declaration name: (identifier) @name) (interface_declaration name: (identifier) @name)
 (enum_declaration name: (identifier) @name) (record_declaration name: (identifier) @name)
 (annotation_type_declaration name: (identifier) @name)] @class
[(method_declaration name: (identifier) @name) (constructor_declaration name: (identifier) @name)
 (compact_constructor_declaration name: (identifier) @name)] @method
[(import_declaration) (package_declaration)] @import
[(line_comment) (block_comment)] @comment
"""

_C = """
[(struct_specifier name: (_) @name body: (_) @body) (union_specifier name: (_) @name body: (_) @body)
 (enum_specifier name: (_) @name body: (_) @body)] @class
(type_definition type: [(struct_specifier !name body: (_) @body) (union_specifier !name body: (_) @body)
  (enum_specifier !name body: (_) @body)] declarator: (type_identifier) @name) @class
(function_definition declarator: (_) @declarator) @function
(declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))]
  @declarator) @prototype
(preproc_function_def name: (identifier) @name value: (_) @body) @function
(preproc_def name: (identifier) @name value: (_)) @variable
[(preproc_if) (preproc_ifdef) (preproc_else) (preproc_elif) (linkage_specification)] @container
(preproc_include) @import
(comment) @comment
"""

_CPP = (
    _C
    + """
(class_specifier name: (_) @name body: (_) @body) @class
(namespace_definition name: (_) @name) @module
(namespace_definition !name) @container
(field_declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))
  (reference_declarator (function_declarator))] @declarator) @prototype
(declaration declarator: (reference_declarator (function_declarator)) @declarator) @prototype
(alias_declaration name: (_) @name) @class
(concept_definition name: (_) @name) @class
(template_declaration) @wrapper
(using_declaration) @import
"""
)

_RUST = """
[(struct_item name: (_) @name) (enum_item name: (_) @name) (union_item name: (_) @name)
 (trait_item name: (_) @name) (type_item name: (_) @name)] @class
[(function_item name: (_) @name) (function_signature_item name: (_) @name)] @function
[(const_item name: (_) @name) (static_item name: (_) @name)] @variable
(macro_definition name: (_) @name) @function
(mod_item name: (_) @name body: (_)) @module
(impl_item type: [(type_identifier) @name (generic_type type: (type_identifier) @name)
  (scoped_type_identifier name: (_) @name)
  (generic_type type: (scoped_type_identifier name: (_) @name))]) @scope
(foreign_mod_item) @container
(attribute_item) @attribute
[(use_declaration) (extern_crate_declaration)] @import
[(line_comment) (block_comment)] @comment
"""

QUERIES: Mapping[str, str] = MappingProxyType(
    {
        "python": _PYTHON,
        "javascript": _JAVASCRIPT + _JAVASCRIPT_FIELDS,
        "typescript": _TYPESCRIPT,
        "tsx": _TYPESCRIPT,
        "go": _GO,
        "java": _JAVA,
        "c": _C,
        "cpp": _CPP,
        "rust": _RUST,
    }
)
"""By the grammar's name."""
