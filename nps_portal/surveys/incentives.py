"""Promises of a reward that must not stand beside a review link, found by their words.

Google, Trustpilot and others remove reviews that were paid for in any way, and many laws call
them unfair. Source: Google Maps user-generated content policy, "Fake engagement".
"""

import re
import unicodedata
from functools import lru_cache

# By language, divided by commas; * stands for the rest of a word, or its beginning.
_WORDS = {
    "en": "discount*, coupon*, voucher*, rebate*, refund*, reward*, raffle*, freebie*, giveaway*,"
    "sweepstake*, lottery, lotteries, gift card*, gift certificate*, a gift, free gift*, your gift,"
    "small gift, little gift, gifts for, prize draw*, lucky draw, win a, a prize, prizes, cashback,"
    "cash back, money back, store credit*, for free, free of charge, free coffee, free month,"
    "get a free, win one, in return for, paid for your, bonus*, loyalty points, extra points",
    "de": "*rabatt, *rabatte, *rabatts, *rabattcode, *gutschein*, geschenk*, preisnachl*, nachlass,"
    "prämie*, belohn*, *verlos*, gewinnspiel*, zu gewinnen, gewinnen sie, gewinne, erstatten*,"
    "rückerstatt*, erstattung*, gratis, kostenlos*, geld zurück, gutschrift*, schenken wir,"
    "wir schenken, als dankeschön, geben wir ihnen, geben wir dir, wir geben ihnen, wir geben dir,"
    "zahlen wir ihnen, wir zahlen ihnen",
    "fr": "une remise, remise de, remise sur, remises, rabais, réduction*, code promo, cadeau*,"
    "bon d'achat, bons d'achat, chèque cadeau, chèques cadeaux, rembours*, tirage au sort,"
    "tirages au sort, concours, à gagner, gagnez, gratuit*, offert, offerts, offerte, offertes,"
    "nous vous offr*, nous vous donn*, récompens*, loterie*, tombola*",
    "es": "descuento*, rebaja*, cupón, cupones, cupon, vale de, vale por, vale regalo, regalo*,"
    "regalamos, reembols*, devolución del dinero, sorteo*, rifa, rifas, lotería*, premio*,"
    "recompensa*, gratis, gratuito*, gratuita*, le daremos, te daremos, le regal*, te regal*,"
    "obsequi*",
    "it": "sconto, sconti, buono sconto, buoni sconto, buono regalo, buoni regalo, buono acquisto,"
    "coupon, omaggio, omaggi, regalo, regali, regaliamo, rimbors*, estrazione a premi, lotteria,"
    "concorso, premio, premi in palio, dei premi, ricompens*, gratis, gratuit*, le daremo,"
    "ti daremo, vi daremo, le offriremo, ti offriremo",
    "nl": "*korting*, cadeau*, *bonnen, waardebon*, tegoed*, terugbetal*, beloning*, geld terug,"
    "verlot*, loterij*, prijsvraag, winactie, prijs winnen, prijzen winnen, kans op een, gratis,"
    "geven wij u, geven we u, geven we je, wij geven u, we geven u, we geven je",
    "pt": "desconto*, cupom, cupons, cupão, cupões, vale presente, vale oferta, vale compras,"
    "brinde, brindes, um presente, presentes, reembols*, sorteio*, rifa, prémio*, prêmio*,"
    "recompensa*, grátis, gratuito*, gratuita*",
    "sv": "rabatt*, presentkort*, en gåva, gåvor, utlottning*, vinn, vinna, återbetal*, belöning*",
    "da": "rabat, rabatter, rabatkode, gavekort*, en gave, gaver, lodtrækning*, præmie*, refunder*",
    "nb": "rabatt*, gavekort*, en gave, gaver, trekning*, premie, premien, premier, premiene,"
    "refunder*",
    "fi": "alennu*, lahja*, arvonta*, arvotaan, palkinto*, palkkio*, hyvitys*, ilmai*",
    "pl": "rabat*, zniżk*, kupon*, prezent, prezenty, prezentem, nagrod*, losowani*, zwrot pieni*",
    "cs": "slevu, slevy, sleva, slevou, poukaz*, kupon*, kupón*, dárek, dárky, dárkov*, losován*,"
    "výhru, výhry, odměn*, zdarma",
    "sk": "zľav*, poukáž*, kupón*, darček*, žrebovan*, výhru, výhry, odmen*, zadarmo",
    "hu": "kedvezmény*, kupon*, utalvány*, ajándék*, sorsol*, nyeremény*, jutalom*",
    "ro": "reducere*, reduceri*, cupon*, cadou*, tombol*, premiu, premiul*, premii*, gratuit*",
    "bg": "отстъпк*, подарък*, подаръ*, ваучер*, купон*, томбол*, наград*, безплат*",
    "hr": "popust*, poklon*, kupon*, bon za, nagrad*, izvlačenj*, besplat*",
    "uk": "знижк*, подарун*, купон*, розіграш*, винагород*, безкоштовн*, сертифікат*",
    "tr": "indirim*, hediye*, kupon*, çekiliş*, ödül*, ücretsiz*, para iade*",
    "el": "έκπτωσ*, εκπτώσ*, δώρο, δώρα, κουπόνι*, κλήρωσ*, βραβεί*, δωρεάν",
}
# These languages write words together, or put other letters before them.
_PARTS = {
    "zh": "折扣, 打折, 优惠, 礼品, 礼物, 赠品, 赠送, 抽奖, 返现, 红包, 奖品, 奖励, 免费, 退款",
    "ja": "割引, クーポン, プレゼント, 抽選, ギフト, 返金, 景品, 特典, 無料, ポイントを進呈",
    "ko": "할인, 쿠폰, 선물, 추첨, 사은품, 경품, 적립금, 무료, 환불, 상품권",
    "he": "הנחה של, הנחות, מתנה, מתנות, שובר, קופון, הגרלה, פרסים, בחינם, החזר כספי",
    "ar": "خصم, خصومات, هدية, هدايا, قسيمة, كوبون, جائزة, جوائز, مجان, استرداد",
}
# Words of the lists above that mean something else in the language of the text.
_INNOCENT = {
    "en": {"premier"},
    "fr": {"premier"},
    "de": {"offerte", "premier"},
    "nl": {"offerte", "offertes", "premie", "premier", "en gave"},
    "sv": {"offert", "premie", "premier"},
    "nb": {"offert"},
    "da": {"offert"},
    "it": {"offerte"},
    "es": {"presentes"},
    "pt": {"vale de", "vale por"},
}
# What no language hides: a share off, a sum of money, a card of a shop, and our giving something.
_EVERYWHERE = (
    r"\b[1-9]\d?\s?(?:%|percent|prozent|pour cent|per cento|por ciento|procent)\s?"
    r"(?:off|less|auf|weniger|günstiger|sur|de|di|en|su|op|rabatt?|korting)\b",
    r"[€$£¥₹₺₴]\s?\d[\d.,]*",
    r"\b\d[\d.,]*\s?(?:€|£|¥|₺|₴|(?:eur|euros?|usd|gbp|chf|dollars?|pounds?|kč|zł)\b)",
    r"\b(?:amazon|paypal)[ -](?:gift|card|voucher|credit|karte|carte|bon)\w*",
    r"\bwe(?:'ll| will)? (?:give|pay|send) you (?:an? |one |some |your |\d+ )"
    r"(?!call\b|ring\b|answer\b|reply\b|hand\b|copy\b|confirmation\b|link\b)\w+",
)
# Straight as in the lists, before normalising makes a blank of the acute accent.
_APOSTROPHES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u02b9\u02bb\u02bc\u2032\u00b4`", "'")
)
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")


def incentive_in(text: str, language: str) -> str:
    """Return the words of a text that promise a reward, empty when there are none.

    The words of all languages are looked for in each: people of every language read a text, and
    owners mix them. `language` tells which of those words are innocent there.
    """
    own = language.split("-")[0].lower()
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)))
    plain = " ".join(plain.split())
    innocent = _INNOCENT.get(own, set())
    found = (match[0] for one in _patterns(own) for match in one.finditer(plain))
    return next((words for words in found if words.lower() not in innocent), "")


@lru_cache(maxsize=64)
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of all languages, the text's own first."""
    own = [_WORDS[language]] if language in _WORDS else []
    of_words = dict.fromkeys((*own, *_WORDS.values()))
    words = [rf"\b(?:{_alternatives(words)})(?!\w)" for words in of_words]
    parts = [_alternatives(words) for words in _PARTS.values()]
    return tuple(re.compile(one, re.IGNORECASE) for one in (*words, *parts, *_EVERYWHERE))


def _alternatives(words: str) -> str:
    return "|".join(re.escape(word.strip()).replace(r"\*", r"\w*") for word in words.split(","))
