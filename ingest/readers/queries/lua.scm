(function_declaration name: (_) @name) @function
(assignment_statement (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition body: (_)? @body) .)) @function
(field name: (identifier) @name value: (function_definition body: (_)? @body)) @function
(chunk (assignment_statement (variable_list . name: (identifier) @name .)) @variable)
(chunk (variable_declaration (assignment_statement (variable_list . name: (identifier) @name .)) @variable))
(variable_declaration) @wrapper
(variable_declaration (assignment_statement (expression_list
  value: (function_call name: (identifier) @_require arguments: (arguments . (string) @source))))
  (#eq? @_require "require")) @use
(chunk (function_call name: (identifier) @_require arguments: (arguments . (string) @source)
  (#eq? @_require "require")) @use)
(comment) @comment
