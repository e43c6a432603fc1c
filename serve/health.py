"""Whether the server answers; the one route that needs neither a key nor a library."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from serve.bodies import ApiRoute

router = APIRouter(tags=["server"], route_class=ApiRoute)


class Health(BaseModel):
    """That the server answers."""

    status: str = "ok"


@router.head("/health", include_in_schema=False)
@router.get("/health", summary="Whether the server answers")
async def health() -> Health:
    """Answer as soon as the server listens, whether or not a library is open."""
    return Health()
