(command (unit . (identifier) @_class .) . [(unit . (identifier) @name)
  (block . (unit . (identifier) @name))]
  (#any-of? @_class "class" "interface" "trait" "enum")) @class
(command (unit) . (block . (unit . (func . (identifier) @name)) . (_)? @body)) @function
(command . (unit . (identifier) @_import .) . (unit) @source .
  (#eq? @_import "import") (#not-eq? @source "static") (#not-match? @source "\\s")) @import
(command . (unit . (identifier) @_import .) . (unit) . (unit) @source .
  (#eq? @_import "import") (#not-eq? @source "static") (#not-match? @source "\\s")) @import
(command . (decorate) .) @attribute
[(line_comment) (block_comment)] @comment
