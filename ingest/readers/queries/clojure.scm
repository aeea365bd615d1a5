(source (list_lit . value: (sym_lit name: (_) @_define) . value: (sym_lit name: (_) @name)
  (#eq? @_define "ns")) @section)
(source (list_lit . value: (sym_lit name: (_) @_define) . value: (sym_lit name: (_) @name)
  (#any-of? @_define "defprotocol" "defrecord" "deftype" "definterface")) @class)
(source (list_lit . value: (sym_lit name: (_) @_define) . value: (sym_lit name: (_) @name)
  (#any-of? @_define "def" "defonce")) @variable)
(source (list_lit . value: (sym_lit name: (_) @_define) . value: (sym_lit name: (_) @name)
  . value: (str_lit)? . value: (map_lit)? . value: (vec_lit) . value: (_) @body
  (#any-of? @_define "defn" "defn-" "defmacro")) @function)
(source (list_lit . value: (sym_lit name: (_) @_define) . value: (sym_lit name: (_) @name)
  value: [(vec_lit) (list_lit) (kwd_lit)] @body
  (#any-of? @_define "defn" "defn-" "defmacro" "defmulti" "defmethod")) @function)
(list_lit . value: (sym_lit name: (_) @_define) . value: (sym_lit) value: (list_lit
  . value: (sym_lit name: (_) @name) . value: (vec_lit)) @method
  (#any-of? @_define "defprotocol" "defrecord" "deftype" "definterface"))
(list_lit . value: (sym_lit) . value: (sym_lit) . value: (str_lit) @docstring value: (_)) @documented
(list_lit . value: (kwd_lit name: (_) @_require)
  value: [(sym_lit name: (_) @source) (vec_lit . value: (sym_lit name: (_) @source))] @use
  (#any-of? @_require "require" "use" "import"))
(list_lit . value: (kwd_lit name: (_) @_require)
  value: (vec_lit . value: (sym_lit) value: (kwd_lit) . value: (vec_lit value: (sym_lit name: (_) @imported))) @use
  (#any-of? @_require "require" "use"))
(list_lit . value: (kwd_lit name: (_) @_import)
  value: (list_lit . value: (sym_lit name: (_) @source) value: (sym_lit name: (_) @imported)) @use
  (#eq? @_import "import"))
(comment) @comment
