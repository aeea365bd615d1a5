(header module: (module) @name) @section
[(data_type name: (_) @name) (newtype name: (_) @name) (type_synomym name: (_) @name)
 (type_family name: (_) @name)] @class
(class name: (_) @name declarations: (_)? @body) @class
(instance name: (_) @name declarations: (_)? @body) @scope
(class_declarations (signature name: (_) @name) @prototype)
(declarations (function name: (_) @name match: (_) @body) @clause)
(declarations (bind name: (_) @name match: (_) @body) @clause)
(instance_declarations [(function name: (_) @name match: (_) @body)
  (bind name: (_) @name match: (_) @body)] @clause)
(declarations (signature) @attribute)
(instance_declarations (signature) @attribute)
(import module: (_) @source) @import
(import names: (import_list name: (_) @imported)) @import
(imports) @import
(declarations) @container
[(comment) (haddock)] @comment
