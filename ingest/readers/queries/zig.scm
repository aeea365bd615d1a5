(VarDecl variable_type_function: (IDENTIFIER) @name
  (ErrorUnionExpr (SuffixExpr (ContainerDecl) @body))) @class
(Decl (FnProto function: (IDENTIFIER) @name) (Block)? @body) @function
(source_file (Decl (VarDecl variable_type_function: (IDENTIFIER) @name) @variable))
(Decl) @wrapper
(TestDecl (STRINGLITERALSINGLE) @name (Block) @body) @target
"pub" @attribute
(VarDecl variable_type_function: (IDENTIFIER)
  (ErrorUnionExpr (SuffixExpr (BUILTINIDENTIFIER) @_import
    (FnCallArguments (ErrorUnionExpr (SuffixExpr (STRINGLITERALSINGLE) @source)))))
  (#eq? @_import "@import")) @use
[(line_comment) (doc_comment) (container_doc_comment)] @comment
