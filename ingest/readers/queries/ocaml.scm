(module_definition (module_binding . (module_name) @name body: (_)? @body)) @module
(module_type_definition . (module_type_name) @name body: (_)? @body) @module
(class_definition (class_binding (class_name) @name body: (_) @body)) @class
(method_definition (method_name) @name) @method
(type_definition (type_binding name: (_) @name) @class)
(exception_definition (constructor_declaration . (constructor_name) @name)) @class
(structure (value_definition (let_binding pattern: (value_name) @name body: (_) @body)) @variable)
(compilation_unit (value_definition (let_binding pattern: (value_name) @name body: (_) @body)) @variable)
(value_definition (let_binding pattern: (value_name) @name (parameter) body: (_) @body)) @function
(value_definition (let_binding pattern: (value_name) @name
  body: [(fun_expression) (function_expression)] @body)) @function
(value_specification (value_name) @name) @prototype
(external (value_name) @name) @prototype
(type_definition) @wrapper
(open_module module: (_) @source) @import
(include_module module: (_) @source) @import
(comment) @comment
