"""The page in Gradio: wiring only. What it can do is in `actions`, what it shows in `render`, how it acts in page/*.js.

The only module that knows Gradio. One gr.HTML holds the page; its `server` calls are `actions.Desk.calls`, and its one
event, `asked`, streams an answer through Gradio's queue into the component's value, which the scripts draw.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import re
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from qa.assistant import Assistant
from qa.errors import QAError, UsageError
from qa.page.accounts import Account, Accounts, Sessions
from qa.page.actions import Desk
from qa.page.answering import Answering
from qa.page.login import ACCOUNT, OWN, Login
from qa.page.render import PAGE, told, words
from qa.page.rules import FOR_EDITORS, Rules
from qa.serve.api import endpoint
from qa.serve.auth import tokens
from qa.serve.guard import Application, Doors, Guard, checked_origin, local_names

if TYPE_CHECKING:
    import gradio as gr

Own = Callable[[str, dict[str, Any], Any], dict[str, Any]]  # what was sent to a call, as of whoever asks

_log = logging.getLogger(__name__)
_AT_ONCE = 10  # answers that are streamed at once; the desk lets eight of them work
# In the order in which they run in one scope, or apply.
_SCRIPTS = "wire address chats asking versions sources panels folder peek clicks typing begin brief".split()
_STYLES = "look left chat asking right dialogs sizes brief".split()
_LOOK = 0.5  # seconds between two looks whether it is to stop
_LAST_BYTES = 1.0  # seconds for the ends of answers that are on their way to their readers
_FOR_PROGRAMS = 4  # questions of programs (`/ask`) that are answered at once
_NOT_CHOSEN = ("language", "account", "edits")  # what comes with each call and is no choice of a model
_WHO = (
    "Beyond this machine the page must know who asks: run `qa password NAME --file FILE` and give --passwords FILE, or "
    "set QA_TOKEN, such as to what `openssl rand -hex 32` prints."
)
_MCP = 'The package mcp is not installed; run `uv run --extra mcp qa chat --mcp`, or `pip install "mcp<2"` first.'


def build(assistant: Assistant, *, home: Path | None = None) -> gr.Blocks:
    """The page over an assistant; ``home`` is where what people make is kept, the user's data folder by default."""
    return _built(Desk(assistant, home=home), signed_in=False)


def _built(desk: Desk, *, signed_in: bool) -> gr.Blocks:
    """The page over a desk; where its readers have ``signed_in``, each has what is their own."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr

    own = _own if signed_in else _anyone_s
    acts = {name: _calling(method) for name, method in desk.calls().items()} | {"add": _adding(desk)}
    page: gr.Blocks
    with gr.Blocks(title=f"qa · {desk.assistant.folder.name}", analytics_enabled=False, fill_width=True) as page:
        whole = gr.HTML(
            elem_id="qa-page",
            html_template="",
            js_on_load="".join((PAGE / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS),
            apply_default_css=False,
            server_functions=[_served(name, act, own) for name, act in acts.items()],
        )
        whole.asked(_answered(desk, own), None, whole, concurrency_limit=_AT_ONCE, show_progress="hidden",
                    trigger_mode="multiple", api_visibility="private")  # fmt: skip
        ask = endpoint(
            desk.assistant, _taking(desk, signed_in=signed_in), lambda said: gr.Error(said, print_exception=False)
        )
        ask.__annotations__["request"] = gr.Request  # which Gradio gives itself
        gr.events.api(ask, api_name="ask", concurrency_limit=_FOR_PROGRAMS)
    return page


def _answered(desk: Desk, own: Own) -> Callable[..., Iterator[dict[str, Any]]]:
    """The page's event: what is asked there, and the answer as it grows."""
    import gradio as gr

    def answered(event: gr.EventData, request: gr.Request) -> Iterator[dict[str, Any]]:
        sent = dict(event._data or {})
        try:
            yield from desk.ask(**_fitting(desk.ask, own("ask", sent, request)))
        except Exception as error:  # else Gradio shows it, in its own words
            yield {"run": sent.get("run"), "error": _sentence(error, sent.get("language"))}

    answered.__annotations__.update(event=gr.EventData, request=gr.Request)
    return answered


def _served(name: str, act: Callable[[dict[str, Any]], Any], own: Own) -> Callable[..., Any]:
    """A call of the page under its name."""
    import gradio as gr

    def called(sent: Any, request: gr.Request) -> Any:
        try:
            return act(own(name, dict(sent), request))
        except Exception as error:  # else Gradio shows it, in its own words
            return {"error": _sentence(error, sent.get("language") if isinstance(sent, dict) else None)}

    called.__annotations__["request"] = gr.Request
    called.__name__ = f"qa_{name}"
    return called


