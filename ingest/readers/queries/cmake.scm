[(function_def (function_command (argument_list . (argument) @name)) (body) @body)
 (macro_def (macro_command (argument_list . (argument) @name)) (body) @body)] @function
(normal_command (identifier) @_target (argument_list . (argument) @name)
  (#match? @_target "^(?i:add_library|add_executable|add_custom_target)$")) @target
(source_file (normal_command (identifier) @_set (argument_list . (argument) @name)
  (#match? @_set "^(?i:set|option)$")) @variable)
(normal_command (identifier) @_include (argument_list . (argument) @source)
  (#match? @_include "^(?i:include|find_package|add_subdirectory)$")) @import
[(if_condition) (body)] @container
[(line_comment) (bracket_comment)] @comment
