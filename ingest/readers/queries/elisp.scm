[(function_definition name: (_) @name parameters: (_) . (_) @body)
 (macro_definition name: (_) @name parameters: (_) . (_) @body)] @function
(function_definition docstring: (string) @docstring) @documented
(source_file (special_form . _ . (symbol) @name) @variable)
(source_file (list . (symbol) @_define . (symbol) @name (#any-of? @_define "defcustom" "defface" "defgroup")) @variable)
(list . (symbol) @_require . (quote (symbol) @source) (#eq? @_require "require")) @import
(comment) @comment
