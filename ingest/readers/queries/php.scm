(namespace_definition name: (_) @name body: (_)) @module
(namespace_definition name: (_) @name !body) @section
[(class_declaration name: (_) @name) (interface_declaration name: (_) @name)
 (trait_declaration name: (_) @name) (enum_declaration name: (_) @name)] @class
(function_definition name: (_) @name) @function
(method_declaration name: (_) @name) @method
(program (const_declaration (const_element . (name) @name)) @variable)
(declaration_list (const_declaration (const_element . (name) @name)) @variable)
(namespace_use_declaration) @import
(namespace_use_declaration (namespace_use_clause (qualified_name) @source)) @import
(namespace_use_declaration (namespace_use_clause . (name) @source)) @import
(namespace_use_declaration (namespace_name) @source) @import
(namespace_use_declaration body: (namespace_use_group (namespace_use_clause . (_) @imported))) @import
(expression_statement [(require_expression (string) @source) (require_once_expression (string) @source)
  (include_expression (string) @source) (include_once_expression (string) @source)]) @import
(comment) @comment
