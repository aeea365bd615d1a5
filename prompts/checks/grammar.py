"""The closed classes of words by which a clause can be read without a parser; English, a little Russian."""

from __future__ import annotations

from prompts.words import stem

ARTICLES = frozenset(
    "the a an this that such said each every any either neither both its their no our".split()
)
PREPOSITIONS = frozenset(
    "of to by with from for at in on upon against under between among through via than as per behalf toward"
    " towards before after within without about over into including except".split()
)
MODALS = frozenset(
    "shall will must may can could should would might does do did agrees agree undertakes undertake"
    " covenants covenant"
    " обязан обязана обязано обязаны обязуется вправе должен должна должны может могут".split()
)
LEADS_TO = frozenset(
    "right entitled obligated required obliged agrees agree undertakes undertake covenants permitted"
    " authorized allowed option elects elect fails fail responsible able wishes".split()
)
"""Words after which an infinitive is what the subject does."""
DUTIES = frozenset(
    "shall must agrees agree undertakes undertake covenants covenant obligated required obliged обязан"
    " обязана"
    " обязано обязаны обязуется должен должна должны".split()
)
RIGHTS = frozenset(
    "may can could right entitled permitted authorized allowed option вправе может могут".split()
)
DENIALS = frozenset("not never no neither nor cannot не нет".split())
NOBODY = frozenset("neither no nor none никто ни".split())
BE = frozenset("be is are was were been being".split())
HAVE = frozenset("has have had".split())
ADVERBS = frozenset(
    "not also only then hereby thereafter always never further at no longer so не незамедлительно"
    " также".split()
)
STARTS = frozenset(
    "if when where while whether unless until provided that which who because since although".split()
)
NO_VERBS = frozenset(
    "and or but nor of to by with from for at in on upon as than that which who if when where while the a an"
    " this such its their his her not no be is are was were been has have had do does did shall will must may"
    " can could should would might under between per any each all either both other only also so then hereby"
    " respective".split()
)
FUNCTION_WORDS = NO_VERBS | MODALS | LEADS_TO | STARTS | PREPOSITIONS | HAVE | {"unless"}
IRREGULAR = {
    "paid": "pay",
    "made": "make",
    "makes": "make",
    "given": "give",
    "borne": "bear",
    "bears": "bear",
    "held": "hold",
    "kept": "keep",
    "sent": "send",
    "sold": "sell",
    "bought": "buy",
    "brought": "bring",
    "built": "build",
    "done": "do",
    "taken": "take",
    "has": "have",
    "is": "be",
    "are": "be",
    **{
        word: word
        for word in "granted set met left put written shown known lost found told let read cut".split()
    },
}
"""The base of forms that the stemmer does not see through; most serve as participles too."""
GIVING = frozenset(
    stem(verb)
    for verb in "grant give license permit allow cause enable require authorize entitle instruct request"
    " oblige appoint".split()
)
"""What follows them is their object's to do: "grants X the right to sell"."""
LIGHT_VERBS = frozenset("be have do become include mean contain remain apply".split())
BURDENED = frozenset("liable responsible".split())
LONGEST_ASIDE = 30
LONGEST_OBJECT = 3
BY_WITHIN = 12
ROOT = 5
"""Letters of a Russian verb that its aspects share: привлечь, привлекать."""
