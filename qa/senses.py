"""Words that may stand for one another, and words that never may, in English and Spanish."""

from __future__ import annotations

from functools import lru_cache

from qa.reading import stem_of

# A group a line part between slashes; a word may be in several. Only what a paraphrase changes often: any other word in
# the place of the source's own says another thing.
_ALIKE = {
    "en": """
build built construct constructed erect erected / get got receive received obtain obtained / buy bought purchase
purchased / sell sold / make made create created produce produced / keep kept maintain maintained retain retained /
hold held host hosted / take took taken seize seized capture captured / give gave given provide provided / find found
discover discovered / choose chose chosen select selected / win won / bring brought / teach taught / write wrote
written author authored / begin began begun start started / become became turn turned / send sent dispatch / lead led
head headed / main chief principal primary major key central / big large great huge vast sizable / small little tiny
minor start begin commence open launch initiate started began / end finish conclude close complete terminate stop halt
cease shut close / buy purchase acquire / sell vend / build construct erect make create produce develop / break damage
destroy help assist aid support / show demonstrate reveal display indicate suggest / get obtain receive gain earn
acquire give provide offer supply grant deliver / keep retain maintain hold preserve / use employ utilize utilise
apply deploy need require necessitate / want wish seek desire / try attempt seek / choose select pick elect opt /
change alter modify become turn grow / happen occur take / live reside dwell inhabit / die perish / kill slay murder /
hurt injure wound harm talk speak discuss negotiate / tell inform notify / ask request demand / answer reply respond /
call name term dub label consider regard deem view see / think believe / know understand / find discover detect
identify / meet encounter lead head direct guide command / follow pursue / join enter / leave depart exit quit abandon
/ arrive reach come go travel move journey head / return back / send dispatch transmit / bring carry transport / put
place set lay position attack assault strike hit raid bomb / fight battle combat clash / defend protect guard
safeguard / win triumph prevail defeat beat / fall drop decline decrease reduce shrink diminish lower fell dropped cut
/ rise grow increase climb surge rose grew expand boost raise / fast quick rapid swift / slow gradual / old ancient
aged / new recent modern novel important significant essential crucial vital key notable major / famous renowned noted
celebrated known well-known many numerous several multiple various / often frequently commonly usually typically
generally / almost nearly roughly approximately about around roughly some / also additionally too likewise / mainly
mostly chiefly primarily largely country nation state / city town / village town / area region zone district / house
home residence dwelling people persons individuals residents inhabitants / man male / woman female / child kid /
worker employee staff job work task post position role / company firm business corporation enterprise / money funds
cash funding cost price expense / law legislation act statute / rule regulation / war conflict / soldier troops
fighter / talks negotiations discussions / deal agreement accord pact treaty / meeting summit gathering session /
speech address report account story / picture image photo photograph / movie film / illness disease sickness / doctor
physician method way approach technique means / part portion section segment component / kind type sort form / result
outcome consequence effect / reason cause ground / goal aim objective target purpose / problem issue difficulty
trouble chance opportunity / danger risk threat / idea notion concept / plan scheme project / group team / member
participant author writer / teacher instructor professor / student pupil / ship vessel boat / car automobile vehicle /
road street sea ocean / forest woods / stone rock / rich wealthy / poor impoverished / strong powerful / weak feeble /
hard difficult easy simple / whole entire complete full total / correct right accurate / wrong incorrect / similar
alike comparable different distinct / special particular specific / wide broad / near close / far distant / beginning
start origin released published issued / held hosted staged / took seized captured / includes contains comprises
features consists comprises / established founded created formed instituted / located situated based / originates
stems derives allowed permitted enabled authorized let / forced compelled obliged / banned prohibited barred /
approved endorsed rejected refused declined / signed inked / stressed emphasized underlined highlighted / claimed
alleged asserted called urged appealed / warned cautioned / expected anticipated / deployed stationed / displaced
uprooted
""",
    "es": """
numerosos numerosas muchos muchas multiples varios varias / muestra demuestra mostro demostro / construyo edifico / usan
usaron utilizan utilizaban utilizaron /
recibio obtuvo / principal mayor primordial fundamental central clave / grande gran enorme vasto amplio / pequeno
chico menor reducido empezar comenzar iniciar arrancar comenzo empezo inicio / terminar acabar finalizar concluir
termino acabo / cerrar clausurar / abrir inaugurar / comprar adquirir / construir edificar levantar crear fabricar
producir hacer elaborar destruir derribar arrasar / ayudar apoyar asistir colaborar / mostrar demostrar revelar
indicar exhibir ensenar obtener conseguir lograr recibir alcanzar ganar / dar ofrecer proporcionar entregar otorgar
conceder brindar aportar mantener conservar preservar guardar / usar utilizar emplear aplicar / necesitar requerir
precisar / querer desear intentar tratar procurar / elegir escoger seleccionar / cambiar modificar alterar transformar
/ ocurrir suceder pasar vivir residir habitar / morir fallecer murio fallecio perecer / matar asesinar / herir
lesionar / hablar conversar dialogar / pedir solicitar exigir reclamar / responder contestar replicar / llamar
denominar nombrar designar / considerar estimar juzgar / pensar creer opinar / encontrar hallar descubrir localizar /
reunir encontrar / dirigir encabezar liderar conducir / seguir continuar proseguir / entrar ingresar / salir partir
marchar abandonar dejar llegar arribar alcanzar / ir viajar acudir / volver regresar retornar / enviar mandar remitir
/ llevar transportar trasladar portar / poner colocar situar ubicar / atacar agredir asaltar / luchar combatir pelear
/ defender proteger ganar vencer triunfar derrotar / caer bajar descender disminuir reducir / subir crecer aumentar
incrementar ascender rapido veloz / lento pausado / antiguo viejo anciano / nuevo reciente moderno / importante
significativo esencial relevante destacado notable / famoso celebre conocido reconocido / numeroso mucho multiple
varios diversos distintos frecuentemente habitualmente normalmente generalmente usualmente / casi aproximadamente
alrededor cerca unos principalmente mayormente sobre todo fundamentalmente / pais nacion estado / ciudad urbe
poblacion / pueblo aldea zona area region comarca territorio / casa hogar vivienda residencia / gente personas
individuos habitantes vecinos hombre varon / mujer femenina / nino menor / trabajador empleado obrero / trabajo empleo
labor tarea puesto cargo empresa compania firma sociedad / dinero fondos / coste costo precio / ley norma legislacion
/ guerra conflicto soldado militar tropas / acuerdo pacto tratado convenio / reunion encuentro cumbre / discurso
alocucion / informe reporte / imagen fotografia foto / pelicula film filme / enfermedad dolencia padecimiento / medico
doctor / metodo modo forma manera tecnica procedimiento / parte porcion seccion / tipo clase / resultado consecuencia
efecto / razon causa motivo / objetivo meta fin proposito / problema dificultad / oportunidad ocasion / peligro riesgo
amenaza / idea nocion concepto / plan proyecto / grupo equipo / autor escritor / profesor maestro docente / alumno
estudiante / barco buque nave / coche automovil vehiculo auto / camino carretera via / mar oceano / bosque selva /
rico adinerado / pobre humilde / fuerte poderoso / debil fragil / dificil complicado / facil sencillo simple / entero
completo total todo correcto acertado / erroneo equivocado incorrecto / similar parecido semejante / diferente
distinto / ancho amplio publicado editado lanzado / fundado creado establecido formado constituido / contener incluir
comprender / situado ubicado localizado / permitir autorizar / prohibir vetar / aprobar respaldar / rechazar rehusar /
destacar subrayar resaltar enfatizar recalcar / advertir avisar alertar / esperar prever
""",
}
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


@lru_cache(maxsize=8)
def _groups(language: str) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for at, group in enumerate(_ALIKE.get(language, "").split("/")):
        for word in group.split():
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
