(package_statement name: (package) @name (block) @body) @section
(package_statement name: (package) @name .) @section
(subroutine_declaration_statement name: (_) @name) @function
(source_file (expression_statement (assignment_expression
  left: (variable_declaration variable: (scalar (varname) @name)))) @variable)
(use_statement module: (_) @source) @import
(use_statement (quoted_word_list content: (_) @words)) @import
(expression_statement (require_expression (bareword) @source)) @import
[(comment) (pod)] @comment
