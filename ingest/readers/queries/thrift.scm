[(struct_definition . (identifier) @name "{" @body) (enum_definition . (identifier) @name "{" @body)
 (exception_definition . (identifier) @name "{" @body) (service_definition . (identifier) @name "{" @body)
 (union_definition . (identifier) @name "{" @body)] @class
(typedef_definition (typedef_identifier) @name) @class
(function_definition (identifier) @name . (parameters)) @function
(const_definition (identifier) @name) @variable
(include_statement (string) @source) @import
[(comment)] @comment
