(function_definition name: (_) @name) @function
(module (expression_statement (assignment left: (identifier) @name) @variable))
(expression_statement (call function: (identifier) @_load arguments: (argument_list . (string) @source))
  (#eq? @_load "load")) @import
(expression_statement (call function: (identifier) @_load
  arguments: (argument_list . (string) (string) @imported)) (#eq? @_load "load")) @import
(comment) @comment
