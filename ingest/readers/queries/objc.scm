(class_interface . (identifier) @name) @class
(class_implementation . (identifier) @name) @scope
(protocol_declaration . (identifier) @name) @class
(method_declaration (method_type) . (identifier) @name) @method
(method_definition (method_type) . (identifier) @name (compound_statement) @body) @method
(implementation_definition) @wrapper
(module_import path: (_) @source) @import
