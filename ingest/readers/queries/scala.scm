[(class_definition name: (_) @name) (object_definition name: (_) @name) (trait_definition name: (_) @name)
 (enum_definition name: (_) @name) (type_definition name: (_) @name)] @class
[(function_definition name: (_) @name) (function_declaration name: (_) @name)] @function
(compilation_unit [(val_definition pattern: (identifier) @name)
  (var_definition pattern: (identifier) @name)] @variable)
(object_definition body: (template_body [(val_definition pattern: (identifier) @name)
  (var_definition pattern: (identifier) @name)] @variable))
(package_clause) @import
(import_declaration) @import
(import_declaration path: (_) @path) @import
(import_declaration (namespace_selectors (_) @imported)) @import
(import_declaration (namespace_wildcard) @imported) @import
[(comment) (block_comment)] @comment
