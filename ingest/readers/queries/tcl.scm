(procedure name: (_) @name) @function
(namespace (word_list . (simple_word) @_eval . (_) @name . (braced_word) @body
  (#eq? @_eval "eval"))) @module
(command name: (simple_word) @_package arguments: (word_list . (simple_word) @_require . (simple_word) @source)
  (#eq? @_package "package") (#eq? @_require "require")) @import
(command name: (simple_word) @_source arguments: (word_list . (_) @source .)
  (#eq? @_source "source")) @import
(comment) @comment
