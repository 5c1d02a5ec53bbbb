"""The base of every document this project owns: frozen, strict about its fields, written as JSON."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """Immutable data that can be written to disk and read back without loss.

    Unknown fields are an error: a document of a newer version must not be half understood.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, ser_json_bytes="base64", val_json_bytes="base64"
    )
