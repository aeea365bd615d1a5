"""Who acts, owns, must and may."""

from __future__ import annotations

import pytest

from prompts.checks.actors import misattributed
from prompts.checks.deeds import read_deeds
from prompts.checks.parties import ANYONE, shared_names, tokens

NOBODY: frozenset[str] = frozenset()
GRANT = "Rubicon hereby grants to ISA, subject to Section 2, an exclusive licence to sell Offerings in Spain."
REPAIR = (
    "Supplier shall, at Customer's request and at its own cost, repair the Goods; Customer may reject them."
)
FEES = (
    "All fees shall be paid by Customer within 30 days. Either party may terminate. "
    "Supplier's liability is capped."
)


@pytest.mark.parametrize(
    ("source", "claim", "missing"),
    [
        (GRANT, "Rubicon grants ISA a licence to sell the Offerings.", []),
        (GRANT, "ISA may sell Offerings in Spain.", []),
        (GRANT, "ISA grants Rubicon a licence to sell the Offerings.", ["role isa"]),
        (REPAIR, "The Supplier repairs the Goods at the Customer's request.", []),
        (REPAIR, "The Goods are repaired by the Supplier.", []),
        (REPAIR, "The Customer must repair the Goods.", ["role customer"]),
        (REPAIR, "The Goods must be repaired by the Customer.", ["role customer"]),
        (REPAIR, "The Supplier may repair the Goods.", ["right"]),
        (REPAIR, "The Customer must reject the Goods.", ["duty"]),
        (FEES, "The Customer pays all fees within 30 days.", []),
        (FEES, "The Supplier pays all fees within 30 days.", ["role supplier"]),
        (FEES, "The Customer may terminate.", []),
        (FEES, "The liability of the Customer is capped.", ["role customer"]),
        ("Tenant may extend the Lease once.", "The landlord may extend the Lease.", ["role lessor"]),
        ("Tenant may extend the Lease once.", "Either party may extend the Lease.", ["role anyone"]),
        ("Party A shall inform Party B.", "Party B shall inform Party A.", ["role party b"]),
        ("The Receiving Party shall return it.", "The disclosing party returns it.", ["role discloser"]),
        (
            "Las Vegas, NV 89169 Las Vegas NV 89114\n/s/ James Schramm /s/ Authorized Agent\nsignature",
            "The contract says NV 89114 /s/ James Schramm.",
            [],
        ),
        ("Neither it nor Licensee shall assign this.", "The Licensor may not sell.", []),
        ("Покупатель уплачивает Поставщику пеню.", "Покупатель платит пеню Поставщику.", []),
        (
            "Покупатель уплачивает Поставщику пеню.",
            "Поставщик уплачивает Покупателю пеню.",
            ["role supplier"],
        ),
        ("Заказчик вправе привлекать надзор.", "Заказчик обязан привлечь надзор.", ["duty"]),
        ("甲方应在三十日内向乙方支付服务费。", "甲方向乙方支付服务费。", []),
        ("甲方应在三十日内向乙方支付服务费。", "乙方应向甲方支付服务费。", ["role 乙方", "role 甲方"]),
    ],
)
def test_a_deed_is_given_to_its_party(source: str, claim: str, missing: list[str]) -> None:
    assert misattributed(claim, [source], source) == missing


@pytest.mark.parametrize("text", [GRANT, REPAIR, FEES])
def test_a_text_gives_its_own_deeds_to_its_own_parties(text: str) -> None:
    assert misattributed(text, [text], text) == []


def test_names_are_what_has_a_capital_in_both_texts() -> None:
    assert shared_names("May Acme sell the Products?", "Acme, Inc. may sell Products in Ohio.") == {"acme"}
    assert not shared_names("ACME MAY SELL", "Acme may sell.")


def test_a_possessive_belongs_to_its_party() -> None:
    read = tokens("Supplier's staff and each party's own", NOBODY)
    assert [(token.party, token.possessive) for token in read if token.party] == [
        ("supplier", True),
        (ANYONE, True),
    ]


def test_what_is_denied_is_kept_apart() -> None:
    deeds = read_deeds("Licensee shall not assign this; Licensor may assign it.", NOBODY)
    assert dict(deeds.acts) == {"not =4": {"licensee"}, "=4": {"licensor"}}
