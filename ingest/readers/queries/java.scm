[(class_declaration name: (identifier) @name) (interface_declaration name: (identifier) @name)
 (enum_declaration name: (identifier) @name) (record_declaration name: (identifier) @name)
 (annotation_type_declaration name: (identifier) @name)] @class
[(method_declaration name: (identifier) @name) (constructor_declaration name: (identifier) @name)
 (compact_constructor_declaration name: (identifier) @name)] @method
(package_declaration) @import
(import_declaration [(scoped_identifier) (identifier)] @source) @import
(import_declaration (asterisk) @imported) @import
[(line_comment) (block_comment)] @comment
