"""Words that may stand for one another, and words that never may, in English and Spanish."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from qa.reading import stem_of

# Each side of a colon against the other.
_OPPOSITE = {
    "en": """
rise rises rose risen rising increase increased increases increasing grow grew grown growing climbed gain gained
higher more raise raised : fall falls fell fallen falling decrease decreased decreases decreasing decline declined
declining drop dropped shrank lost loss lower less fewer reduce reduced / before : after / earlier prior previous
previously : later subsequent subsequently following / north northern : south southern / east eastern : west western /
win won wins winning victory : lose lost loses losing defeat defeated / more most : less least fewer fewest / major
majority : minor minority / maximum : minimum / above : below / over : under / up upper : down lower / left : right /
first : last / start started begin began opened : end ended finish finished closed / open opened : close closed shut /
include included includes : exclude excluded excludes / accept accepted : reject rejected refuse refused / support
supported supports : oppose opposed opposes / allow allowed allows : ban banned forbid forbidden prohibit prohibited
prevent prevented / succeed succeeded success successful : fail failed failure unsuccessful / large larger largest big
bigger biggest great greater : small smaller smallest / high higher highest : low lower lowest / long longer longest :
short shorter shortest / old older oldest : new newer newest young younger youngest / early : late / strong stronger :
weak weaker / rich : poor / hot warm : cold cool / wet : dry / heavy : light / fast faster : slow slower / good better
best : bad worse worst / positive positively : negative negatively / true : false / legal lawful : illegal unlawful /
possible : impossible / likely : unlikely / able : unable / public : private / male men man : female women woman /
internal : external / domestic : foreign / urban : rural / import imported : export exported / buy bought : sell sold
/ friend ally : enemy foe / love loved : hate hated / war : peace / life alive living born : death dead died / day :
night / inside : outside / with : without / enter entered : leave left exit / arrive arrived : depart departed left /
strengthen strengthened : weaken weakened / agree agreed : disagree disagreed / attack attacked : defend defended /
create created : destroy destroyed / add added : remove removed / same : different / common : rare uncommon / always :
never sometimes rarely / all every each : some few none no most many half / both : neither either one / many much :
few little / some : none no / most : few / everyone everybody : someone nobody / all both : several / would : may
might / within : outside beyond / only : also / must shall will : may might could can / always : often usually
""",
    "es": """
sube subio subieron subir aumenta aumento aumentar aumentaron crece crecio crecieron crecer incremento incrementar
incrementaron mayor mas elevo : baja bajo bajaron bajar disminuye disminuyo disminuir disminuyeron cae cayo cayeron
caer desciende descendio descenso reduce redujo reducir redujeron menor menos / antes : despues / antes previamente
anterior : despues posteriormente posterior siguiente / norte : sur / septentrional : meridional / este oriente
oriental : oeste occidente occidental / gana gano ganar ganaron victoria vencio : pierde perdio perder perdieron
derrota / mas : menos / mayor mayores mayoria : menor menores minoria / maximo maxima : minimo minima / encima arriba
superior : debajo abajo inferior / izquierda : derecha / primero primera primer : ultimo ultima / empieza empezo
comienza comenzo inicio inicia : termina termino acaba acabo finalizo finaliza / abre abrio abierto abierta : cierra
cerro cerrado cerrada / incluye incluyo incluido : excluye excluyo excluido / acepta acepto : rechaza rechazo / apoya
apoyo : rechaza opone opuso / permite permitio permitido : prohibe prohibio prohibido impide impidio / exito : fracaso
/ grande grandes gran : pequeno pequena pequenos pequenas / alto alta altos altas : bajo baja bajos bajas / largo
larga : corto corta / viejo vieja antiguo antigua : nuevo nueva joven moderno moderna / temprano temprana : tarde
tardio tardia / fuerte fuertes : debil debiles / rico rica ricos : pobre pobres / caliente calido calida : frio fria /
humedo humeda : seco seca / pesado pesada : ligero ligera / rapido rapida : lento lenta / bueno buena mejor mejores :
malo mala peor peores / positivo positiva : negativo negativa / verdadero : falso / legal : ilegal / posible :
imposible / publico publica : privado privada / hombre hombres masculino : mujer mujeres femenino / interno interna
interior : externo externa exterior / urbano urbana : rural / importa importacion : exporta exportacion / compra
compro comprar : vende vendio vender / amigo aliado : enemigo / guerra : paz / vida vivo nacio : muerte muerto murio /
dia : noche / dentro : fuera / con : sin / entra entro : sale salio / llega llego : parte partio / fortalece
fortalecer : debilita debilitar / ataca ataco : defiende defendio / crea creo : destruye destruyo / mismo misma :
diferente distinto distinta / comun : raro rara / siempre : nunca jamas / todo toda todos todas cada : algun algunos
algunas ninguno ninguna pocos pocas varios varias muchos muchas / ambos ambas : ninguno ninguna / mucho mucha muchos
muchas : poco poca pocos pocas / mayoria : minoria / siempre : ocasionalmente raramente / facil : dificil / aumento :
reduccion disminucion / sera seran debe deben : podria podrian puede pueden seria serian
""",
}


def _key(word: str, language: str) -> str:
    return stem_of(word, language) or word


def synonyms() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The groups of words of which one may be put for another, by language, as `qa/synonyms.txt` lists them."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for line in Path(__file__).with_name("synonyms.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            language, *words = line.split()
            found.setdefault(language, []).append(tuple(words))
    return {language: tuple(groups) for language, groups in found.items()}


@lru_cache(maxsize=8)
def _groups(language: str) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for at, group in enumerate(synonyms().get(language, ())):
        for word in group:
            found.setdefault(_key(word, language), set()).add(at)
    return {word: frozenset(places) for word, places in found.items()}


def alike(one: str, other: str, language: str) -> bool:
    """Whether two words (stems, or folded function words) are of one group of synonyms."""
    groups = _groups(language)
    return bool(groups.get(one, frozenset()) & groups.get(other, frozenset()))


@lru_cache(maxsize=8)
def _opposites(language: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITE.get(language, "").split("/"):
        sides = [{_key(word, language) for word in side.split()} for side in pair.split(":")]
        for mine, theirs in (sides, sides[::-1]) if len(sides) == 2 else ():
            for word in mine:
                found.setdefault(word, set()).update(theirs - mine)
    return {word: frozenset(against) for word, against in found.items()}


def opposite(one: str, other: str, language: str) -> bool:
    """Whether two words (stems, or folded function words) never say the same of one thing."""
    return other in _opposites(language).get(one, frozenset())
