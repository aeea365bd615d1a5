(function_definition name: (_) @name) @function
(command name: (word) @_source . argument: (_) @source
  (#any-of? @_source "source" ".")) @import
(comment) @comment
