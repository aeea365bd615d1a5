[(object_type_definition (name) @name (fields_definition)? @body)
 (interface_type_definition (name) @name (fields_definition)? @body)
 (enum_type_definition (name) @name (enum_values_definition)? @body)
 (input_object_type_definition (name) @name (input_fields_definition)? @body)
 (union_type_definition (name) @name) (scalar_type_definition (name) @name)] @class
(_ . (description) @docstring) @documented
(object_type_extension (name) @name) @scope
(interface_type_extension (name) @name) @scope
(field_definition (name) @name) @function
(directive_definition (name) @name) @function
(operation_definition (name) @name (selection_set) @body) @function
(fragment_definition (fragment_name) @name (selection_set) @body) @function
[(definition) (type_system_definition) (type_definition) (executable_definition) (type_system_extension)
 (type_extension)] @wrapper
(document) @container
(comment) @comment
