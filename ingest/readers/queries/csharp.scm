(namespace_declaration name: (_) @name) @module
(file_scoped_namespace_declaration name: (_) @name) @section
[(class_declaration name: (_) @name) (interface_declaration name: (_) @name)
 (struct_declaration name: (_) @name) (record_declaration name: (_) @name)
 (enum_declaration name: (_) @name) (delegate_declaration name: (_) @name)] @class
[(method_declaration name: (_) @name) (constructor_declaration name: (_) @name)
 (destructor_declaration "~" @name)
 (operator_declaration operator: _ @name)] @method
(local_function_statement name: (_) @name) @function
(property_declaration name: (_) @name) @variable
(using_directive) @import
(using_directive . [(identifier) (qualified_name)] @source .) @import
(using_directive name: (_) [(identifier) (qualified_name)] @source .) @import
(comment) @comment
