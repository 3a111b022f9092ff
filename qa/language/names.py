"""Names in their spellings: whether a text names a bearer, in the same language or across English and Spanish.

The tables are made by hand: places and peoples (every state whose Spanish and English names differ, after CLDR, large
cities, demonyms), given names that are translated, and the common nouns that names are made with.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from qa.language import text as texts

_PARTICLES = frozenset(
    "de del la las los el al y e da das do dos di du van von der den bin ibn ben of the for and le".split()
)
_TITLES = frozenset(
    "president presidente prime minister ministro ministra foreign exteriores mr mrs ms dr sir lord lady king queen "
    "rey reina prince "
    "principe ayatollah ayatola general major colonel secretary secretario senator senador governor gobernador "
    "professor profesor chancellor canciller leader lider acting mullah mula seyyed sayyid sheikh jeque saint san "
    "santa don dona the el la los las a an chief coach captain judge justice pope papa".split()
)

# A place and its people in English and Spanish are one token: the first word of its line.
_PLACES = """
iran iranian iranians irani iranies; iraq irak iraqi iraqis iraqui iraquies; israel israeli israelis israelies; syria
siria syrian syrians sirio siria sirios sirias; russia rusia russian russians ruso rusa rusos rusas; turkey turquia
turkiye turkish turks turco turca turcos turcas; china chinese chino chinos chinas; afghanistan afganistan afghan
afghans afgano afgana afganos afganas; pakistan pakistani pakistanis paquistan paquistani; azerbaijan azerbaiyan
azerbaijani azeri azeries; turkmenistan turkmen turcomano; lebanon libano lebanese libanes libanesa libaneses; jordan
jordania jordanian jordano jordana; egypt egipto egyptian egyptians egipcio egipcia egipcios; palestine palestina
palestinian palestinians palestino palestinos palestinas; yemen yemeni yemenies; qatar catar qatari catari; kuwait
kuwaiti kuwaities; oman omani; armenia armenian armenio armenia armenios; india indian indians indio indios; japan
japon japanese japones japonesa japoneses; korea corea korean koreans coreano coreana coreanos; germany alemania
german germans aleman alemana alemanes alemanas; france francia french frances francesa franceses francesas; spain
espana spanish spaniards espanol espanola espanoles espanolas; italy italia italian italians italiano italiana
italianos; england inglaterra english ingles inglesa ingleses inglesas; scotland escocia scottish scots escoces
escocesa escoceses; ireland irlanda irish irlandes irlandesa irlandeses; wales gales welsh gales; poland polonia
polish poles polaco polaca polacos; britain british britons britanico britanica britanicos bretana; portugal
portuguese portugues portuguesa portugueses; greece grecia greek greeks griego griega griegos; norway noruega
norwegian noruego noruega noruegos; sweden suecia swedish sueco sueca suecos; denmark dinamarca danish danes danes
danesa daneses; finland finlandia finnish finlandes; netherlands holland dutch holanda holandes holandesa holandeses
neerlandes; belgium belgica belgian belga belgas; switzerland suiza swiss suizo suiza suizos; austria austrian
austriaco austriaca austriacos; hungary hungria hungarian hungaro hungara hungaros; ukraine ucrania ukrainian
ukrainians ucraniano ucraniana ucranianos; romania rumania romanian rumano rumana; europe europa european europeans
europeo europea europeos europeas; africa african africans africano africana africanos africanas; asia asian asians
asiatico asiatica asiaticos; america american americans americano americana americanos; brazil brasil brazilian
brazilians brasileno brasilena brasilenos; mexico mexican mexicans mexicano mexicana mexicanos; canada canadian
canadians canadiense canadienses; argentina argentine argentinian argentino argentinos; chile chilean chileno chilena
chilenos; colombia colombian colombiano colombiana colombianos; cuba cuban cubans cubano cubana cubanos; peru peruvian
peruano peruana peruanos; venezuela venezuelan venezolano venezolana venezolanos; ecuador ecuadorian ecuatoriano;
morocco marruecos moroccan marroqui marroquies; algeria argelia algerian argelino argelina; tunisia tunez tunisian
tunecino; libya libia libyan libio libia; sudan sudanese sudanes; ethiopia etiopia ethiopian etiope etiopes; kenya
kenia kenyan keniano keniata; nigeria nigerian nigeriano; australia australian australians australiano australiana;
vietnam vietnamese vietnamita vietnamitas; philippines filipinas filipino filipinos; tehran teheran; moscow moscu;
london londres; kabul; baghdad bagdad; damascus damasco; beirut; jerusalem; cairo; beijing pekin; tokyo tokio;
brussels bruselas; geneva ginebra; vienna viena; warsaw varsovia; athens atenas; lisbon lisboa; rome roma roman romans
romano romana romanos; paris parisian parisino; berlin; munich; cologne colonia; venice venecia venetian veneciano;
florence florencia; naples napoles; milan; york; normandy normandia norman normans normando normandos; mecca meca;
islam islamic islamico islamica islamicos islamicas; muslim muslims musulman musulmana musulmanes musulmanas;
christian christians cristiano cristiana cristianos cristianas; catholic catholics catolico catolica catolicos; jewish
jews jew judio judia judios judias; arab arabs arabic arabe arabes; saudi saudi saudita sauditas saudies; persia
persian persians persa persas persico pérsico; kurdish kurds kurdo kurda kurdos; taliban talibanes taliban; january
enero; february febrero; march marzo; april abril; may mayo; june junio; july julio; august agosto; september
septiembre; october octubre; november noviembre; december diciembre; emirates emiratos emirati emiraties; bahrain
barein bahrein; bhutan butan; botswana botsuana; belarus bielorrusia belarusian bielorruso bielorrusa bielorrusos;
belize belice; bermuda bermudas; cyprus chipre cypriot chipriota chipriotas; czechia chequia czech checo checa checos;
djibouti yibuti; fiji fiyi; greenland groenlandia; croatia croacia croatian croata croatas; iceland islandia icelandic
islandes islandesa; kyrgyzstan kirguistan kyrgyz kirguis; cambodia camboya cambodian camboyano camboyana; comoros
comoras; kazakhstan kazajistan kazajstan kazakh kazajo kazaja; luxembourg luxemburgo; latvia letonia latvian leton
letona; moldova moldavia moldovan moldavo; burma birmania myanmar burmese birmano; macao macau; martinique martinica;
mauritius mauricio; malawi malaui; malaysia malasia malaysian malasio; rwanda ruanda rwandan ruandes; singapore
singapur; slovenia eslovenia slovenian esloveno; slovakia eslovaquia slovak eslovaco eslovaca; suriname surinam;
eswatini esuatini; thailand tailandia thai tailandes tailandesa; tajikistan tayikistan tajik tayiko tayika tayikos;
zimbabwe zimbabue; curacao curazao; palau palaos; gabon gabones; ghana ghanes ghanian; georgia georgian georgiano
georgiana georgianos; estonia estonian estonio; lithuania lituania lithuanian lituano; albania albanian albanes
albaneses; bulgaria bulgarian bulgarians bulgaro bulgara bulgaros; serbia serbian serb serbs serbio serbia serbios;
bosnia bosnian bosnio bosnios; kosovo kosovar; montenegro montenegrin montenegrino; macedonia macedonian macedonio;
malta maltese maltes; mongolia mongol mongols mongolian mongoles; nepal nepalese nepali; bangladesh bangladeshi
bangladesi; uzbekistan uzbek uzbeco uzbekos; indonesia indonesian indonesio indonesia; somalia somali somalies;
eritrea eritrean eritreo; uganda ugandan ugandes; tanzania tanzanian tanzano; zambia zambian zambiano; mozambique
mozambican mozambiqueno; angola angolan angoleno; namibia namibian namibio; senegal senegalese senegales; mali malian
maliense; niger nigerien; chad chadian chadiano; cameroon camerun cameroonian camerunes; congo congolese congoleno
congolena; panama panamanian panameno; honduras honduran hondureno; guatemala guatemalan guatemalteco; nicaragua
nicaraguan nicaraguense; salvadoran salvadoreno; haiti haitian haitiano; jamaica jamaican jamaicano; bolivia bolivian
boliviano boliviana; paraguay paraguayan paraguayo; uruguay uruguayan uruguayo; taiwan taiwanese taiwanes; crimea
crimean; siberia siberian siberiano; balkans balcanes; scandinavia escandinavia scandinavian scandinavians escandinavo
escandinava escandinavos;  burgundy borgona; brittany breton; bavaria baviera bavarian bavaro;
saxony sajonia saxon sajon sajones; prussia prusia prussian prusiano prusiana; bohemia bohemian; silesia silesian;
flanders flandes flemish flamenco; catalonia cataluna catalan catalana catalanes; castile castilla castilian
castellano castellana; andalusia andalucia; galicia galician gallego; piedmont piamonte; sicily sicilia sicilian
siciliano; sardinia cerdena; corsica corcega; crete creta; tuscany toscana; lombardy lombardia; apulia puglia;
 newfoundland terranova; louisiana luisiana; pennsylvania pensilvania; hawaii hawai; amazon
