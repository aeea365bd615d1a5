[(struct_specifier name: (_) @name body: (_) @body) (union_specifier name: (_) @name body: (_) @body)
 (enum_specifier name: (_) @name body: (_) @body)] @class
(type_definition type: [(struct_specifier !name body: (_) @body) (union_specifier !name body: (_) @body)
  (enum_specifier !name body: (_) @body)] declarator: (type_identifier) @name) @class
(function_definition declarator: (_) @declarator) @function
(declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))]
  @declarator) @prototype
(preproc_function_def name: (identifier) @name value: (_) @body) @function
(preproc_def name: (identifier) @name value: (_)) @variable
[(preproc_if) (preproc_ifdef) (preproc_else) (preproc_elif) (linkage_specification)] @container
(preproc_include path: (_) @source) @import
(comment) @comment
