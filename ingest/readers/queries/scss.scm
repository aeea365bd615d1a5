(rule_set (selectors) @name (block) @body) @rule
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @rule
[(mixin_statement name: (_) @name (block) @body) (function_statement name: (_) @name (block) @body)] @function
(stylesheet (declaration (property_name) @name (#match? @name "^[$]")) @variable)
[(media_statement (block)) (supports_statement (block))] @container
[(import_statement (string_value) @source) (use_statement (string_value) @source)
 (forward_statement (string_value) @source)] @import
[(comment) (js_comment)] @comment
