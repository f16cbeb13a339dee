"""The words that other systems and people put above their columns."""

import enum
import re
import unicodedata


class Field(enum.Enum):
    """What a column can tell about a Contact."""

    EMAIL = "email"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    COMPANY = "company"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    OPTED_OUT = "opted_out"
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
    Field.OPTED_OUT: "unsubscribed people",
    Field.DECIDES: "people who decide",
    Field.PAYS: "people who pay",
    Field.USES: "people who use it",
    Field.CONSENT_BASIS: "basis of consent",
    Field.CONSENT_ON: "date of consent",
}


def comparable(header: str) -> str:
    """Reduce a header to its words: without case, accents and punctuation."""
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", header.casefold())
        if not unicodedata.combining(character)
    )
    return re.sub(r"[\W_]+", " ", bare).strip()


# Within a field the likelier column stands first; where a file has several, it is taken.
_WORDS = {
    Field.EMAIL: """
        e-mail 1 - value, email 1 - value, main email, primary email, email address,
        e-mail address, email, e-mail, email 1, e-mail 1, email address 1, e-mail 1 address,
        email - work, person - email - work,
        work email, business email, person - email, contact email, customer email, person email,
        mail, e-mail-adresse, emailadresse, email-adresse, mailadresse, kunden-e-mail,
        adresse e-mail, adresse email, adresse mail, adresse de messagerie, courriel,
        correo electrónico, correo, dirección de correo electrónico, dirección de correo,
        indirizzo e-mail, indirizzo email, posta elettronica, endereço de e-mail,
        endereço de email, correio eletrônico, e-mailadres, emailadres, adres e-mail, adres email,
        e-postadress, e-post, epost, e-postadresse, e-mailadresse, sähköposti, sähköpostiosoite,
        e-mailová adresa, e-mail cím, email cím, e-posta, e-posta adresi, адрес электронной почты,
        электронная почта, email - home, person - email - home, home email, personal email,
        email - other, person - email - other, other email, secondary email, email 2
        """,
    Field.NAME: """
        name, full name, fullname, person name, person - name, contact name, display name,
        customer name, contact, vollständiger name, anzeigename, kontaktname, ansprechpartner,
        ansprechpartnerin, kundenname, kontakt, nom complet, nom et prénom, prénom et nom,
        nombre completo, nombre y apellidos, nome completo, nome e cognome, volledige naam, naam,
        namn, navn, nimi, imię i nazwisko, celé jméno, jméno a příjmení, teljes név, név, ad soyad,
        nume complet, фио
        """,
    Field.FIRST_NAME: """
        first name, firstname, given name, forename, fname, person - first name, vorname, rufname,
        prénom, nombre, nombres, primer nombre, nombre de pila, nome, nome próprio, voornaam,
        förnamn, fornavn, etunimi, imię, jméno, křestní jméno, keresztnév, utónév, ad, adı, prenume,
        имя
        """,
    Field.LAST_NAME: """
        last name, lastname, family name, surname, lname, person - last name, nachname,
        familienname, zuname, nom, nom de famille, apellidos, apellido, primer apellido, cognome,
        sobrenome, apelido, achternaam, efternamn, efternavn, etternavn, sukunimi, nazwisko,
        příjmení, vezetéknév, családnév, soyad, soyadı, nume, фамилия
        """,
    Field.COMPANY: """
        organization 1 - name, organization name, organisation name, company name, company,
        associated company, employer, account name, organization, organisation, business name,
        person - organization, organization - name, primary company, account, business, firma,
        firmenname, firmenbezeichnung, unternehmen, betrieb, organisation - name, société,
        entreprise, nom de l'entreprise, nom de la société, raison sociale, empresa, compañía,
        nombre de la empresa, nome da empresa, azienda, società, ragione sociale, ditta, bedrijf,
        bedrijfsnaam, organisatie, företag, företagsnamn, virksomhed, firmanavn, bedrift, yritys,
        nazwa firmy, společnost, cég, cégnév, şirket, şirket adı, companie, компания, организация
        """,
    Field.LANGUAGE: """
        preferred language, language, locale, language code, sprache, korrespondenzsprache,
        bevorzugte sprache, langue, langue préférée, idioma, idioma preferido, lingua, taal,
        voorkeurstaal, språk, sprog, kieli, język, jazyk, nyelv, dil, limbă, язык
        """,
    Field.TIME_ZONE: """
        time zone, timezone, zeitzone, fuseau horaire, zona horaria, fuso orario, fuso horário,
        tijdzone, tidszon, tidszone, tidssone, aikavyöhyke, strefa czasowa, časové pásmo, időzóna,
        saat dilimi, fus orar, часовой пояс
        """,
    Field.OPTED_OUT: """
        unsubscribed from all email, unsub_time, has opted out of email, email opt out,
        opted out of email, opted out, opt out, optout, unsubscribed, unsubscribed at,
        unsubscribe, unsubscribe date, do not email, do not contact, email status, clean_time,
        email marketing status, marketing status, marketing contact status, subscription status,
        email permission status, e-mail opt-out, abgemeldet, abgemeldet am, abbestellt,
        keine e-mails, désabonné, désinscrit, dado de baja, baja, disiscritto, cancelado,
        afgemeld, uitgeschreven, avregistrerad, avmeldt, afmeldt, wypisany, odhlášen, leiratkozott
        """,
    Field.TAGS: "tags, tag, schlagwörter, schlagworte, étiquettes, etiquetas, etichette, štítky",
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
        consent date, consent on, consented at, opt-in date,
        einwilligung am, datum der einwilligung, date de consentement
        """,
}

HEADERS: dict[Field, tuple[str, ...]] = {
    field: tuple(comparable(word) for word in words.split(",")) for field, words in _WORDS.items()
}

# «Nombre» and «Nome» are the first name beside a family name, and else the whole name.
FIRST_OR_WHOLE_NAME = frozenset(map(comparable, ("nombre", "nome", "jméno", "ad", "имя")))
