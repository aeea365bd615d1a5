[(class_definition name: (_) @name) (enum_declaration name: (_) @name)] @class
(mixin_declaration (identifier) @name (class_body) @body) @class
(extension_declaration name: (_) @name) @class
(type_alias . (type_identifier) @name) @class
(program (function_signature name: (_) @name) @function . (function_body) @tail)
(program (function_signature name: (_) @name) @function)
(_ (method_signature [
  (function_signature name: (_) @name) (getter_signature name: (_) @name) (setter_signature name: (_) @name)
  (operator_signature (binary_operator) @name)
  (constructor_signature name: (identifier) @name . parameters: (_))
  (factory_constructor_signature (identifier) @name . (formal_parameter_list))])
  @method . (function_body) @tail)
(_ (declaration [
  (function_signature name: (_) @name) (getter_signature name: (_) @name) (setter_signature name: (_) @name)
  (constructor_signature name: (identifier) @name . parameters: (_))
  (constant_constructor_signature (identifier) @name . (formal_parameter_list))]) @method)
(program (static_final_declaration_list (static_final_declaration . (identifier) @name) @variable))
(library_import (import_specification (configurable_uri (uri (string_literal) @source)))) @use
(library_import (import_specification (combinator (identifier) @imported))) @use
(library_export (configurable_uri (uri (string_literal) @source))) @use
(import_or_export) @import
[(comment) (documentation_comment)] @comment
