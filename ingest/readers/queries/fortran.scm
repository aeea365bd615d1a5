[(module (module_statement (name) @name)) (program (program_statement (name) @name))] @module
(derived_type_definition (derived_type_statement (type_name) @name)) @class
(subroutine (subroutine_statement name: (_) @name) . (_) @body) @function
(function (function_statement name: (_) @name) . (_) @body) @function
(internal_procedures) @container
(use_statement (module_name) @source) @import
(use_statement (included_items (_) @imported)) @import
(comment) @comment
