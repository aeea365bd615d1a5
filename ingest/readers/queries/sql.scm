[(create_table (object_reference) @name) (create_view (object_reference) @name)
 (create_materialized_view (object_reference) @name) (create_type (object_reference) @name)] @class
(create_function (object_reference) @name (function_body) @body) @function
(create_trigger (keyword_trigger) . (object_reference) @name) @function
(create_schema (identifier) @name) @class
[(create_index column: (_) @name) (create_sequence (object_reference) @name)] @variable
(statement) @wrapper
[(comment) (marginalia)] @comment
