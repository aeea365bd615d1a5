[(contract_declaration name: (_) @name) (interface_declaration name: (_) @name)
 (library_declaration name: (_) @name) (struct_declaration name: (_) @name)
 (enum_declaration name: (_) @name)] @class
(function_definition name: (_) @name) @function
(modifier_definition name: (_) @name) @function
(constructor_definition "constructor" @name) @method
[(event_definition name: (_) @name) (error_declaration name: (_) @name)] @prototype
[(state_variable_declaration name: (_) @name) (constant_variable_declaration name: (_) @name)] @variable
(import_directive source: (_) @source) @import
(import_directive import_name: (_) @imported) @import
(comment) @comment
