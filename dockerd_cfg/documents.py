"""The base of every document this project owns: frozen, strict about its fields, written as JSON."""

import os

# Plugins are not for a tool that runs as root, and looking for them costs a tenth of a short command.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """Immutable data that can be written to disk and read back without loss.

    Unknown fields are an error: a document of a newer version must not be half understood. What it takes to validate
    one is built when the first is made: most commands make few kinds.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        defer_build=True,
    )
