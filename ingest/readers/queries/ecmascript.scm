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
(import_statement source: (string) @source) @import
(import_statement (import_clause [
  (identifier) @imported
  (namespace_import "*" @imported)
  (named_imports (import_specifier name: (_) @imported))])) @import
(export_statement source: (string) @source) @use
(export_statement "*" @imported source: (_)) @use
(export_statement (export_clause (export_specifier name: (_) @imported)) source: (_)) @use
(_ (variable_declarator
  name: [(identifier) (object_pattern [
    (shorthand_property_identifier_pattern) @imported
    (pair_pattern key: (_) @imported)])]
  value: [
    (call_expression function: (identifier) @_require arguments: (arguments . (string) @source))
    (member_expression
      object: (call_expression function: (identifier) @_require arguments: (arguments . (string) @source)))])
  (#eq? @_require "require")) @use
(expression_statement
  (call_expression function: (identifier) @_require arguments: (arguments . (string) @source))
  (#eq? @_require "require")) @use
(comment) @comment
