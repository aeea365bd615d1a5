(class_definition name: (_) @name) @class
(enum_definition name: (_) @name) @class
(function_definition name: (_) @name) @function
(source [(const_statement name: (_) @name) (variable_statement name: (_) @name)] @variable)
(comment) @comment
