"""Documents: what is in the library."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from serve.dependencies import Opened

router = APIRouter(prefix="/v1/documents", tags=["documents"])


class DocumentRow(BaseModel):
    """A document of the library."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    status: str
    reason: str
    warnings: str
    size: int
    digest: str
    pages: int | None
    chunks: int
    added: datetime
    indexed: datetime | None


@router.get("", summary="List the documents")
def list_documents(library: Opened) -> list[DocumentRow]:
    """List all documents by name, those that wait or failed too."""
    return [DocumentRow.model_validate(one) for one in library.documents()]
