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
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.assistant import Assistant
from qa.errors import QAError, UsageError
from qa.page.actions import Desk
from qa.page.render import PAGE, told, words
from qa.serve.api import endpoint
from qa.serve.guard import Doors, Guard, checked_origin, local_names

if TYPE_CHECKING:
    import gradio as gr

_log = logging.getLogger(__name__)
_AT_ONCE = 10  # answers that are streamed at once; the desk lets eight of them work
# In the order in which they run in one scope, or apply.
_SCRIPTS = "wire address chats asking versions sources panels folder peek clicks typing begin brief".split()
_STYLES = "look left chat asking right dialogs sizes brief".split()
_FOR_PROGRAMS = 4  # questions of programs (`/ask`) that are answered at once
_MCP = 'The package mcp is not installed; run `uv run --extra mcp qa chat --mcp`, or `pip install "mcp<2"` first.'


def build(assistant: Assistant, *, home: Path | None = None) -> gr.Blocks:
    """The page over an assistant; ``home`` is where what people make is kept, the user's data folder by default."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr

    desk = Desk(assistant, home=home)
    if desk.moved:
        print(desk.moved)

    def answered(event: gr.EventData) -> Iterator[dict[str, Any]]:
        sent = dict(event._data or {})
        try:
            yield from desk.ask(**sent)
        except Exception as error:  # else Gradio shows it, in its own words
            yield {"run": sent.get("run"), "error": _sentence(error, sent.get("language"))}

    answered.__annotations__["event"] = gr.EventData
    page: gr.Blocks
    with gr.Blocks(title=f"qa · {assistant.folder.name}", analytics_enabled=False, fill_width=True) as page:
        whole = gr.HTML(
            elem_id="qa-page",
            html_template="",
            js_on_load="".join((PAGE / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS),
            apply_default_css=False,
            server_functions=[*(_served(name, act) for name, act in desk.calls().items()), _adding(desk)],
        )
        whole.asked(answered, None, whole, concurrency_limit=_AT_ONCE, show_progress="hidden",
                    trigger_mode="multiple", api_visibility="private")  # fmt: skip
        gr.events.api(endpoint(assistant, lambda said: gr.Error(said, print_exception=False)), api_name="ask",
               concurrency_limit=_FOR_PROGRAMS)  # fmt: skip
    return page


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
) -> str:
    """Serves the page and returns its address; with ``wait`` only when it is stopped. ``port``: None takes 7860, or
    the next that is free. Nothing on disk is served but Gradio's own files and uploads.

    ``mcp`` serves `/ask` as an MCP tool too; ``share`` opens a public address through Gradio's tunnel; ``frame_origin``
    may show the page in a frame; ``root_path`` is the path, or the whole address, that a reverse proxy gives the page.
    Raises `UsageError` for a port that is taken, an option that cannot be, and a tunnel that does not open.
    """
    if mcp and not importlib.util.find_spec("mcp"):
        raise UsageError(_MCP)
    doors = Doors(local_names(host), frame=checked_origin(frame_origin) if frame_origin else "")
    root_path = _root(root_path, doors)
    page = build(assistant, home=home)
    import gradio as gr

    local = ["Segoe UI", "Liberation Sans", "Arial", "sans-serif"]  # a name alone: Gradio fetches none of them
    page.queue(max_size=200, default_concurrency_limit=_AT_ONCE)
    style = "".join((PAGE / f"{name}.css").read_text(encoding="utf-8") for name in _STYLES)
    options: dict[str, Any] = {
        "server_name": host,
        "server_port": port,
        "inbrowser": browser,
        "prevent_thread_lock": True,
        "quiet": True,
        "share": share,
        "root_path": root_path,
        "footer_links": ["api"],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": mcp,
        "max_file_size": int(assistant.settings.max_mb * 1e6) + 1,
        "allowed_paths": [],
        "theme": gr.themes.Base(font=local, font_mono=["monospace"]),
        "head": f"<style>{style}</style>",  # what is given as `css` Gradio rewrites
        "_app": _guarded(doors),
    }
    try:
        _, address, public = page.launch(**options)
    except OSError as error:
        raise UsageError(
            f"The page cannot be served on port {port or 7860} ({error}); name another with --port."
        ) from None
    if mcp:
        _write_json(page.mcp_server_obj)
    if share:
        if not public:
            page.close()
            raise UsageError("No public address was given: it needs the internet and Gradio's frpc; leave --share out.")
        doors.open(public)
    if wait:
        print(f"qa is at {address} (Ctrl+C stops it)")
        page.block_thread()
    return str(address)


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


def _guarded(doors: Doors) -> Any:
    """Gradio's application with our guard around all of it.

    As a middleware that is given to `launch` it would stand inside Gradio's own, which answers the preflights of other
    origins and lets them read.
    """
    from gradio.routes import App, ORJSONResponse

    class Guarded(App):
        def build_middleware_stack(self) -> Any:
            return Guard(super().build_middleware_stack(), doors)

    return Guarded(default_response_class=ORJSONResponse, docs_url=None, redoc_url=None)


def _served(name: str, method: Callable[..., Any]) -> Callable[[Any], Any]:
    """The desk's method as a function that Gradio can call with one value from the page."""
    return _careful(f"qa_{name}", lambda sent: method(**_fitting(method, sent)))


def _adding(desk: Desk) -> Callable[[Any], Any]:
    def add(sent: Any) -> Any:
        uploaded = _uploaded(str(sent["path"]))
        try:
            return desk.folder.add(uploaded, language=str(sent["language"]), name=str(sent["name"]))
        finally:
            uploaded.unlink(missing_ok=True)

    return _careful("qa_add", add)


def _careful(name: str, do: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def served(sent: Any) -> Any:
        try:
            return do(sent)
        except Exception as error:  # else Gradio shows it, in its own words
            return {"error": _sentence(error, sent.get("language") if isinstance(sent, dict) else None)}

    served.__name__ = name
    return served


def _fitting(method: Callable[..., Any], sent: Any) -> dict[str, Any]:
    """What was sent, without what every call brings along and this method does not want."""
    import inspect

    wanted = inspect.signature(method).parameters
    free = any(p.kind is p.VAR_KEYWORD for p in wanted.values())
    return {key: value for key, value in dict(sent).items() if key in wanted or (free and key != "language")}


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