amazonas amazonia amazonian amazonico amazonica; nile nilo; danube danubio; rhine rin; seine sena; thames tamesis;
rhone rodano; euphrates eufrates; tigris; jordanians jordanos; himalayas himalaya; alps alpes; pyrenees pirineos;
andes; urals urales; carpathians carpatos; caspian caspio; baltic baltico; mediterranean mediterraneo; adriatic
adriatico; aegean egeo; atlantic atlantico; pacific pacifico; arctic artico; antarctic antarctica antartida antartico;
caribbean caribe; hormuz ormuz; caucasus caucaso; levant levante; anatolia; mesopotamia; bosphorus bosforo; sahara;
sinai; gaza; judea; samaria; golan; riyadh riad; doha; ankara; istanbul estambul; izmir esmirna; aleppo alepo; mosul;
basra basora; erbil; kirkuk; amman; kandahar; herat; islamabad; karachi; tashkent taskent; dushanbe dusambe; ashgabat
asjabad; astana; baku; tbilisi tiflis; yerevan erevan; kyiv kiev; odessa odesa; kharkiv jarkov; crimeans; minsk;
vilnius vilna; tallinn; riga; helsinki; stockholm estocolmo; copenhagen copenhague; oslo; hague haya; antwerp amberes;
bruges brujas; ghent gante; frankfurt francfort; hamburg hamburgo; nuremberg; strasbourg estrasburgo; marseille
marsella; lyon; bordeaux burdeos; zurich; bern berna; basel basilea; lausanne lausana; prague praga; budapest;
bucharest bucarest; belgrade belgrado; sofia; sarajevo; krakow cracovia; turin; genoa genova; edinburgh edimburgo;
dublin; seville sevilla; algiers argel; tripoli; tunis; rabat; khartoum jartum; addis adis; nairobi; havana habana;
seoul seul; pyongyang; shanghai; delhi; mumbai bombay; hanoi; bangkok; jakarta yakarta; manila; canberra camberra;
sydney sidney; washington; philadelphia filadelfia; boston; constantinople constantinopla; byzantium bizancio
byzantine bizantino bizantina; carthage cartago; troy troya; babylon babilonia; jerusalen jerusalem; bethlehem belen;
nazareth nazaret; israelite israelita; greeks griegos; ottoman ottomans otomano otomana otomanos; mughal mogol;
safavid safavi safavida; qajar kayar; hebrew hebrews hebreo hebrea hebreos; latin latino latina latinos; celtic celta
celtas celts; gaelic gaelico; gael gaels gaelicos; norse norseman nordico nordica nordicos; viking vikings vikingo
vikingos; varangian varangians varego varegos; dane daneses; swede swedes suecos; norwegians noruegos; pole polacos;
turk turcos; frank franks franco francos; frankish; lombard lombards lombardo; goth goths godo godos; huguenot
huguenots hugonote hugonotes hugonota; calvinist calvinists calvinista calvinistas; lutheran lutherans luterano
luterana luteranos; protestant protestants protestante protestantes protestantism protestantismo; orthodox ortodoxo
ortodoxa ortodoxos; sunni sunnis suni sunies sunita sunitas; shia shiite shiites chii chiies chiita chiitas; buddhist
buddhists budista budistas; hindu hindus; zionist zionists sionista sionistas; hezbollah hizbullah hezbola hizbola
hizbula; hamas; houthi houthis huti huties huthi; fatah; pasdaran; daesh; qaeda qaida caida; christ cristo; jesus;
koran quran coran; bible biblia; torah tora; psalms salmos; genesis; zeus; venus; mars marte; jupiter; saturn saturno;
neptune neptuno; uranus urano; mercury mercurio; moon luna
"""
# Words that names are made with: read across languages only, where another word may stand for them.
_COMMON = """
gulf golfo; sea mar; river rio; ocean oceano; republic republica; ministry ministerio; council consejo; security
seguridad; university universidad; island isla; north norte; south sur; east este; west oeste; bank banco; world
mundial; court tribunal; party partido; church iglesia; army ejercito; war guerra; city ciudad; mount monte; lake
lago; street calle; league liga; foreign exteriores; affairs relaciones asuntos; union; organization organisation
organizacion; nations naciones; revolution revolucion; national nacional nacionales; international internacional
internacionales; federal federales; royal real reales; state states estado estados estatal; county condado; province
provincia provincial; district distrito; region; kingdom reino; empire imperio imperial; dynasty dinastia; house
camara casa; commons comunes; lords lores; senate senado; parliament parlamento; congress congreso; assembly asamblea;
committee comite comision; commission comision; government gobierno; administration administracion; department
departamento; office oficina; agency agencia; authority autoridad; board junta consejo; association asociacion;
society sociedad; institute instituto institucion; academy academia; college colegio; school schools escuela escuelas
colegio secundaria; high alto alta secundaria; library biblioteca; museum museo; hospital; center centre centro; park
parque; square plaza; bridge puente; tower torre; palace palacio; castle castillo; fort fortaleza fuerte; wall muro
muralla; gate puerta; station estacion; airport aeropuerto; port puerto; highway autopista carretera; freeway
autopista; road carretera calle camino; route ruta carretera; avenue avenida; interstate interestatal; valley valle;
desert desierto; forest bosque selva; mountains mountain montanas montana; hill hills colina colinas; beach playa;
coast costa; bay bahia; strait estrecho; channel canal; peninsula; cape cabo; point punta; falls cataratas; islands
islas;
land earth tierra; field campo; garden jardin; treaty tratado; act ley acta; law ley derecho; code codigo; bill ley
proyecto; edict edicto; declaration declaracion; constitution constitucion; amendment enmienda; agreement acuerdo;
pact pacto; convention convencion convenio; charter carta; report informe; plan; project proyecto; program programme
programa; mission mision; flight vuelo; space espacial espacio; battle batalla; siege asedio sitio; wars guerras;
peace paz; rebellion rebelion; independence independencia; reformation reforma; crusade crusades cruzada cruzadas; age
ages edad era; century siglo; years year anos ano; day dia; plague peste plaga; black negro negra; death muerte; white
blanco blanca; red rojo roja; green verde; blue azul; golden dorado oro; silver plata; great gran grande; grand gran;
new nuevo nueva; old viejo antigua antiguo; upper alto alta; lower bajo baja low; big gran; first primer primera
primero; second segunda segundo; third tercer tercera tercero; fourth cuarto cuarta; fifth quinto quinta; sixth sexto;
seventh septimo; eighth octavo; ninth noveno; tenth decimo; eleventh undecimo; twelfth duodecimo; thirty treinta;
seven siete; northern norte septentrional; southern sur meridional; eastern oriental este; western occidental oeste;
northeast noreste; northwest noroeste; southeast sureste sudeste; southwest suroeste sudoeste; central; middle medio
media; orient oriente; people pueblo popular; democratic democrata democratica; republican republicano republicana;
liberal; conservative conservador; labour laborista; socialist socialista; communist comunista; labor trabajo; green
verdes; front frente; movement movimiento; alliance alianza; league liga; federation federacion; confederation
confederacion; community comunidad; commonwealth mancomunidad; team equipo; club; championship campeonato; cup copa;
bowl; games juegos; olympic olimpicos; award premio; prize premio; academy academia; film pelicula; show; series
serie; book libro; song cancion; company compania empresa; corporation corporacion; group grupo; industries
industrias; airlines aerolineas; railway ferrocarril; guard guardia; guards guardias; corps cuerpo; force forces
fuerza fuerzas; navy armada marina; air aereo aerea aire; police policia; defense defence defensa; intelligence
inteligencia; interior; energy energia; atomic atomica; nuclear; oil petroleo; gas; health salud sanidad; medical
medica medico; medicine medicina; science ciencia ciencias; sciences ciencias; technology tecnologia; engineering
ingenieria; education educacion; culture cultura; arts artes; art arte; music musica; history historia; justice
justicia; supreme suprema supremo; executive ejecutivo; director; chief jefe; head jefe; commander comandante;
spokesman spokesperson portavoz; doctor; saint san santa santo st; holy santo santa sagrado; emperor emperador; duke
duque; count conde; khan kan; bishop obispo; cardinal; father padre; civil; military militar; public publico publica;
private privado; general; special especial; united unidos unidas unido; free libre; assessment evaluacion; examination
examen; climate climatico climatica; change cambio; panel grupo; monetary monetario; fund fondo; trade comercio;
development desarrollo; human humanos humano; rights derechos; children ninos; women mujeres; students estudiantes;
time times tiempo tiempos; news noticias; post; press prensa; television; radio; heritage patrimonio; manned tripulado
tripulados tripuladas; spacecraft nave naves; memorial conmemorativo; road camino
"""
_GIVEN = """
john juan; charles carlos; william guillermo; james jacobo jaime santiago; henry enrique; francis francisco; frances
francisca; peter pedro; paul pablo; philip felipe; frederick federico; louis luis; george jorge; michael miguel;
anthony antonio; joseph jose; stephen esteban; edward eduardo; alexander alejandro; andrew andres; augustine agustin;
catherine catalina; elizabeth isabel; mary maria; margaret margarita; anne ana; julius julio; claudius claudio;
matthew mateo; mark marcos; luke lucas; thomas tomas; martin; robert roberto; richard ricardo; rollo rollon; hadrian
adriano; tiberius tiberio; trajan trajano; nero neron; constantine constantino; justinian justiniano; gregory
gregorio; benedict benedicto; clement clemente; pius pio; leo leon; innocent inocencio; urban urbano; ignatius
ignacio; theodore teodoro; eugene eugenio; ferdinand fernando; alphonse alfonso; napoleon; homer homero; plato platon;
aristotle aristoteles; socrates; euclid euclides; ptolemy ptolomeo; cyrus ciro; darius dario; xerxes jerjes; moses
moises; david; solomon salomon; muhammad mohammad mohammed mohamed mahoma; ali; hussein husein hosein hossein; hassan
hasan; reza; mahmoud mahmud; joan juana; jane juana; nicholas nicolas; lawrence lorenzo; vincent vicente; christopher
cristobal; columbus colon; magellan magallanes; copernicus copernico; avicenna avicena; averroes; confucius confucio;
buddha buda; genghis gengis; kublai kubilai; calvin calvino; luther lutero; zwingli zuinglio; erasmus erasmo
"""
_PHRASES = {
    "world war i": "@ww1", "first world war": "@ww1", "primera guerra mundial": "@ww1", "i guerra mundial": "@ww1",
    "world war ii": "@ww2", "second world war": "@ww2", "segunda guerra mundial": "@ww2", "ii guerra mundial": "@ww2",
    "cold war": "@coldwar", "guerra fria": "@coldwar",
    "united states of america": "@us", "united states": "@us", "estados unidos": "@us", "ee uu": "@us", "u s a": "@us",
    "u s": "@us", "eeuu": "@us", "usa": "@us", "estadounidense": "@us", "estadounidenses": "@us", "america": "@us",
    "american": "@us", "americans": "@us", "united nations": "@un", "naciones unidas": "@un", "onu": "@un",
    "u n": "@un",
    "un": "@un", "united kingdom": "@uk", "reino unido": "@uk", "uk": "@uk", "u k": "@uk", "great britain": "@uk",
    "gran bretana": "@uk", "britain": "@uk", "british": "@uk", "britanico": "@uk", "britanica": "@uk",
    "britanicos": "@uk", "britanicas": "@uk",
    "european union": "@eu", "union europea": "@eu", "eu": "@eu", "ue": "@eu", "nato": "@nato", "otan": "@nato",
    "saudi arabia": "saudi", "arabia saudita": "saudi", "arabia saudi": "saudi", "new york": "@ny", "nueva york": "@ny",
    "south africa": "@za", "sudafrica": "@za", "sudafricano": "@za", "sudafricana": "@za", "sudafricanos": "@za",
    "sudafricanas": "@za", "south african": "@za", "south africans": "@za", "north america": "@northam",
    "norteamerica": "@northam", "america del norte": "@northam", "north american": "@northam",
    "norteamericano": "@northam", "norteamericana": "@northam", "norteamericanos": "@northam",
    "south america": "@southam", "sudamerica": "@southam", "america del sur": "@southam", "south american": "@southam",
    "sudamericano": "@southam", "sudamericana": "@southam", "latin america": "@latam", "america latina": "@latam",
    "latinoamerica": "@latam", "south korea": "@kr", "corea del sur": "@kr", "surcoreano": "@kr", "surcoreana": "@kr",
    "south korean": "@kr", "north korea": "@kp", "corea del norte": "@kp", "norcoreano": "@kp", "norcoreana": "@kp",
    "north korean": "@kp", "new zealand": "@nz", "nueva zelanda": "@nz", "nueva zelandia": "@nz",
    "neozelandes": "@nz", "low countries": "netherlands", "paises bajos": "netherlands",
    "ivory coast": "@ci", "costa de marfil": "@ci", "cote d ivoire": "@ci", "cape verde": "@cv", "cabo verde": "@cv",
    "czech republic": "czechia", "republica checa": "czechia", "middle ages": "@middleages",
    "edad media": "@middleages", "falkland islands": "@falklands", "falklands": "@falklands",
    "islas malvinas": "@falklands", "malvinas": "@falklands", "nova scotia": "@ns", "nueva escocia": "@ns",
    "new england": "@newengland", "nueva inglaterra": "@newengland", "new france": "@newfrance",
    "nueva francia": "@newfrance", "new orleans": "@no", "nueva orleans": "@no", "new delhi": "delhi",
    "nueva delhi": "delhi", "dominican republic": "@do", "republica dominicana": "@do", "saint petersburg": "@sp",
    "st petersburg": "@sp", "san petersburgo": "@sp", "holy see": "@vatican", "santa sede": "@vatican",
    "vatican": "@vatican", "vaticano": "@vatican", "west bank": "@westbank", "cisjordania": "@westbank",
    "red cross": "@redcross", "cruz roja": "@redcross", "white house": "@whitehouse", "casa blanca": "@whitehouse",
    "iaea": "@iaea", "oiea": "@iaea", "imf": "@imf", "fmi": "@imf", "gdp": "@gdp", "pib": "@gdp",
    "aids": "@aids", "sida": "@aids", "dna": "@dna", "adn": "@dna", "opec": "@opec", "opep": "@opec", "icc": "@icc",
    "cpi": "@icc", "irgc": "@irgc", "cgri": "@irgc", "isis": "@isis", "islamic state": "@isis",
    "estado islamico": "@isis", "middle east": "@mideast", "oriente medio": "@mideast", "oriente proximo": "@mideast",
}  # fmt: skip
_PHRASE = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _PHRASES), key=len, reverse=True))})\b")


@lru_cache(maxsize=4)
def _tokens_of(table: str) -> dict[str, str]:
    """Every word of a table with the token of its group; groups that share a word are one."""
    found: dict[str, str] = {}
    for line in (group.split() for group in texts.fold(table).split(";")):
        token = next((found[word] for word in line if word in found), line[0])
        found |= dict.fromkeys(line, token)
    for word in list(found):
        for other in _endings(word):
            found.setdefault(other, found[word])
    return found


def _endings(word: str) -> tuple[str, ...]:
    """The word's other genders and numbers in Spanish, or its English plural."""
    if len(word) < 5:
        return ()
    if word.endswith("o"):
        return word[:-1] + "a", word + "s", word[:-1] + "as"
    return (word + "a", word + "es", word + "as") if word.endswith("es") else (word + "s",)


