(class_definition name: (identifier) @name) @class
(function_definition name: (identifier) @name) @function
(module (assignment left: (identifier) @name) @variable)
(module (expression_statement (assignment left: (identifier) @name) @variable))
(type_alias_statement left: (type (identifier) @name)) @variable
(class_definition body: (block . (comment)* . (string) @docstring)) @documented
(function_definition body: (block . (comment)* . (string) @docstring)) @documented
(decorated_definition) @decorated
(import_statement name: [(dotted_name) @source (aliased_import name: (_) @source)]) @import
(import_from_statement module_name: (_) @source) @import
(import_from_statement name: [(dotted_name) @imported (aliased_import name: (_) @imported)]) @import
(import_from_statement (wildcard_import) @imported) @import
(future_import_statement "__future__" @source
  name: [(dotted_name) @imported (aliased_import name: (_) @imported)]) @import
(comment) @comment
