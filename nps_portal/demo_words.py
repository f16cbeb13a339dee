"""The names and sentences of the sample business; all invented."""

import unicodedata

FIRST_NAMES = (
    "Marta Tom Zoë Jean-Luc Aisha Piotr Ingrid Mateo Yuki Lena Oluwaseun Chiara Nils Priya "
    "Gareth Hélène Dragan Sofia Wei Nora Callum Amélie Björn Fatima Liam Katarzyna Hugo Elif "
    "Rafael Saoirse Viktor Mei Anneliese"
).split()
LAST_NAMES = (
    "Lindqvist Okafor Brandt Petit Rahman Kowalski Berg Fernández Tanaka Huber Adeyemi Russo "
    "Sørensen Iyer Pritchard Dubois Kovačević Almeida Chen Haddad MacLeod Laurent Nyström Yılmaz "
    "Byrne Nowak Moreau Demir Costa Walsh Horvat Lin Gruber Osei Quinn"
).split()
COMPANIES = (
    "Nordlys Bakery",
    "Okafor & Sons",
    "Atelier Brandt",
    "Petit Frères",
    "Bluebird Cafés",
    "Kowalski Joinery",
    "Harbour Clinic",
    "Fernández Tiles",
    "Tanaka Optics",
    "Alpenblick Hotel",
    "Green Lane Nursery",
    "Russo Gelato",
    "Fjord Bikes",
    "Lotus Yoga",
    "Pritchard & Vale",
    "Maison Dubois",
    "Orchard Dental",
    "Almeida Wines",
    "Lantern Books",
    "Cedar Physio",
    "Highland Outfitters",
    "Laurent Floors",
    "Nyström Timber",
    "Copper Kettle",
    "Byrne Electrical",
    "Old Mill Brewery",
    "Moreau Print",
    "Sunrise Solar",
    "Costa Marine",
    "Walsh Legal",
    "Tidewater Surf",
    "Paper Crane",
    "Gruber Dairy",
    "Osei Fabrics",
    "Quinn Garage",
    "Riverside Vets",
    "Juniper Spa",
    "Stonebridge School",
    "Vega Lighting",
    "Willow & Co",
    "Crown Hardware",
    "Delta Movers",
    "Ember Pizza",
    "Foxglove Florists",
    "Granite Works",
    "Hazel Interiors",
    "Ivory Pianos",
    "Jade Garden",
    "Kestrel Optics",
    "Larch Cabins",
    "Maple Daycare",
    "North Star Taxi",
    "Opal Jewellers",
    "Pine Street Gym",
    "Quartz Kitchens",
    "Rowan Accountants",
    "Saffron Foods",
    "Thistle Inn",
    "Umber Pottery",
    "Violet Salon",
    "Wren Tailors",
    "Yarrow Pharmacy",
    "Zephyr Sails",
    "Aspen Roofing",
    "Birch & Bloom",
    "Clover Farm Shop",
)
NEWCOMERS = ("Ada Winter", "Bruno Keller", "Carmen Ortiz", "Dilan Aydın", "Emma Novak")
PRAISE = (
    "Ordered at nine, had it by noon. You even rang to check.",
    "Same person on the phone every time. That is worth a lot.",
    "Never a wrong invoice in three years.",
    "Schnell, freundlich, und die Ware stimmt immer.",
    "Your driver carried everything to the second floor without being asked.",
    "Toujours de bon conseil, merci à toute l'équipe.",
    "You told us honestly that we did not need the big package.",
    "Easy to order, easy to change an order.",
    "The new catalogue is lovely 👏",
)
WISHES = (
    "Good, but your portal is slow on Mondays.",
    "Fine overall. Delivery windows could be narrower.",
    "I would like to pay by card.",
    "Product is right, packaging is too much.",
    "Gut, aber die Hotline ist oft besetzt.",
    "Please tell us earlier when something is out of stock.",
    "Prices went up twice this year; quality is still fine.",
)
COMPLAINTS = (
    "Third invoice in a row with the wrong delivery address.",
    "Waited two weeks for a reply, then got somebody else's order.",
    "Half of the order was missing and nobody called back.",
    "La livraison est arrivée avec quatre jours de retard.",
    "We were promised a discount that never showed up.",
    "The replacement was broken as well.",
    "Support closed my ticket without an answer.",
)


def ascii_letters(text: str) -> str:
    """Return a name as the local part of an address: plain small letters and dots."""
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("ı", "i"))
    kept = (letter if letter.isalnum() else "." for letter in plain if letter.isascii())
    return "".join(kept).lower().strip(".")


def domain_of(company: str) -> str:
    """Return an address ending for a company, below a domain that is reserved for examples."""
    return f"{ascii_letters(company).replace('.', '')}.example.com"
