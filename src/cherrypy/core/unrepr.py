"""Python values from text, as they stand in configuration files.

The opposite of `repr`: an expression is parsed by `ast` and put together node by node.
Only the nodes below are known, so a value cannot loop, compare, or define anything.
It may name anything that can be imported, and call it: **a config file is trusted
input**, as the program itself is.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import operator
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["attributes", "modules", "unrepr"]


def unrepr(s: str | None) -> Any:
    """Return the Python object that an expression stands for.

    Known are constants, lists, tuples, dicts, ``-``, ``+`` and ``*``, subscripts,
    attributes, calls, and names of builtins and of modules, which are imported.

    Args:
        s: The expression; empty text and None are returned as they are.

    Raises:
        SyntaxError: It is no expression.
        TypeError: It uses a node or a name that is not known.
        Exception: Whatever a called object raises.

    Example:
        >>> unrepr("('spam', {'eggs': 3 + 2j}, None)")
        ('spam', {'eggs': (3+2j)}, None)
    """
    if not s:
        return s
    # Parsed as an assignment, because the documented syntax is that of the right
    # hand side: `8080;` is as good as `8080`.
    module = ast.parse("_ = " + s.strip())
    statement = module.body[0]
    if len(module.body) != 1 or not isinstance(statement, ast.Assign):
        raise SyntaxError(f"not one expression: {s!r}")
    if len(statement.targets) != 1:
        raise SyntaxError(f"not an expression: {s!r}")
    return _build(statement.value)


def modules(modulePath: str) -> ModuleType:
    """Import a module by its dotted name and return it.

    Raises:
        ImportError: There is no such module.
    """
    return importlib.import_module(modulePath)


def attributes(full_attribute_name: str) -> Any:
    """Import a module and return what its attribute holds.

    Args:
        full_attribute_name: The name of the module, a dot, and the attribute.

    Raises:
        ImportError: There is no such module.
        AttributeError: It has no such attribute.
    """
    module_name, _, attribute = full_attribute_name.rpartition(".")
    module = modules(module_name)
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise AttributeError(
            f"{module_name!r} object has no attribute {attribute!r}"
        ) from None


def _build(node: ast.AST) -> Any:
    """Return the object that a node stands for."""
    builder = _BUILDERS.get(type(node))
    if builder is None:
        raise _unknown(node)
    return builder(node)


def _unknown(node: ast.AST) -> TypeError:
    return TypeError(f"unrepr does not recognize {type(node).__name__!r}")


def _all(nodes: Iterable[ast.AST]) -> list[Any]:
    return [_build(node) for node in nodes]


def _dict(node: ast.Dict) -> dict[Any, Any]:
    if None in node.keys:
        raise TypeError("unrepr does not recognize '**' in a dict")
    keys = _all(key for key in node.keys if key is not None)
    return dict(zip(keys, _all(node.values), strict=True))


def _call(node: ast.Call) -> Any:
    function = _build(node.func)
    positional: list[Any] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            positional.extend(_build(argument.value))
        else:
            positional.append(_build(argument))
    named: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            named.update(_build(keyword.value))
        else:
            named[keyword.arg] = _build(keyword.value)
    return function(*positional, **named)


def _module(name: str) -> ModuleType | None:
    """Import a module, or return None if there is none of this name."""
    try:
        return modules(name)
    except ModuleNotFoundError as problem:
        # A module that is there and misses another one is a mistake to be told.
        if problem.name != name:
            raise
        return None


def _name(node: ast.Name) -> Any:
    module = _module(node.id)
    if module is not None:
        return module
    try:
        return getattr(builtins, node.id)
    except AttributeError:
        raise TypeError(f"unrepr could not resolve the name {node.id!r}") from None


def _attribute(node: ast.Attribute) -> Any:
    owner = _build(node.value)
    try:
        return getattr(owner, node.attr)
    except AttributeError:
        if not isinstance(owner, ModuleType):
            raise
        # A submodule becomes an attribute of its package when it is imported first.
        module = _module(f"{owner.__name__}.{node.attr}")
        if module is None:
            raise
        return module


def _subscript(node: ast.Subscript) -> Any:
    return _build(node.value)[_build(node.slice)]


def _binary(node: ast.BinOp) -> Any:
    operate = _OPERATORS.get(type(node.op))
    if operate is None:
        raise _unknown(node.op)
    return operate(_build(node.left), _build(node.right))


def _unary(node: ast.UnaryOp) -> Any:
    if not isinstance(node.op, ast.USub):
        raise _unknown(node.op)
    return -_build(node.operand)


_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
}

_BUILDERS: dict[type[ast.AST], Callable[[Any], Any]] = {
    ast.Constant: lambda node: node.value,
    ast.List: lambda node: _all(node.elts),
    ast.Tuple: lambda node: tuple(_all(node.elts)),
    ast.Dict: _dict,
    ast.Call: _call,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
}
