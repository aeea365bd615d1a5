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
(import_statement (import_require_clause (identifier) @imported source: (string) @source)) @import
