(module_definition name: (identifier) @name (block)? @body) @module
(struct_definition (type_head . [(identifier) @name (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])])
  (block)? @body) @class
(abstract_definition (type_head . [(identifier) @name (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])])) @class
(function_definition (signature [
  (call_expression . (_) @name)
  (typed_expression . (call_expression . (_) @name))
  (where_expression . (call_expression . (_) @name))
  (where_expression . (typed_expression . (call_expression . (_) @name)))]) (block)? @body) @function
(macro_definition (signature (call_expression . (_) @name)) (block)? @body) @function
(assignment . [
  (call_expression . [(identifier) (field_expression)] @name)
  (typed_expression . (call_expression . [(identifier) (field_expression)] @name))
  (where_expression . (call_expression . [(identifier) (field_expression)] @name))]
  (operator) . (_) @body) @function
(const_statement (assignment . (identifier) @name)) @variable
(block (string_literal) @comment . [(module_definition) (struct_definition) (abstract_definition)
  (function_definition) (macro_definition) (assignment) (const_statement)])
(source_file (string_literal) @comment . [(module_definition) (struct_definition) (abstract_definition)
  (function_definition) (macro_definition) (assignment) (const_statement)])
[(using_statement) (import_statement)] @import
[(using_statement [(identifier) (import_path)] @source)
 (import_statement [(identifier) (import_path)] @source)] @import
[(using_statement (selected_import . (_) @source)) (import_statement (selected_import . (_) @source))] @import
[(using_statement (selected_import . (_) (_) @imported))
 (import_statement (selected_import . (_) (_) @imported))] @import
(call_expression . (identifier) @_include (argument_list . (string_literal) @source)
  (#eq? @_include "include")) @import
[(line_comment) (block_comment)] @comment