def _taking(desk: Desk, *, signed_in: bool) -> Callable[[Any], AbstractContextManager[str]]:
    """Lets a program's question in, and says whose it is."""

    @contextmanager
    def taken(request: Any) -> Iterator[str]:
        account: Account | None = _account(request) if signed_in else None
        person = account.person if account else ""
        with desk.answering.of_program(person, desk.rules.each if account else None):
            yield person

    return taken


def launch(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    home: Path | None = None,
    browser: bool = False,
    wait: bool = True,
    mcp: bool = False,
    share: bool = False,
    frame_origin: str = "",
    root_path: str = "",
    passwords: Path | None = None,
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> str:
    """Serves the page and returns its address; with ``wait`` only when it is stopped. ``port``: None takes 7860, or
    the next that is free. Nothing on disk is served but Gradio's own files and uploads.

    ``mcp`` serves `/ask` as an MCP tool too; ``share`` opens a public address through Gradio's tunnel; ``frame_origin``
    may show the page in a frame; ``root_path`` is the path, or the whole address, that a reverse proxy gives the page.

    With ``passwords`` (`qa.page.accounts`) or tokens in `QA_TOKEN` one signs in, and ``rules`` hold; without them only
    this machine is served. Raises `UsageError` for a port that is taken, an option that cannot be, and a tunnel that
    does not open.
    """
    if mcp and not importlib.util.find_spec("mcp"):
        raise UsageError(_MCP)
    doors = Doors(local_names(host), frame=checked_origin(frame_origin) if frame_origin else "")
    root_path = _root(root_path, doors)
    accounts = Accounts(passwords, tokens(needed=False))
    if not accounts and (not doors.names or share or root_path.startswith("http")):
        raise UsageError(_WHO)
    desk = Desk(assistant, home=home, rules=rules if accounts else Rules())
    if desk.moved:
        print(desk.moved)
    page = _built(desk, signed_in=bool(accounts))
    own = secrets.token_hex(32)

    def around(app: Application) -> Application:
        sessions = Sessions(accounts, desk.database.secret)
        return Login(app, sessions, desk.database, rules, place=root_path, own=own if mcp else "")

    options = {"server_name": host, "server_port": port, "inbrowser": browser, "share": share, "mcp_server": mcp,
               "root_path": root_path, "max_file_size": int(assistant.settings.max_mb * 1e6) + 1,
               "_app": _guarded(doors, around if accounts else lambda app: app)}  # fmt: skip
    address, public = _begun(page, options)
    if mcp:
        _write_json(page.mcp_server_obj)
        if accounts:
            _ask_as_itself(page.mcp_server_obj, address, own)
    if share:
        if not public:
            page.close()
            raise UsageError("No public address was given: it needs the internet and Gradio's frpc; leave --share out.")
        doors.open(public)
    if wait:
        print(f"qa is at {address} (Ctrl+C stops it)", flush=True)
        _until_stopped(page, desk.answering)
    return address


def _begun(page: gr.Blocks, options: dict[str, Any]) -> tuple[str, str | None]:
    """Begins to serve the page, in our look and with what Gradio would add left out; its address, and the public one.
    Raises `UsageError` for a port that is taken."""
    import gradio as gr

    local = ["Segoe UI", "Liberation Sans", "Arial", "sans-serif"]  # a name alone: Gradio fetches none of them
    style = "".join((PAGE / f"{name}.css").read_text(encoding="utf-8") for name in _STYLES)
    page.queue(max_size=200, default_concurrency_limit=_AT_ONCE)
    try:
        _, address, public = page.launch(
            prevent_thread_lock=True, quiet=True, footer_links=["api"], run_history=False, enable_monitoring=False,
            ssr_mode=False, pwa=False, allowed_paths=[], theme=gr.themes.Base(font=local, font_mono=["monospace"]),
            head=f"<style>{style}</style>",  # what is given as `css` Gradio rewrites
            **options,
        )  # fmt: skip
    except OSError as error:
        port = options["server_port"] or 7860
        raise UsageError(f"The page cannot be served on port {port} ({error}); name another with --port.") from None
    return str(address), public


def _until_stopped(page: gr.Blocks, answering: Answering) -> None:
    """Serves until a signal: then what is being answered comes to its end, and what people asked is kept; on a second
    it ends at once."""
    stopped = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if stopped.is_set():
            os._exit(128 + number)  # threads that wait for a model cannot be ended; what was shown is kept
        stopped.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, stop)
    while not stopped.wait(_LOOK):  # without a time it would not heed Ctrl+C on Windows
        pass
    answering.close()
    time.sleep(_LAST_BYTES)
    page.close(verbose=False)


