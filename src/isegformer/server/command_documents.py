"""Session commands as documents, made from the commands themselves: one list of fields, in one place."""

from dataclasses import MISSING, fields
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_type_hints

from pydantic import Field, create_model

from isegformer.errors import RequestError, SessionError
from isegformer.server.schemas import Document
from isegformer.session import (
    AcceptSlice,
    AddObject,
    ClearClicks,
    Command,
    RecolourObject,
    Redo,
    RemoveObject,
    RenameObject,
    ReopenSlice,
    SetObjectLocked,
    SetObjectVisible,
    SetOverlapRule,
    SetWindow,
    Undo,
    from_json,
)

LONGEST_TEXT = 200
"""Characters of a name; more than a page shows."""

KINDS: tuple[type[Command], ...] = (
    AddObject,
    RenameObject,
    RecolourObject,
    SetObjectLocked,
    SetObjectVisible,
    RemoveObject,
    ClearClicks,
    AcceptSlice,
    ReopenSlice,
    SetOverlapRule,
    SetWindow,
    Undo,
    Redo,
)
"""Commands that are sent as they are; those with voxels or clicks, and propagation, have their own routes."""


def _document(kind: type[Command]) -> type[Document]:
    hints = get_type_hints(kind)
    parts: dict[str, Any] = {
        field.name: (_choices(hints[field.name]), ... if field.default is MISSING else field.default)
        for field in fields(kind)
    }
    name: Any = Literal[kind.__name__]
    made: type[Document] = create_model(
        f"{kind.__name__}Command", __base__=Document, __doc__=kind.__doc__, type=(name, ...), **parts
    )
    return made


def _choices(hint: Any) -> Any:
    """Return a type with an enumeration spelt out: strict documents take its values, not its members.

    Texts get a length: all who watch a session are sent the names in it after every command.
    """
    if hint is str:
        return Annotated[str, Field(max_length=LONGEST_TEXT)]
    is_enumeration = isinstance(hint, type) and issubclass(hint, StrEnum)
    return Literal[tuple(item.value for item in hint)] if is_enumeration else hint


if TYPE_CHECKING:
    CommandDocument: TypeAlias = Document
else:
    CommandDocument = Annotated[reduce(or_, [_document(kind) for kind in KINDS]), Field(discriminator="type")]


def command_of(document: CommandDocument) -> Command:
    """Return the command that a document describes; RequestError if a value is out of range."""
    try:
        return from_json(document.model_dump(mode="json"))
    except SessionError as error:
        raise RequestError(str(error)) from error
