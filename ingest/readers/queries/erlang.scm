(module_attribute name: (_) @name) @section
(record_decl name: (_) @name) @class
(type_alias name: (type_name name: (_) @name)) @class
(opaque name: (type_name name: (_) @name)) @class
(pp_define lhs: (macro_lhs name: (_) @name !args)) @variable
(pp_define lhs: (macro_lhs name: (_) @name args: (_)) replacement: (_) @body) @function
(fun_decl clause: (function_clause name: (_) @name body: (_) @body)) @clause
(spec) @attribute
(import_attribute module: (_) @source) @import
(import_attribute funs: (fa fun: (_) @imported)) @import
[(pp_include file: (_) @source) (pp_include_lib file: (_) @source)] @import
(comment) @comment
