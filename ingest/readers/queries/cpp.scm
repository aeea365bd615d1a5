(class_specifier name: (_) @name body: (_) @body) @class
(namespace_definition name: (_) @name) @module
(namespace_definition !name) @container
(field_declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))
  (reference_declarator (function_declarator))] @declarator) @prototype
(declaration declarator: (reference_declarator (function_declarator)) @declarator) @prototype
(alias_declaration name: (_) @name) @class
(concept_definition name: (_) @name) @class
(template_declaration) @wrapper
(using_declaration) @import
