"""The words that other systems and people put above their columns."""

import enum
import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")


class Field(enum.Enum):
    """What a column can tell about a Contact."""

    EMAIL = "email"
    SECOND_EMAIL = "second_email"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    COMPANY = "company"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    OPTED_IN = "opted_in"
    REMOVED = "removed"
    TAGS = "tags"
    OWNER = "owner"
    DECIDES = "decides"
    PAYS = "pays"
    USES = "uses"
    CONSENT_BASIS = "consent_basis"
    CONSENT_ON = "consent_on"

    @property
    def words(self) -> str:
        """Return the field as a sentence names it."""
        return _FIELD_WORDS.get(self, self.value.replace("_", " "))


_FIELD_WORDS = {
    Field.SECOND_EMAIL: "email of those without the first",
    Field.OPTED_OUT: "unsubscribed people",
    Field.BOUNCED: "addresses that do not work",
    Field.OPTED_IN: "people who may be written to",
    Field.REMOVED: "people who are gone",
    Field.DECIDES: "people who decide",
    Field.PAYS: "people who pay",
    Field.USES: "people who use it",
    Field.CONSENT_BASIS: "basis of consent",
    Field.CONSENT_ON: "date of consent",
}


def header_words(header: str) -> str:
    """Return the words of a header as `comparable` does, with «FirstName» parted too."""
    return comparable(_CAMEL.sub(" ", header))


def comparable(header: str) -> str:
    """Reduce a header to its words: without case, accents and punctuation."""
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", header.casefold())
        if not unicodedata.combining(character)
    )
    return re.sub(r"[\W_]+", " ", bare).strip()


def squeezed(header: str) -> str:
    """Reduce a header to its letters, in which «FirstName», «first_name» and «First name» agree."""
    return comparable(header).replace(" ", "")


# Within a field the likelier column stands first; where a file has several, it is taken.
_WORDS = {
    Field.EMAIL: """
        e-mail 1 - value, main email, primary email, email address, email, email 1, email address 1,
        e-mail 1 address, email - work, person - email - work, work email, business email, person -
        email, contact email, customer email, mail, e-mail-adresse, mailadresse, kunden-e-mail,
        adresse e-mail, adresse mail, adresse de messagerie, courriel, correo electrónico, correo,
        dirección de correo electrónico, dirección de correo, indirizzo e-mail, posta elettronica,
        endereço de e-mail, correio eletrônico, e-mailadres, adres e-mail, e-postadress, e-post,
        e-postadresse, sähköposti, sähköpostiosoite, e-mailová adresa, e-mail cím, e-posta, e-posta
        adresi, адрес электронной почты, электронная почта, email - home, person - email - home,
        home email, personal email, email - other, person - email - other, other email, secondary
        email, alternate email, billing email, email 2, e-mail 2 - value, e-mail 2 address, email
        address 2, e-mail 2: adresse, e-mail-adresse 2, adresse e-mail 2, email 3, e-mail 3 - value,
        e-mail 3 address, e-mail 3: adresse
        """,
    Field.NAME: """
        name, full name, person name, contact name, display name, customer name, customer full name,
        client name, contact, vollständiger name, anzeigename, kontaktname, ansprechpartner,
        ansprechpartnerin, kundenname, kontakt, nom complet, nom et prénom, prénom et nom, nombre
        completo, nombre y apellidos, nome completo, nome e cognome, volledige naam, naam, namn,
        navn, nimi, imię i nazwisko, celé jméno, jméno a příjmení, teljes név, név, ad soyad, nume
        complet, фио
        """,
    Field.FIRST_NAME: """
        first name, given name, forename, fname, person - first name, billing first name, vorname,
        rufname, prénom, nombre, nombres, primer nombre, nombre de pila, nome, nome próprio,
        voornaam, förnamn, fornavn, etunimi, imię, jméno, křestní jméno, keresztnév, utónév, ad,
        adı, prenume, имя
        """,
    Field.LAST_NAME: """
        last name, family name, surname, lname, person - last name, billing last name, nachname,
        familienname, zuname, nom, nom de famille, apellidos, apellido, primer apellido, cognome,
        sobrenome, apelido, achternaam, efternamn, efternavn, etternavn, sukunimi, nazwisko,
        příjmení, vezetéknév, családnév, soyad, soyadı, nume, фамилия
        """,
    Field.COMPANY: """
        organization 1 - name, organization name, organisation name, company name, company,
        associated company, associated company (primary), default address company, default company,
        billing company, employer, account name, organization, organisation, business name, person -
        organization, primary company, account, business, firma, firmenname, firmenbezeichnung,
        unternehmen, betrieb, société, entreprise, nom de l'entreprise, nom de la société, raison
        sociale, empresa, compañía, nombre de la empresa, nome da empresa, azienda, società, ragione
        sociale, ditta, bedrijf, bedrijfsnaam, organisatie, företag, företagsnamn, virksomhed,
        firmanavn, bedrift, yritys, nazwa firmy, společnost, cég, cégnév, şirket, şirket adı,
        companie, компания, организация
        """,
    Field.LANGUAGE: """
        preferred language, language, locale, language code, sprache, korrespondenzsprache,
        bevorzugte sprache, langue, langue préférée, idioma, idioma preferido, lingua, taal,
        voorkeurstaal, språk, sprog, kieli, język, jazyk, nyelv, dil, limbă, язык
        """,
    Field.TIME_ZONE: """
        time zone, zeitzone, fuseau horaire, zona horaria, fuso orario, fuso horário, tijdzone,
        tidszon, tidszone, tidssone, aikavyöhyke, strefa czasowa, časové pásmo, időzóna, saat
        dilimi, fus orar, часовой пояс
        """,
    Field.TAGS: """
        tags, tag, labels, person - labels, label, group membership, groups, categories,
        schlagwörter, schlagworte, stichwörter, kategorien, gruppen, étiquettes, etiquetas,
        categorías, etichette, categorie, štítky
        """,
    # A column of owners names people of the other system: who runs this one is not guessed by it.
    Field.OWNER: "portal owner",
    Field.DECIDES: "decides, decision maker, entscheidet, décideur",
    Field.PAYS: "pays, zahlt, payeur",
    Field.USES: "uses, nutzt, utilise",
    Field.CONSENT_BASIS: """
        consent basis, legal basis, legal basis for processing contact's data, lawful basis,
        rechtsgrundlage, base légale, base legal, base giuridica
        """,
    Field.CONSENT_ON: """
        consent date, consent on, consented at, consent timestamp, opt-in date, email marketing
        consent timestamp, confirm_time, optin_time, einwilligung am, datum der einwilligung, date
        de consentement
        """,
}

HEADERS: dict[Field, tuple[str, ...]] = {
    field: tuple(squeezed(word) for word in words.split(",")) for field, words in _WORDS.items()
}

# «Nombre» and «Nome» are the first name beside a family name, and else the whole name.
FIRST_OR_WHOLE_NAME = frozenset(map(squeezed, ("nombre", "nome", "jméno", "ad", "имя")))
