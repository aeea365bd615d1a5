(message (message_name) @name (message_body) @body) @class
(enum (enum_name) @name (enum_body) @body) @class
(service (service_name) @name "{" @body) @class
(rpc (rpc_name) @name) @function
[(package) (import)] @import
(import path: (_) @source) @import
(comment) @comment
