(binary_operator lhs: [(identifier) (string)] @name operator: ["<-" "=" "<<-"]
  rhs: (function_definition body: (_) @body)) @function
(argument name: (identifier) @name value: (function_definition body: (_) @body)) @function
(program (binary_operator lhs: (identifier) @name operator: ["<-" "=" "<<-"]) @variable)
(program (binary_operator lhs: (identifier) @name
  rhs: (call function: [(identifier) (namespace_operator)] @_class)
  (#any-of? @_class "R6Class" "R6::R6Class" "setRefClass")) @class)
(program (call function: (identifier) @_class
  arguments: (arguments . argument: (argument value: (string content: (_) @name)))
  (#any-of? @_class "setClass" "setRefClass")) @class)
(program (call function: (identifier) @_generic
  arguments: (arguments . argument: (argument value: (string content: (_) @name)))
  (#any-of? @_generic "setGeneric" "setMethod")) @function)
(program (call function: (identifier) @_library
  arguments: (arguments . argument: (argument value: [(identifier) (string)] @source))
  (#any-of? @_library "library" "require" "requireNamespace" "source")) @import)
(comment) @comment
