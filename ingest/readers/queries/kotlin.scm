(class_declaration (type_identifier) @name [(class_body) (enum_class_body)]? @body) @class
(object_declaration (type_identifier) @name (class_body)? @body) @class
(companion_object (type_identifier) @name (class_body)? @body) @class
(type_alias . (type_identifier) @name) @class
(function_declaration (simple_identifier) @name (function_body)? @body) @function
(function_declaration receiver: (receiver_type) @owner (simple_identifier) @name
  (function_body)? @body) @function
(secondary_constructor "constructor" @name) @method
(source_file (property_declaration (variable_declaration (simple_identifier) @name)) @variable)
(companion_object . (class_body)) @container
(package_header) @import
(import_header (identifier) @source) @import
(import_header (wildcard_import) @imported) @import
(import_list) @import
[(line_comment) (multiline_comment)] @comment
