(class_declaration declaration_kind: _ @_kind name: (type_identifier) @name
  (#not-eq? @_kind "extension")) @class
(class_declaration declaration_kind: "extension" name: (user_type) @name) @scope
(protocol_declaration name: (_) @name) @class
(typealias_declaration . "typealias" . name: (_) @name) @class
(function_declaration name: (simple_identifier) @name) @function
(protocol_function_declaration name: (simple_identifier) @name) @function
(init_declaration name: _ @name) @method
(deinit_declaration "deinit" @name) @method
(subscript_declaration "subscript" @name) @method
(property_declaration name: (pattern bound_identifier: (simple_identifier) @name)
  computed_value: (_) @body) @variable
(source_file (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @variable)
(import_declaration (identifier) @source) @import
[(comment) (multiline_comment)] @comment
