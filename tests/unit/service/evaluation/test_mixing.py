"""Documents of other sets among a set's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.evaluation.dataset import BadDataset, LabelledDocument
from service.evaluation.mixing import mix, read_distractors, spread
from tests.fakes.labelled import write_lines

if TYPE_CHECKING:
    from pathlib import Path


def document(name: str, repo: str = "") -> LabelledDocument:
    return LabelledDocument(name, f"{name}.txt", repo, name)


def test_every_collection_gets_every_distractor() -> None:
    own = [document("1", "x"), document("2", "y"), document("3", "x")]
    mixed = mix(own, [document("4", "z"), document("5")])
    assert mixed[:3] == own
    assert sorted((d.repo, d.id, d.path) for d in mixed[3:]) == [
        ("x", "4", "4.txt"),
        ("x", "5", "5.txt"),
        ("y", "4", "4.txt"),
        ("y", "5", "5.txt"),
    ]


def test_ids_are_those_of_one_document(tmp_path: Path) -> None:
    first = write_lines(tmp_path / "first.jsonl", [{"doc_id": name, "text": "x"} for name in "ab"])
    second = write_lines(tmp_path / "second.jsonl", [{"doc_id": name, "text": "x"} for name in "cb"])
    assert [[d.id for d in one] for one in read_distractors([first], [document("c")])] == [["a", "b"]]
    with pytest.raises(BadDataset, match=r"second\.jsonl:1: doc_id 'c'"):
        read_distractors([first, second], [document("c")])
    with pytest.raises(BadDataset, match=r"second\.jsonl:2: doc_id 'b'"):
        read_distractors([first, second], [])


@pytest.mark.parametrize(
    ("share", "chosen"), [(1.0, "0123456789"), (0.5, "02468"), (0.21, "036"), (0.01, "0"), (0.0, "")]
)
def test_a_share_lies_spread_over_the_set(share: float, chosen: str) -> None:
    assert "".join(d.id for d in spread([document(str(n)) for n in range(10)], share)) == chosen
    assert spread([], share) == []
