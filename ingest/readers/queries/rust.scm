[(struct_item name: (_) @name) (enum_item name: (_) @name) (union_item name: (_) @name)
 (trait_item name: (_) @name) (type_item name: (_) @name)] @class
[(function_item name: (_) @name) (function_signature_item name: (_) @name)] @function
[(const_item name: (_) @name) (static_item name: (_) @name)] @variable
(macro_definition name: (_) @name) @function
(mod_item name: (_) @name body: (_)) @module
(impl_item type: [(type_identifier) @name (generic_type type: (type_identifier) @name)
  (scoped_type_identifier name: (_) @name)
  (generic_type type: (scoped_type_identifier name: (_) @name))]) @scope
(foreign_mod_item) @container
(attribute_item) @attribute
(extern_crate_declaration name: (_) @source) @import
(use_declaration argument: [(identifier) (scoped_identifier) (crate) (self)] @source) @import
(use_declaration argument: (use_as_clause path: (_) @source)) @import
(use_declaration argument: (use_wildcard . (_) @source "*" @imported)) @import
(use_declaration argument: (scoped_use_list path: (_) @source)) @import
(use_declaration argument: (scoped_use_list list: (use_list (_) @imported))) @import
(use_declaration argument: (use_list (_) @source)) @import
[(line_comment) (block_comment)] @comment
