"""How near answers come to what was expected, in three languages."""

from __future__ import annotations

import pytest

from prompts.grading import abstains, expects_nothing, grade


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The rent is $4,200.00 per month.", "USD 4,200"),
        ("The lease begins on 1 March 2024.", "2024-03-01"),
        ("Either party may end it with ninety (90) days' notice.", "90 days"),
        ("The term is five years.", "60 months"),
        ("Interest is 1.5% per month.", "1,5 %"),
        ("The fee is HK$500.", "500 HKD"),
        ("The governing law is that of England and Wales.", "the England and Wales"),
        ("Услуги оплачивает Заказчик.", "Заказчиком"),
        ("Оплата в течение 30 (тридцати) дней.", "тридцать дней"),
        ("Цена договора 500 000 руб.", "500000 рублей"),
        ("Договор действует с 5 января 2024 года.", "05.01.2024"),
        ("合同总价为人民币五十万元整。", "50万元"),
        ("租约自2024年3月1日起。", "2024-03-01"),
        ("乙方应在三十日内付款。", "30天"),
        ("供应商是北京华信科技有限公司。", "北京华信科技有限公司"),
        ("The answer is: +/-", "+/-"),
        ("It ended on 28 February 2029.", "2029"),
        ("В мае 2012 года была попытка.", "2012 год"),
        ("It is not so, because the problems can be turned into decision problems.", "decision problems"),
    ],
)
def test_the_expected_words_or_values_make_an_answer_right(said: str, expected: str) -> None:
    found = grade(said, [expected])
    assert found is not None
    assert found.contained
    assert found.correctness == 1.0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The rent is 4,300 dollars.", "The rent is 4,200 dollars."),
        ("The rent is 4,200 euros.", "$4,200"),
        ("The fee is HK$500.", "500 USD"),
        ("The lease begins on 1 March.", "1 March 2024"),
        ("The term is three months.", "90 days"),
        ("The Tenant shall not sublet the warehouse.", "The Tenant shall sublet the warehouse."),
        ("The Tenant may sublet the warehouse.", "The Tenant may not sublet the warehouse."),
        ("No, the Tenant may sublet the office.", "Yes, the Tenant may sublet the office."),
        ("Оплата в течение 30 дней.", "Оплата в течение 45 дней."),
        ("Исполнитель не вправе уступать права.", "Исполнитель вправе уступать права."),
        ("甲方不得转让本合同。", "甲方可以转让本合同"),
        ("甲方不可以转让本合同。", "可以转让本合同"),
        ("The Tenant shall not terminate the lease.", "terminate the lease"),
        ("Арендатор не вправе расторгнуть договор аренды.", "расторгнуть договор аренды"),
        ("租约自2024年3月1日起。", "2024年3月2日"),
    ],
)
def test_another_value_or_the_opposite_is_wrong_however_many_words_it_shares(
    said: str, expected: str
) -> None:
    found = grade(said, [expected])
    assert found is not None
    assert found.contrary
    assert found.correctness == 0.0


def test_what_is_said_in_part_is_graded_by_its_tokens() -> None:
    found = grade("It leaks. The red door opens slowly.", ["the red gate opens"])
    assert found is not None
    assert found.f1 == pytest.approx(2 * 2 / (3 + 4))  # red and opens, of the nearest sentence
    assert found.correctness == found.f1
    assert not found.contained


def test_the_nearest_of_several_accepted_answers_counts() -> None:
    found = grade("Ann Lee signs.", ["Ben Roe", "Ann Lee", "Ann"])
    assert found is not None
    assert found.correctness == 1.0
    assert found.f1 == pytest.approx(4 / 5)


@pytest.mark.parametrize(
    ("said", "expected", "right"),
    [
        ("Yes, with consent.", "yes", 1.0),
        ("No. The Tenant shall not sublet.", "Yes.", 0.0),
        ("Нет, субаренда запрещена.", "нет", 1.0),
        ("Да, вправе.", "нет", 0.0),
        ("是的，可以转租。", "是", 1.0),
        ("不可以。", "是", 0.0),
    ],
)
def test_yes_and_no_are_read_from_the_beginning(said: str, expected: str, right: float) -> None:
    found = grade(said, [expected])
    assert found is not None
    assert found.correctness == right


def test_an_answer_without_yes_or_no_is_not_held_to_be_wrong() -> None:
    assert grade("The Tenant shall not sublet.", ["No"]) is None
    assert grade("There is no limit.", ["No"]) is None


@pytest.mark.parametrize(
    "expected",
    [
        "not in the documents",
        "Not in the documents.",
        "The documents do not say.",
        "нет в документах",
        "文件中没有",
    ],
)
def test_nothing_is_expected_in_three_languages(expected: str) -> None:
    assert expects_nothing(expected)


@pytest.mark.parametrize(
    "expected", ["not applicable to the tenant", "No", "нет", "none", "Not later than May"]
)
def test_an_answer_may_deny_without_being_none(expected: str) -> None:
    assert not expects_nothing(expected)


def test_who_states_something_does_not_abstain() -> None:
    assert abstains("The documents do not say.", [False])
    assert abstains(
        "Unfortunately, the documents do not mention it. Let me know if you need more.", [False, False]
    )
    assert abstains("В документах не указано.", [False])
    assert not abstains("The documents do not say. The rent is 5 euros.", [False, True])
    assert not abstains("Hello!", [False])
    assert not abstains("The rent is 5 euros.", [True])
