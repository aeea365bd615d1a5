(rule_set (selectors) @name (block) @body) @rule
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @rule
[(media_statement (block)) (supports_statement (block))] @container
(import_statement [(string_value) @source (call_expression (arguments (string_value) @source))]) @import
(comment) @comment
