"""What a model's name can make the service remember, and send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.plan import PromptMessage
from service.answers import Query
from service.generation import Generation, GenerationSettings
from service.known_models import STRANGERS, KnownModels
from service.models.prices import Price
from service.models.providers import PROVIDERS
from service.token_samples import TokenSamples
from service.tokens import count_tokens
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from pathlib import Path

    from service.recording import Origin

ZAI = PROVIDERS["zai"]
TEXT = "The tenant pays the rent within thirty days after receipt of the invoice. " * 20


class Ticking:
    """A clock that moves whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def user(text: str) -> list[PromptMessage]:
    return [PromptMessage("user", text)]


class TestNames:
    def models(self) -> KnownModels:
        return KnownModels(ZAI.cache, {"glm-5"}, strangers=3)

    def test_of_a_callers_choice_are_forgotten_the_longest_unused_first(self) -> None:
        models = self.models()
        first, second = models.of("acme", "n0"), models.of("acme", "n1")
        for name in ("n2", "n0", "n3"):
            models.of("acme", name)
        assert models.of("acme", "n0") is first
        assert models.of("acme", "n1") is not second

    def test_that_are_listed_stay(self) -> None:
        models = self.models()
        kept = models.of("acme", "glm-5")
        for number in range(50):
            models.of("acme", f"n{number}")
            models.of("acme", f"GLM-{number}")
        assert models.of("acme", "glm-5") is kept

    def test_of_another_tenant_stay(self) -> None:
        models = self.models()
        kept = models.of("acme", "house")
        for number in range(50):
            models.of("mallory", f"n{number}")
        assert models.of("acme", "house") is kept


class TestMirrors:
    def test_hold_together_so_much_and_no_more(self) -> None:
        models = KnownModels(ZAI.cache, {"a", "b", "c"}, capacity=2_000, clock=Ticking())
        known = {name: models.of("acme", name) for name in ("a", "b", "c")}
        for name, letter in (("a", "x"), ("b", "y"), ("a", "z"), ("c", "w")):
            models.sent(known[name], user(letter * 700))
            assert sum(one.mirror.size for one in known.values()) <= 2_000

        held = {
            name: one.mirror.known(user(letter * 700), 9.0).characters
            for (name, one), letter in zip(known.items(), "zyw", strict=True)
        }
        assert held["b"] < 20, "which was told of nothing for the longest"
        assert held["a"] > 700
        assert held["c"] > 700

    def test_that_were_forgotten_begin_anew(self) -> None:
        models = KnownModels(ZAI.cache, {"a", "b"}, capacity=1_000, clock=Ticking())
        one, other = models.of("acme", "a"), models.of("acme", "b")
        models.sent(one, user("x" * 900))
        models.sent(other, user("y" * 900))
        assert one.mirror.size < 20
        models.sent(one, user("x" * 900))
        assert one.mirror.size > 900
        assert other.mirror.size < 20


class Tokenizer:
    overhead = 0

    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self, text: str, model: str, *, origin: Origin) -> int:
        del origin
        self.asked.append(model)
        return count_tokens(text)


def generation(folder: Path, tokenizer: Tokenizer) -> Generation:
    chosen = GenerationSettings(
        *("glm-5", None, 500, 2_500, 0.3),
        thinking=False,
        prices={"House": Price(1.0, 1.0, 1.0)},
        code_model="coder",
        named=frozenset({"mapper"}),
    )
    samples = TokenSamples(tokenizer, count_tokens, folder)
    return Generation(ScriptedModel([]), ZAI, chosen, samples=samples)


def test_only_what_settings_or_prices_name_is_counted_elsewhere(tmp_path: Path) -> None:
    tokenizer = Tokenizer()
    made = generation(tmp_path, tokenizer)
    for name in (None, "coder", "mapper", "House", "glm-4.7", "invented", "GLM-5", "house"):
        assert made.calibrate(Query("Who pays?", "docs", model=name), TEXT) is None
    assert tokenizer.asked == ["glm-5", "coder", "mapper", "House", "glm-4.7"]


def test_estimates_for_invented_names_leave_nothing_behind(tmp_path: Path) -> None:
    made, asked = generation(tmp_path, Tokenizer()), Query("Who pays?", "docs", model="first")
    made.prefixes.read(asked, user(TEXT))
    assert made.prefixes.cached_characters(asked, user(TEXT)) > 0
    for number in range(STRANGERS):
        made.prefixes.held(Query("Who pays?", "docs", model=f"invented-{number}"))
    assert made.prefixes.cached_characters(asked, user(TEXT)) == 0