def _root(path: str, doors: Doors) -> str:
    """The path or address of a reverse proxy without a slash at its end; of an address, the doors open to its host."""
    if not re.fullmatch(r"(https?://[A-Za-z0-9.:\[\]-]+)?(/[\w.~-]+)*/?", path):
        raise UsageError(f"{path!r} is no root path; write it as /qa, or whole as https://news.example/qa.")
    if path.startswith("http"):
        doors.open(path)
    return path.rstrip("/")


def _write_json(server: Any) -> None:
    """Has the MCP server give what a tool returns as JSON: Gradio would write it as Python does."""
    from mcp.types import TextContent

    def written(data: list[Any], root_url: str) -> list[TextContent]:  # noqa: ARG001 - Gradio's own parameters
        return [TextContent(type="text", text=json.dumps(one, ensure_ascii=False)) for one in data]

    server.postprocess_output_data = written


def _ask_as_itself(server: Any, address: str, own: str) -> None:
    """Has the MCP server's own client be let in: Gradio's shows no token where it fetches what there is."""
    from gradio_client import Client

    server._client_instance = Client(address, headers={"x-gradio-user": "mcp", OWN: own}, download_files=False,
                                     verbose=False, analytics_enabled=False, _skip_components=False)  # fmt: skip


def _guarded(doors: Doors, around: Callable[[Application], Application]) -> Any:
    """Gradio's application with our guard around all of it, and what is ``around`` it between.

    As a middleware that is given to `launch` it would stand inside Gradio's own, which answers the preflights of other
    origins and lets them read.
    """
    from gradio.routes import App, ORJSONResponse

    class Guarded(App):
        def build_middleware_stack(self) -> Any:
            return Guard(around(super().build_middleware_stack()), doors)

    return Guarded(default_response_class=ORJSONResponse, docs_url=None, redoc_url=None)


def _own(name: str, sent: dict[str, Any], request: Any) -> dict[str, Any]:
    """What was sent, as of whoever signed in. Raises `UsageError` where that is nobody, or one who may not do it."""
    account = _account(request)
    if account is None or (name in FOR_EDITORS and account.role != "editor"):
        raise UsageError("Only an editor may do that; ask whoever runs this page.")
    return {**sent, "browser": account.person, "account": account.name, "edits": account.role == "editor"}


def _account(request: Any) -> Account | None:
    """Who signed in and asks this; `Login` says it of every request that it lets through."""
    found: Account | None = getattr(request, "request", request).scope.get(ACCOUNT)
    return found


def _anyone_s(name: str, sent: dict[str, Any], request: Any) -> dict[str, Any]:  # noqa: ARG001 - as `_own`
    """What was sent, where nobody signs in: a browser is whoever it says that it is."""
    return {key: value for key, value in sent.items() if key not in ("account", "edits")}


def _calling(method: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    """The desk's method as a function of one value from the page."""
    return lambda sent: method(**_fitting(method, sent))


def _adding(desk: Desk) -> Callable[[dict[str, Any]], Any]:
    def add(sent: Any) -> Any:
        uploaded = _uploaded(str(sent["path"]))
        try:
            return desk.folder.add(uploaded, language=str(sent["language"]), name=str(sent["name"]))
        finally:
            uploaded.unlink(missing_ok=True)

    return add


def _fitting(method: Callable[..., Any], sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, without what every call brings along and this method does not want."""
    import inspect

    wanted = inspect.signature(method).parameters
    free = any(p.kind is p.VAR_KEYWORD for p in wanted.values())
    return {key: value for key, value in sent.items() if key in wanted or (free and key not in _NOT_CHOSEN)}


def _sentence(error: Exception, language: Any) -> str:
    """What the reader is told of an error, in the reader's language; one of ours says it itself."""
    said = words(str(language or "en"))
    if isinstance(error, QAError):
        return told(str(error), said)
    if isinstance(error, OSError):
        return said["disk"].format(error.strerror)
    if isinstance(error, TypeError | ValueError | KeyError | AttributeError):
        return said["not_understood"]
    _log.error("The page's wish was not met.", exc_info=error)
    return said["went_wrong"]


def _uploaded(path: str) -> Path:
    """The path of a file that was uploaded to Gradio. Raises `UsageError` for any other: it comes from the browser."""
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio").resolve()
    real = Path(path).resolve()
    if not real.is_relative_to(folder) or not real.is_file():
        raise UsageError("The file did not arrive; drop it again.")
    return real