def is_place(word: str) -> bool:
    """Whether a word is among the places and peoples that are known by name."""
    return texts.fold(word) in _tokens_of(_PLACES)


def is_people(word: str) -> bool:
    """Whether a word is not the English name of a place that is known, but another of its group ("Iranians")."""
    return _tokens_of(_PLACES).get(folded := texts.fold(word), folded) != folded


_SPELLINGS = (
    ("sch", "sh"), ("kh", "j"), ("ph", "f"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("dj", "j"), ("ou", "u"),
    ("oo", "u"), ("ee", "i"), ("ck", "k"), ("q", "k"), ("c", "k"), ("w", "v"), ("y", "i"), ("o", "u"), ("e", "a"),
    ("z", "s"), ("sh", "s"),
)  # fmt: skip


@lru_cache(maxsize=32768)
def name_key(word: str) -> str:
    """One key for the spellings of a word of a name: Masud and Masoud, Jamenei and Khamenei, Rusia and Russia."""
    place = _tokens_of(_PLACES).get(word)
    if place:
        return place
    if len(word) < 5 or not word.isalpha() or not word.isascii():  # short words differ by one letter: Iran, Iraq
        return word
    key = word
    for spelling, plain in _SPELLINGS:
        key = key.replace(spelling, plain)
    key = re.sub(r"(.)\1+", r"\1", key)
    return key.removesuffix("h")


@lru_cache(maxsize=16384)
def name_keys(text: str) -> tuple[str, ...]:
    """The keys of a text's words in order, particles and titles left out, known phrases ("United States") as one."""
    return tuple(key for _, key in _keyed(text))


@lru_cache(maxsize=16384)
def _keyed(text: str) -> tuple[tuple[str, str], ...]:
    """Each word (or phrase, as its key) with its key."""
    spaced = " ".join(texts.words(re.sub(r"\bUS\b", "USA", text)))
    if _PHRASE.search(spaced):
        spaced = _PHRASE.sub(lambda m: _phrase_key(m[0], text), spaced)
    return tuple((word, name_key(word)) for word in spaced.split() if word not in _SKIPPED)


def _phrase_key(phrase: str, text: str) -> str:
    """The key of a phrase, or the word itself where it is one in capitals only."""
    return phrase if phrase in _ALSO_WORDS and phrase.upper() not in text else _PHRASES[phrase]


_ALSO_WORDS = frozenset({"un", "aids", "isis", "sida"})


_SKIPPED = _TITLES | _PARTICLES | frozenset({"s", "of", "and", "at", "in", "on", "ash"})


def same_name(a: str, b: str) -> bool:
    """Whether two names can be of one bearer: the shorter one's words are all in the longer one, in any spelling."""
    short, long = sorted((set(name_keys(a)), set(name_keys(b))), key=len)
    if short:
        return short <= long or _initials(a, b) or _initials(b, a)
    return texts.fold(a) == texts.fold(b)


def _initials(acronym: str, name: str) -> bool:
    letters = acronym.replace(".", "").strip()
    return 1 < len(letters) < 7 and letters.isupper() and letters.casefold() == initials(name)


def initials(name: str) -> str:
    """The folded first letters of the capitalised words of a name: "bc" of "Border Council"."""
    return "".join(texts.fold(word[0]) for word in re.findall(r"[^\W\d_]+", name) if word[0].isupper())


def named_in(name: str, text: str) -> bool:
    """Whether a text names this bearer, in any case and spelling: the words of the name stand there together."""
    wanted, there = name_keys(name), name_keys(text)
    if not wanted:
        return True
    if not set(wanted) <= set(there):
        return _initials(name, text) if len(wanted) == 1 and name.isupper() else _acronym_in(name, text)
    return len(wanted) == 1 or _together(wanted, there) or _together(wanted, name_keys(_ASIDE.sub(" ", text)))


_ASIDE = re.compile(r"\([^()]*\)")


def _together(wanted: tuple[str, ...], there: tuple[str, ...]) -> bool:
    """Side by side in any order ("República Islámica"), or in order with up to two words between."""
    for at, key in enumerate(there):
        if key in wanted and set(wanted) <= set(there[at : at + len(wanted)]):
            return True
        if key == wanted[0]:
            rest = iter(there[at : at + len(wanted) + 2])
            if all(word in rest for word in wanted):
                return True
    return False


def spelled(name: str) -> str:
    """A regular expression that fits each text in which `named_in` finds the name, and others: to sift many texts.

    To be used without regard to case. It asks for the last word of the name in any spelling, or for its acronym, and
    looks neither ahead nor back, so that engines other than Python's take it too; "" where it would fit any text.
    """
    keys = name_keys(name)
    if not keys or not all(key.isascii() for key in keys):
        return ""
    ways = [rf"\b(?:{_spellings_of(keys[-1])})\b"]
    letters = name.replace(".", "") if len(keys) == 1 and name.isupper() else ""
    if 1 < len(letters) < 7 and letters.isalpha():
        inner = r"\w*(?:\W+[a-z]{1,3})?\W+"
        ways.append("(?-i:" + inner.join(f"[{_letter(c)}]".upper() for c in texts.fold(letters)) + ")")
    if len(initials(name)) > 1:
        ways.append(rf"\b{initials(name)}\b")
    return "|".join(ways)


def _spellings_of(key: str) -> str:
    """The alternatives of a regular expression for the words and phrases that have this key."""
    phrases = [phrase for phrase, named in _PHRASES.items() if named == key]
    ways = [r"\W+".join(map(_lettered, phrase.split())) for phrase in phrases if phrase not in _ALSO_WORDS]
    ways += [f"(?-i:{phrase.upper()})" for phrase in phrases if phrase in _ALSO_WORDS]
    ways += ["(?-i:US)"] if key == "@us" else []
    if key.startswith("@"):
        return "|".join(ways)
    ways += [_lettered(word) for word, place in _tokens_of(_PLACES).items() if place == key]
    units = ("|".join(map(_lettered, (char, *_WRITTEN.get(char, ())))) for char in key)
    return "|".join([*ways, "".join(f"(?:{unit})+" for unit in units) + "h*", _lettered(key)])


# The spellings that end up as one letter of a name's key: `_SPELLINGS`, backwards.
_WRITTEN = {"s": ("sh", "sch", "z", "zh"), "j": ("kh", "dj", "dkh"), "f": ("ph",), "g": ("gh",), "d": ("dh",),
            "t": ("th",), "u": ("ou", "oo", "o"), "i": ("y", "ee"), "k": ("q", "c", "ck"), "v": ("w",),
            "a": ("e",)}  # fmt: skip


def _lettered(word: str) -> str:
    """The word as a pattern that minds no accents."""
    return "".join(f"[{_letter(char)}]{_MARKS}" if char.isalpha() else re.escape(char) for char in word)


@lru_cache(maxsize=64)
def _letter(char: str) -> str:
    accented = (chr(n) for n in range(0xC0, 0x250) if chr(n).islower())
    return char + "".join(c for c in accented if texts.fold(c)[:1] == char)


_MARKS = "[\u0300-\u036f]*"  # accents that stand as characters of their own


def named_across(name: str, text: str) -> bool:
    """Whether a text in another language names this bearer: its words, but for the translated and one in three.

    A place or a people in its other name, a given name in its other form, anything else in a spelling that begins or
    is much alike ("John Calvin" is "Juan Calvino"). Of a name all of whose words are translated half must be known.
    """
    wanted = _across_keys(name)
    own = [key for key in wanted if key not in _common()]
    if not own:
        return 2 * sum(_spelt_in(key, text) for key in wanted) >= len(wanted) or _acronym_in(name, text)
    missing = sum(not _spelt_in(key, text) for key in own)
    return missing <= len(own) // 3 or _acronym_in(name, text)


def lacks_across(name: str, text: str) -> bool:
    """Whether a text in another language surely does not name this bearer: it would be known if it did.

    Sure is a place or a people of the tables, and a name of one or two long words of which none is translated.
    """
    if named_across(name, text):
        return False
    wanted = _across_keys(name)
    places = [key for key in wanted if key in _known_places()]
    if places:
        return not all(_spelt_in(key, text) for key in places)
    known = any(key in _common() or len(key) < 5 or _spelt_in(key, text) for key in wanted)
    return 0 < len(wanted) <= 2 and not known


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """The keys of words that are translated in any of several ways."""
    return frozenset(_tokens_of(_COMMON).values())


@lru_cache(maxsize=1)
def _known_places() -> frozenset[str]:
    return frozenset(_tokens_of(_PLACES).values()) | {key for key in _PHRASES.values() if key.startswith("@")}


@lru_cache(maxsize=4096)
def _across_keys(text: str) -> tuple[str, ...]:
    """The keys of a text's words in either language: as `name_keys`, but given names and common nouns are one too."""
    return tuple(_across_words().get(word, key) for word, key in _keyed(text))


@lru_cache(maxsize=1)
def _across_words() -> dict[str, str]:
    return _tokens_of(_COMMON) | _tokens_of(_GIVEN) | _tokens_of(_PLACES)


@lru_cache(maxsize=4096)
def _across_there(text: str) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """The keys of a text, and those of at least five letters by their first letter, an h aside."""
    keys = frozenset(_across_keys(text))
    first: dict[str, list[str]] = {}
    for key in sorted(keys - _known_places()):
        if len(key) >= 5:
            first.setdefault(key.lstrip("h")[0], []).append(key)
    return keys, {letter: tuple(found) for letter, found in first.items()}


@lru_cache(maxsize=65536)
def _spelt_in(key: str, text: str) -> bool:
    """Whether one word of a name stands in a text, as itself or in a spelling much like it."""
    keys, first = _across_there(text)
    if key in keys:
        return True
    if len(key) < 5 or key in _known_places():
        return False
    return any(_spelt_alike(key, other) for other in first.get(key.lstrip("h")[0], ()))


def _spelt_alike(a: str, b: str) -> bool:
    """Whether two long words begin with five letters alike, or are four fifths the same: Calvin, Calvino."""
    if a[:5] == b[:5]:
        return abs(len(a) - len(b)) <= _LONGER
    return abs(len(a) - len(b)) <= 2 and SequenceMatcher(None, a, b, autojunk=False).ratio() >= _MUCH_ALIKE


_LONGER = 4  # letters that an ending may add: Luther, Lutheran
_MUCH_ALIKE = 0.8


def _acronym_in(name: str, text: str) -> bool:
    letters = initials(name)
    return len(letters) > 1 and letters in {texts.fold(word) for word in re.findall(r"\b[A-Z]{2,6}\b", text)}
