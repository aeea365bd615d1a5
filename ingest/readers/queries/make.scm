(rule (targets) @name [(recipe) (prerequisites)]? @body
  (#not-match? @name "^[.][A-Z_]+$")) @target
[(variable_assignment name: (_) @name) (define_directive name: (_) @name)] @variable
(include_directive filenames: (list (word) @source)) @import
(conditional) @container
(comment) @comment
