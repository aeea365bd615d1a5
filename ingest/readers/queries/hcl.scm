(config_file (body (block . (identifier) @name
  . [(string_lit (template_literal) @name) (identifier) @name]?
  . [(string_lit (template_literal) @name) (identifier) @name]?
  . (block_start) @body) @class))
(config_file (body (attribute . (identifier) @name) @variable))
(block . (identifier) @_module (body (attribute . (identifier) @_source
  (expression (literal_value (string_lit (template_literal) @source)))) @use)
  (#eq? @_module "module") (#eq? @_source "source"))
(config_file (body) @container)
(comment) @comment
