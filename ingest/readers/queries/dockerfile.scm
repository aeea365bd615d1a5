(from_instruction as: (image_alias) @name) @section
[(arg_instruction . name: (_) @name) (env_instruction (env_pair name: (_) @name))] @variable
(from_instruction (image_spec) @source) @use
(comment) @comment
