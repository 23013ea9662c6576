"""Whether a column is one of several values, as one parameter: a list of hundreds takes longer to read than to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Listed(TypeDecorator[Sequence[Any]]):
    """Several values of one type: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the type that a database has."""
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """Give a database what it can read."""
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class _Among(FunctionElement[bool]):  # of no type: of a Boolean SQLite would be asked whether it is 1, and use no index
    inherit_cache = True
    name = "among"


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY({values})"


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are SQLAlchemy's


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column is one of the values of a parameter, a list."""
    return _Among(column, bindparam(name, type_=_Listed(column.type)))
