"""How a JSON body is read: without halves of characters, and what is wrong with it is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.exceptions import HTTPException

from rag.text.typed import clean

CollectionName = Annotated[
    str,
    Field(
        max_length=200,
        description="The collection that is asked; without one the default, or the only one that "
        "has documents.",
    ),
]


class ApiRoute(APIRoute):
    """A route of the API; every router has it as its ``route_class``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, which reads the body as `_ApiRequest` does."""
        handle = super().get_route_handler()

        async def handle_api(request: Request) -> Response:
            if request.headers.get("content-encoding", "identity").lower() != "identity":
                raise HTTPException(415, "Send the body as it is, without Content-Encoding.")
            return await handle(_ApiRequest(request.scope, request.receive))

        return handle_api


class _ApiRequest(Request):
    async def json(self) -> Any:
        """Return the body's JSON; U+FFFD stands for each lone surrogate."""
        try:
            return _cleaned(await super().json())
        except RecursionError:
            raise HTTPException(400, "The body's JSON is nested too deeply.") from None
        except UnicodeDecodeError:
            raise HTTPException(400, "The body is no JSON: its text is not UTF-8.") from None
        except json.JSONDecodeError:
            raise
        except ValueError:  # Python converts no longer ones
            raise HTTPException(400, "The body's JSON has a number of too many digits.") from None


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {clean(name): _cleaned(one) for name, one in value.items()}
    return value
