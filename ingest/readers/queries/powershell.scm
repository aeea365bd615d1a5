(function_statement (function_name) @name (script_block) @body) @function
(class_statement . (simple_name) @name "{" @body) @class
(enum_statement . (simple_name) @name "{" @body) @class
(class_method_definition (simple_name) @name (script_block)? @body) @method
(pipeline (pipeline_chain (command command_name: (_) @_import
  command_elements: (command_elements (generic_token) @source .)))
  (#match? @_import "^(?i:using|Import-Module)$")) @import
(pipeline (pipeline_chain (command (command_invokation_operator) @_dot command_name: (_) @source))
  (#eq? @_dot ".")) @import
(statement_list) @container
(comment) @comment
