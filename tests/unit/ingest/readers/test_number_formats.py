from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.number_formats import BUILT_IN, GENERAL, shown


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.256, "0.0%", "25.6%"),
        (1234.5, "#,##0.00", "1,234.50"),
        (-5, "#,##0.00;[Red](#,##0.00)", "(5.00)"),
        (0, '0;-0;"none"', "none"),
        (7, "000", "007"),
        (-3, "0", "-3"),
        (-0.001, "0.00", "0.00"),
        (1234567, "#,##0,", "1,235"),
        (12, "[$€-407] #,##0.00", "€ 12.00"),
        (1234.5, '_-* #,##0.00 "₽"_-;-* #,##0.00', "1,234.50 ₽"),
        (12345678, "0.00E+00", "1.23E+07"),
        (0.1, "0.0##", "0.1"),
        (2, "#.##", "2"),
        (3.14159, GENERAL, "3.14159"),
        (1234567890123, GENERAL, "1234567890123"),
        (0.1 + 0.2, GENERAL, "0.3"),
        (0.5, "# ?/?", "0.5"),
        (5, "@", "5"),
    ],
)
def test_numbers_look_as_their_format_says(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (45352, BUILT_IN[14], "2024-03-01"),
        (45352, "dd.mm.yyyy", "01.03.2024"),
        (45352.5, "m/d/yy h:mm AM/PM", "3/1/24 12:00 PM"),
        (45352.75, "hh:mm:ss", "18:00:00"),
        (45352.0000057870, "mm:ss.0", "00:00.5"),
        (45352, "[$-409]dddd, d mmmm yyyy;@", "Friday, 1 March 2024"),
        (45352, "ddd mmm mmmmm", "Fri Mar M"),
        (1.5, "[h]:mm", "36:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (1e300, "dd.mm.yyyy", "1e+300"),
    ],
)
def test_days_since_1900_are_dates(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_old_macintosh_programs_count_from_1904() -> None:
    assert shown(1, "yyyy-mm-dd", since_1904=True) == "1904-01-02"


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.text('0#?.,%;E+-/ymdhs[]"\\_*@$AMP€ ', max_size=20) | st.sampled_from(sorted(BUILT_IN.values())),
)
def test_no_format_breaks_the_reading_of_a_sheet(value: float, code: str) -> None:
    assert isinstance(shown(value, code), str)
