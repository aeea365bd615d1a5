[(type_declaration name: (_) @name) (type_alias_declaration name: (_) @name)] @class
(file (value_declaration functionDeclarationLeft: (function_declaration_left
  . (lower_case_identifier) @name) body: (_) @body) @function)
(type_annotation) @attribute
(module_declaration) @import
(import_clause moduleName: (_) @source) @import
(import_clause exposing: (exposing_list [(exposed_value) (exposed_type) (double_dot)] @imported)) @import
[(line_comment) (block_comment)] @comment
