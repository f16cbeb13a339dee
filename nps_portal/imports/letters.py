"""How likely a text is the writing of one of some languages, by which letters stand side by side.

What stands side by side in a language is taken from the names of languages, places, months and
currencies in the CLDR, which every portal carries along.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from itertools import pairwise

from babel import Locale

_EDGE = " "
_PUNCTUATION = frozenset("«»“”‘’„‚‹›–—…€£§°²³·¿¡®™©±×½ºª\u00a0´№・、。「」（）〜ー　，")
_WORD = re.compile(r"[^\W\d_]+")
# One letter of the Far East is a word; which of them follow each other tells little.
_FAR_EASTERN = ("ja", "zh", "zh_TW", "ko")
_SEVERAL = 0.1
_FIRST_BEYOND_LATIN = "\u0370"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# The comma below of Romanian is a cedilla in the old encodings.
_FOLDED = str.maketrans("șțȘȚ", "şţŞŢ")


def likelihood(text: str, languages: Collection[str]) -> float:
    """Return how much the letters beyond ASCII fit one or some of the languages; 1 is wholly."""
    text = text.translate(_FOLDED)
    letters = [character for character in text if not character.isascii()]
    if not letters:
        return 0.0
    faults = sum(_fault(character) for character in letters)
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    faults += sum(_turns_case(word) + _mixes_scripts(word) for word in words)
    fits = [[_fit(word.lower(), language) for language in languages] for word in words]
    in_one = max((sum(column) for column in zip(*fits, strict=True)), default=0.0)
    # Customers of several countries stand in one list; that is a little less likely.
    in_several = sum(map(max, fits)) - _SEVERAL * len(letters)
    return (max(in_one, in_several) - faults) / len(letters)


def _fault(character: str) -> float:
    if character.isalpha() or character in _PUNCTUATION or character.isspace():
        return 0.0
    return 3.0 if _CONTROL.match(character) or not character.isprintable() else 1.0


def _turns_case(word: str) -> float:
    """Tell whether a capital follows a small letter, as no name but MacDonald has it."""
    return float(any(one.islower() and other.isupper() for one, other in pairwise(word)))


def _mixes_scripts(word: str) -> float:
    """Tell whether Latin letters stand beside others, as in «aإb»."""
    return float(any(map(str.isascii, word)) and any(one >= _FIRST_BEYOND_LATIN for one in word))


def _fit(word: str, language: str) -> float:
    known = _known(language)
    if language in _FAR_EASTERN:
        return float(sum(not letter.isascii() and letter in known for letter in word))
    return sum(
        ((left + letter in known) + (letter + right in known)) / 2
        for left, letter, right in _surroundings(word)
        if not letter.isascii()
    )


def _surroundings(word: str) -> Iterator[tuple[str, str, str]]:
    return zip(_EDGE + word, word, word[1:] + _EDGE, strict=False)


@cache
def _known(language: str) -> frozenset[str]:
    """Return the pairs of letters that the language has; of the Far East single ones."""
    text = "\n".join(_names(Locale.parse(language))).lower().translate(_FOLDED)
    if language in _FAR_EASTERN:
        return frozenset(text)
    pairs = set()
    for word in _WORD.findall(text):
        for left, letter, right in _surroundings(word):
            pairs |= {left + letter, letter + right}
    return frozenset(pairs)


def _names(locale: Locale) -> Iterator[str]:
    for names in (locale.languages, locale.territories, locale.currencies, locale.scripts):
        yield from map(str, names.values())
    for periods in (locale.months, locale.days):
        for names in periods["format"].values():
            yield from map(str, names.values())
    for zone in locale.time_zones.values():
        yield str(zone.get("city", ""))
