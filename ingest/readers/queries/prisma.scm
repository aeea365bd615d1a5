[(model_block . (identifier) @name "{" @body) (enum_block . (identifier) @name "{" @body) (key_value_block . (identifier) @name "{" @body)] @class
[(comment) (document_comment)] @comment
