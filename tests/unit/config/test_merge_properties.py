"""Merging a patch is what RFC 7396 says, whatever the document and the patch."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dockerd_cfg.config.daemon_json import DaemonJson, parse
from dockerd_cfg.config.edit import merge_patch
from dockerd_cfg.config.edit_daemon_json import edit_step
from dockerd_cfg.config.edits import merge_edits
from dockerd_cfg.files import FileImage
from dockerd_cfg.paths import DAEMON_JSON

PROPERTY = settings(derandomize=True, deadline=None, database=None)

KEYS = st.sampled_from(["debug", "log-opts", "a", "b", "builder", "gc", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)


def rfc_7396(target: Any, patch: Any) -> Any:
    """The pseudo-code of section 2."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = rfc_7396(target.get(name), value)
    return target


@PROPERTY
@given(OBJECTS, OBJECTS, st.sampled_from([None, 2, "\t"]))
def test_a_merge_gives_what_the_rfc_says(document: Any, patch: Any, indent: Any) -> None:
    data = json.dumps(document, indent=indent).encode()
    file = DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))
    step = edit_step(file, merge_edits(file, patch))
    after = data if step is None else step.new.image.data
    assert after is not None
    assert json.loads(after) == rfc_7396(document, patch)
    assert after == merge_patch(data, patch)
