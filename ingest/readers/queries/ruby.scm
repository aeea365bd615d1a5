(module name: (_) @name) @module
(class name: (_) @name) @class
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(program (assignment left: (constant) @name) @variable)
(body_statement (assignment left: (constant) @name) @variable)
(singleton_class) @container
(call !receiver method: (identifier) @_require arguments: (argument_list . (string) @source)
  (#any-of? @_require "require" "require_relative" "load")) @import
(comment) @comment
