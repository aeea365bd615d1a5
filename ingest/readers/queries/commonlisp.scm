(list_lit (defun (defun_header function_name: (_) @name) . (_) @body)) @function
(source (list_lit . (sym_lit) @_define . (sym_lit) @name
  (#any-of? @_define "defclass" "defstruct" "define-condition")) @class)
(source (list_lit . (sym_lit) @_define . (sym_lit) @name
  (#any-of? @_define "defvar" "defparameter" "defconstant")) @variable)
(comment) @comment
