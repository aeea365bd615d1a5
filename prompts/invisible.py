"""Characters that show nothing, as the inside of a class of a regular expression.

Unicode's separators, controls and format characters (general categories Zs, Cc and Cf) and what else it lets
renderers ignore: a model may read over them as people do.
"""

LINE_ENDS = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
"""What begins a new line, as `str.splitlines` has it."""
INVISIBLE = (
    r"\x00-\x09\x0e-\x1b\x1f\x20\x7f-\x84\x86-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Within a line."""
