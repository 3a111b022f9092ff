"""Heavy packages that others import and that nothing here needs: loaded when they are used, or not at all.

Of the 1.1 s of processor time that importing LanceDB takes, half goes to the client of its REST catalogue, and a sixth
to pandas, which pyarrow looks for (`python -X importtime`).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


@contextmanager
def deferred(package: str) -> Iterator[None]:
    """What is imported meanwhile gets stand-ins for what it takes from the package; each loads the package, and stands
    aside, as soon as it is called or asked for anything. Later imports get the package itself.

    One thread at a time: the stand-ins of one went while another still imported by them ("No module named …").
    """
    with _ONE_AT_A_TIME:
        if package in sys.modules:
            yield
            return
        finder = _Deferring(package)
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            for name, module in list(sys.modules.items()):
                if isinstance(module, _Hollow) and finder.covers(name):
                    del sys.modules[name]


_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def without(package: str) -> Iterator[None]:
    """Meanwhile the package counts as not installed in this process, unless it is loaded already.

    For programs of ours that nobody else's code runs in: what looks for the package does without.
    """
    finder = _Missing(package)
    if package not in sys.modules:
        sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.meta_path.remove(finder)


class _Missing(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, *_: Any) -> None:
        if name == self._package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class _Deferring(MetaPathFinder, Loader):
    """Finds the package and all of its modules, each as a hollow one."""

    def __init__(self, package: str) -> None:
        self._package = package

    def covers(self, name: str) -> bool:
        return name == self._package or name.startswith(f"{self._package}.")

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if self.covers(name) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Hollow(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


class _Hollow(ModuleType):
    """A module whose every public name is a stand-in."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return _StandIn(name, (), {"__module__": self.__name__})


class _StandIn(type):
    """A class that does for a class or function as long as it only stands in annotations."""

    def _real(cls) -> Any:
        return getattr(import_module(cls.__module__), cls.__name__)

    def __call__(cls, *given: Any, **named: Any) -> Any:
        return cls._real()(*given, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):  # typing asks for these of each annotation
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        return getattr(cls._real(), name)

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, cls._real())
